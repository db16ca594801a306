// rooms: api
// Any bytes on the control socket: a request that becomes a Change, or an error in words; and a reply is read back as
// it was written.
#include <cstdlib>
#include <string>

#include "api/control_request.h"
#include "base/bytes.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kedge;
  const std::string line(reinterpret_cast<const char*>(data), size);
  (void)reply_in(line);
  const auto request = request_in(line);
  if (!request) return 0;
  std::string written = line_of(*request);
  require(written.find('\n') == written.size() - 1);
  written.pop_back();
  require(request_in(written).ok());
  const auto change = change_of(*request, "fuzzer (uid 0)", Time{});
  if (!change) require(!change.error().message.empty());
  return 0;
}
