#include "audit/offline_proof.h"

#include <charconv>
#include <optional>

#include "base/bytes.h"

namespace kedge {
namespace {

constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr size_t kSiblingsMax = 63;  // as many levels as a tree can have

// Line after line, with its number.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next() {
    ++number_;
    const size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  std::string_view rest() const { return rest_; }
  Error wrong(std::string_view what) const {
    return {ErrorCode::invalid, "line " + std::to_string(number_) + " " + std::string(what)};
  }

 private:
  std::string_view rest_;
  size_t number_ = 0;
};

std::optional<uint64_t> parse_index(std::string_view line) {
  if (line.substr(0, kIndex.size()) != kIndex) return std::nullopt;
  const std::string_view digits = line.substr(kIndex.size());
  uint64_t index = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (wrong != std::errc{} || std::to_string(index) != digits || index >= kTreeSizeMax) return std::nullopt;
  return index;
}

}  // namespace

std::string to_text(const OfflineProof& proof) {
  std::string text = std::string(kHeader) + "\n" + std::string(kIndex) + std::to_string(proof.index) + "\n";
  for (const Digest& sibling : proof.siblings) text += to_base64(sibling.as_bytes()) + "\n";
  return text + "\n" + proof.checkpoint;
}

Result<OfflineProof> parse_offline_proof(std::string_view text) {
  Lines lines(text);
  auto line = lines.next();
  if (line != kHeader) return lines.wrong("is not '" + std::string(kHeader) + "': this is no .tlog-proof");
  line = lines.next();
  if (line && line->substr(0, kExtra.size()) == kExtra) {
    if (!from_base64(line->substr(kExtra.size()))) return lines.wrong("has an 'extra' that is not base64");
    line = lines.next();
  }
  OfflineProof proof;
  const auto index = line ? parse_index(*line) : std::nullopt;
  if (!index) return lines.wrong("is not 'index NUMBER'");
  proof.index = *index;
  while ((line = lines.next()) && !line->empty()) {
    const auto sibling = parse_hash(*line);
    if (!sibling) return lines.wrong("is not a hash, 32 bytes in base64");
    if (proof.siblings.size() == kSiblingsMax) return lines.wrong("is one hash more than a tree has levels");
    proof.siblings.push_back(*sibling);
  }
  if (!line) return lines.wrong("is missing: below the hashes an empty line and the checkpoint are expected");
  proof.checkpoint = lines.rest();
  return proof;
}

Result<ProvenRecord> check_offline_proof(const OfflineProof& proof, std::string_view record,
                                         const std::vector<VerifierKey>& keys) {
  const auto checkpoint = open_checkpoint(proof.checkpoint, keys);
  if (!checkpoint) return checkpoint.error().with("the proof's checkpoint");
  const auto included =
      check_inclusion(leaf_hash(record), proof.index, checkpoint->size, proof.siblings, checkpoint->root);
  if (!included) {
    return included.error().with("this is not entry " + std::to_string(proof.index) + " of the log " +
                                 checkpoint->origin);
  }
  return ProvenRecord{*checkpoint, proof.index};
}

}  // namespace kedge
