#include "audit/checkpoint.h"

#include <algorithm>
#include <charconv>

#include "audit/merkle.h"
#include "base/bytes.h"

namespace kedge {
namespace {

Error invalid(std::string message) { return {ErrorCode::invalid, std::move(message)}; }

// The next line, without its end; nothing when there is none, or none that ends.
std::optional<std::string_view> take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<uint64_t> parse_size(std::string_view text) {
  uint64_t size = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (wrong != std::errc{} || size > kTreeSizeMax || std::to_string(size) != text) return std::nullopt;
  return size;
}

}  // namespace

std::string to_text(const Checkpoint& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" + to_base64(checkpoint.root.as_bytes()) +
         "\n";
}

std::optional<Digest> parse_hash(std::string_view text) {
  const auto bytes = from_canonical_base64(text);
  if (!bytes || bytes->size() != sizeof(Digest)) return std::nullopt;
  Digest root;
  std::copy(bytes->begin(), bytes->end(), root.bytes.begin());
  return root;
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  const auto origin = take_line(text);
  if (!origin) return invalid("a checkpoint without lines");
  if (const auto good = check_key_name(*origin); !good) return good.error().with("line 1, the origin");
  const auto size_line = take_line(text);
  const auto size = size_line ? parse_size(*size_line) : std::nullopt;
  if (!size) return invalid("line 2 is not the log's size, a whole number");
  const auto root_line = take_line(text);
  const auto root = root_line ? parse_hash(*root_line) : std::nullopt;
  if (!root) return invalid("line 3 is not the log's root, 32 bytes in base64");
  if (!text.empty()) return invalid("line 4: a checkpoint of ours ends with its root");
  if (*size == 0 && *root != empty_root()) {
    return invalid("line 3: an empty log has the root " + to_base64(empty_root().as_bytes()) + " and no other");
  }
  return Checkpoint{std::string(*origin), *size, *root};
}

Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const std::vector<SigningKey>& keys) {
  Note note{to_text(checkpoint), {}};
  for (const SigningKey& key : keys) {
    if (key.verifier().name() != checkpoint.origin) {
      return invalid("the key of " + key.verifier().name() + " cannot sign for the log " + checkpoint.origin);
    }
    note.signatures.push_back(key.sign(note.text));
  }
  if (note.signatures.empty()) return invalid("no key to sign the checkpoint of " + checkpoint.origin);
  return to_text(note);
}

Result<Checkpoint> open_checkpoint(std::string_view text, const std::vector<VerifierKey>& keys) {
  const auto note = parse_note(text);
  if (!note) return note.error();
  auto checkpoint = parse_checkpoint(note->text);
  if (!checkpoint) return checkpoint;
  const auto signatures = verified_signatures(*note, keys);
  if (!signatures) return signatures.error();
  const bool by_log = std::any_of(signatures->begin(), signatures->end(),
                                  [&](const NoteSignature& signature) { return signature.name == checkpoint->origin; });
  if (!by_log) {
    return Error{ErrorCode::refused, "the checkpoint is of the log " + checkpoint->origin + ", but signed by " +
                                         signatures->front().name + " alone: a log signs with keys of its own name"};
  }
  return checkpoint;
}

}  // namespace kedge
