// rooms: audit
// Any bytes as a .tlog-proof: what is accepted is, but for its `extra`, what would be written, and proves nothing.
#include <cstdlib>
#include <string_view>

#include "audit/offline_proof.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kedge;
  static const SigningKey kKey = SigningKey::from_seed("a", std::string(32, 'k')).value();
  const auto proof = parse_offline_proof({reinterpret_cast<const char*>(data), size});
  if (!proof) return 0;
  require(*parse_offline_proof(to_text(*proof)) == *proof);
  require(!check_offline_proof(*proof, "a record", {kKey.verifier()}).ok());
  (void)check_inclusion(Digest{}, proof->index, proof->index + 1, proof->siblings, Digest{}).ok();
  (void)check_consistency(proof->index, Digest{}, proof->index + size, Digest{}, proof->siblings).ok();
  return 0;
}
