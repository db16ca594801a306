// rooms: trail
// Any JSON values as the records of a remediation: they make a story, and its text can be printed on a terminal.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "base/json.h"
#include "trail/record_summary.h"
#include "trail/story.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool steers(char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kedge;
  const auto records = parse_json({reinterpret_cast<const char*>(data), size}, 100);
  if (!records || !records->is_array()) return 0;
  for (const Json& record : *records) require(summary_of(record).find('\n') == std::string::npos);
  const Story story = story_of({records->begin(), records->end()});
  const std::string text = to_text(story);
  require(is_utf8(text) && std::none_of(text.begin(), text.end(), steers));
  (void)to_json(story);
  return 0;
}
