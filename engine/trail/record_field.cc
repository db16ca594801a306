#include "trail/record_field.h"

#include <simdjson.h>

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

// The text at a place; none where a value stands that is no text, which has to be written as one.
std::optional<std::string> text_of(const simdjson::dom::object& record, const Place& place) {
  simdjson::dom::element value;
  if (record[place.member].get(value) != simdjson::SUCCESS) return "";
  if (place.part != nullptr) {
    simdjson::dom::object whole;
    if (value.get(whole) != simdjson::SUCCESS || whole[place.part].get(value) != simdjson::SUCCESS) return "";
  }
  if (value.is_null()) return "";
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

Error no_record(const JournalEntry& entry) {
  return {ErrorCode::corrupt, "record " + std::to_string(entry.seq) + " is not a JSON object"};
}

}  // namespace

struct RecordFieldReader::Parser {
  simdjson::dom::parser simdjson;
};

RecordFieldReader::RecordFieldReader() : parser_(std::make_unique<Parser>()) {}

RecordFieldReader::~RecordFieldReader() = default;

Result<RecordFields> RecordFieldReader::read(const JournalEntry& entry) {
  simdjson::dom::object record;
  if (parser_->simdjson.parse(entry.bytes).get(record) != simdjson::SUCCESS) return no_record(entry);
  RecordFields fields;
  int64_t about = 0;
  if (record["about"].get(about) == simdjson::SUCCESS) fields.about = about;
  for (const RecordField field : kRecordFields) {
    const auto place = static_cast<size_t>(field);
    auto text = text_of(record, kPlaces.at(place));
    if (!text) {
      const auto document = parse_json(entry.bytes);
      if (!document) return no_record(entry);
      text = field_of(*document, field);
    }
    fields.texts.at(place) = *std::move(text);
  }
  return fields;
}

std::string field_of(const Json& record, RecordField field) {
  const Place place = kPlaces.at(static_cast<size_t>(field));
  const Json* value = member(record, place.member);
  if (value != nullptr && place.part != nullptr) value = member(*value, place.part);
  if (value == nullptr || value->is_null()) return "";
  return value->is_string() ? value->get<std::string>() : value->dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace kedge
