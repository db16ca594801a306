#include "agent/signed_json.h"

#include <fmt/format.h>

namespace kedge {
namespace {

constexpr int kDepthMax = 100;
constexpr const char* kKey = "key";

Error invalid(std::string message) { return {ErrorCode::invalid, std::move(message)}; }

}  // namespace

std::string key_text(const NoteSignature& signature) {
  return fmt::format("{}+{:08x}", signature.name, signature.key_id);
}

Result<std::string> sign_json(Json document, const SigningKey& key) {
  document[kKey] = key_text({key.verifier().name(), key.verifier().id(), ""});
  auto text = canonical_json(document);
  if (!text) return text.error();
  *text += '\n';
  std::string whole = to_text(Note{*text, {key.sign(*text)}});
  if (whole.size() > kSignedJsonBytesMax) {
    return Error{ErrorCode::limit,
                 fmt::format("it would have {} bytes; {} are the most", whole.size(), kSignedJsonBytesMax)};
  }
  return whole;
}

Result<SignedJson> parse_signed_json(std::string_view whole) {
  auto note = parse_note(whole);
  if (!note) return note.error();
  if (note->signatures.size() != 1) return invalid(fmt::format("{} signatures; it has one", note->signatures.size()));
  if (note->text.find('\n') + 1 != note->text.size()) return invalid("more than one line above the signature");
  return SignedJson{std::move(note->text), std::move(note->signatures.front())};
}

Result<Json> document_in(const SignedJson& json, std::string_view type) {
  const std::string_view line(json.text.data(), json.text.size() - 1);
  auto document = parse_json(line, kDepthMax);
  if (!document) return document.error();
  if (!document->is_object()) return invalid("not a JSON object");
  const auto canonical = canonical_json(*document);
  if (!canonical) return canonical.error();
  if (*canonical != line) return invalid("not in its canonical form (RFC 8785)");
  const auto found = document->find("type");
  if (found == document->end() || !found->is_string()) return invalid("`type` is missing");
  if (*found != type) {
    return invalid(fmt::format("its type is '{}', and only '{}' is read here", found->get<std::string>(), type));
  }
  const auto key = document->find(kKey);
  if (key == document->end() || *key != key_text(json.signature)) {
    return invalid(fmt::format("its `key` is not that of its signature, {}", key_text(json.signature)));
  }
  return document;
}

}  // namespace kedge
