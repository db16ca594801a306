// rooms: base event
// Any bytes: the decoder answers with events whose parts are JSON and UTF-8, or with poison; never both, never harm.
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "event/decoder.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kedge;
  if (size == 0) return 0;
  // The first byte chooses the format; odd ones announce a CloudEvent in Kafka's binary mode.
  const std::string_view value(reinterpret_cast<const char*>(data) + 1, size - 1);
  const MessageHeader headers[] = {{"ce_specversion", "1.0"}, {"ce_id", "1"}, {"ce_source", "s"}, {"ce_type", value}};
  Decoder decoder({.format = static_cast<Format>(data[0] / 2 % 5), .bytes_max = 1U << 16U, .depth_max = 100});
  std::vector<Event> events;
  const auto poison = decoder.decode({value, std::span(headers, data[0] % 2 == 0 ? 0 : 4)}, events);
  require(!poison || events.empty());
  JsonScanner scanner;
  for (const Event& event : events) {
    require(scanner.scan(event.detail) == nullptr);
    require(scanner.scan(event.resources) == nullptr && scanner.root().is_array());
    require(scanner.scan(view_json(event)) == nullptr);
    require(is_utf8(event.id) && is_utf8(event.source) && is_utf8(event.detail_type));
    provenance_of(event);
    identity_of(event);
  }
  return 0;
}
