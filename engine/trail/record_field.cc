#include "trail/record_field.h"

#include "base/json.h"

namespace kedge {
namespace {

struct Place {
  const char* member;
  const char* part;  // of that member; null: the member itself
};

constexpr std::array<Place, kRecordFields.size()> kPlaces = {{{"kind", nullptr},
                                                              {"rule", "id"},
                                                              {"target", nullptr},
                                                              {"remediation", nullptr},
                                                              {"to", nullptr},
                                                              {"guard", nullptr},
                                                              {"policy", "severity"},
                                                              {"event", "principal"},
                                                              {"actor", nullptr}}};

const Json* member(const Json& value, const char* name) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(name);
  return found == value.end() ? nullptr : &*found;
}

}  // namespace

std::string field_of(const Json& record, RecordField field) {
  const Place place = kPlaces.at(static_cast<size_t>(field));
  const Json* value = member(record, place.member);
  if (value != nullptr && place.part != nullptr) value = member(*value, place.part);
  if (value == nullptr || value->is_null()) return "";
  return value->is_string() ? value->get<std::string>() : value->dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace kedge
