#include "pipeline/event_key.h"

#include "base/hash.h"
#include "base/json.h"

namespace kedge {

std::string event_key(std::string_view rule, std::string_view target, std::string_view source, std::string_view id,
                      const ReadAt& read_at, int64_t redrive) {
  Json parts = {rule, target, source};
  if (!id.empty()) {
    parts.push_back(id);
  } else {
    for (const Json& part : {Json(read_at.cluster), Json(read_at.topic), Json(read_at.partition), Json(read_at.offset),
                             Json(read_at.index)}) {
      parts.push_back(part);
    }
  }
  if (redrive > 0) parts.push_back(redrive);
  const auto text = canonical_json(parts);
  return sha256(text ? *text : parts.dump(-1, ' ', true, Json::error_handler_t::replace)).hex();
}

}  // namespace kedge
