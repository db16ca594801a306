#include "audit/note.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"

namespace kedge {
namespace {

constexpr std::string_view kPrivateKey = "PRIVATE+KEY+";
constexpr char kEd25519 = 0x01;
constexpr size_t kKeyIdBytes = 4;

// Unicode's White_Space beyond ASCII, in UTF-8.
constexpr std::string_view kWideSpaces[] = {
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83",
    "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A",
    "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::string bytes_of_id(uint32_t id) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(id >> shift & 0xFFU);
  return bytes;
}

uint32_t id_of_bytes(std::string_view bytes) {
  uint32_t id = 0;
  for (const char byte : bytes.substr(0, kKeyIdBytes)) id = id << 8U | static_cast<unsigned char>(byte);
  return id;
}

uint32_t key_id(std::string_view name, std::string_view public_key) {
  return id_of_bytes(sha256(std::string(name) + "\n" + kEd25519 + std::string(public_key)).as_bytes());
}

Error invalid(std::string message) { return {ErrorCode::invalid, std::move(message)}; }

// "NAME+ID+BASE64" in its three parts; the last may have a "+" of its own.
struct KeyParts {
  std::string name;
  uint32_t id = 0;
  std::string key;  // without the byte that says what kind it is
};

Result<KeyParts> parse_key_parts(std::string_view text) {
  const size_t first = text.find('+');
  const size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return invalid("it is not of the form NAME+ID+BASE64");
  KeyParts parts;
  parts.name = text.substr(0, first);
  if (const auto good = check_key_name(parts.name); !good) return good.error();
  const std::string_view id_text = text.substr(first + 1, second - first - 1);
  const auto id = from_hex(id_text);
  if (!id || id->size() != kKeyIdBytes || to_hex(*id) != id_text) {
    return invalid("its id is '" + std::string(id_text) + "', not 8 lower-case hexadecimal digits");
  }
  parts.id = id_of_bytes(*id);
  const auto key = from_canonical_base64(text.substr(second + 1));
  if (!key) return key.error();
  if (key->size() != 1 + kEd25519KeyBytes || key->front() != kEd25519) {
    return invalid("it is no Ed25519 key: that is a byte 01 and 32 bytes, in base64");
  }
  parts.key = key->substr(1);
  return parts;
}

Error of_another_id(uint32_t stated, uint32_t real) {
  return invalid("its id is " + to_hex(bytes_of_id(stated)) + ", but its name and key make " +
                 to_hex(bytes_of_id(real)) + ": it was changed, or typed wrongly");
}

Result<NoteSignature> parse_signature(std::string_view line) {
  if (line.substr(0, kSignatureMark.size()) != kSignatureMark)
    return invalid("a signature begins with an em dash and a space");
  line.remove_prefix(kSignatureMark.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return invalid("a signature is an em dash, a key's name and base64");
  NoteSignature signature;
  signature.name = line.substr(0, space);
  if (const auto good = check_key_name(signature.name); !good) return good.error();
  const auto bytes = from_canonical_base64(line.substr(space + 1));
  if (!bytes) return bytes.error();
  if (bytes->size() <= kKeyIdBytes) return invalid("a signature is longer than the four bytes of its key's id");
  signature.key_id = id_of_bytes(*bytes);
  signature.bytes = bytes->substr(kKeyIdBytes);
  return signature;
}

}  // namespace

Result<void> check_key_name(std::string_view name) {
  const auto wrong = [&](std::string_view what) {
    return invalid("a key's name " + std::string(what) +
                   "; it is like a URL without https://: audit.example.com/kedge");
  };
  if (name.empty()) return wrong("is empty");
  if (!is_utf8(name)) return wrong("is not UTF-8");
  if (name.find('+') != std::string_view::npos) return wrong("has a +");
  const bool wide = std::any_of(std::begin(kWideSpaces), std::end(kWideSpaces),
                                [&](std::string_view space) { return name.find(space) != std::string_view::npos; });
  if (wide || name.find(' ') != std::string_view::npos || std::any_of(name.begin(), name.end(), is_control)) {
    return wrong("has white space or a control character");
  }
  return {};
}

Result<Note> parse_note(std::string_view whole) {
  if (whole.size() > kNoteBytesMax) {
    return invalid("a note of " + std::to_string(whole.size()) + " bytes; " + std::to_string(kNoteBytesMax) +
                   " are the most");
  }
  if (!is_utf8(whole)) return invalid("a note that is not UTF-8");
  if (std::any_of(whole.begin(), whole.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; })) {
    return invalid("a note with a control character");
  }
  const size_t blank = whole.rfind("\n\n");
  if (blank == std::string_view::npos) return invalid("a note without the blank line above its signatures");
  Note note;
  note.text = whole.substr(0, blank + 1);
  std::string_view lines = whole.substr(blank + 2);
  if (lines.empty()) return invalid("a note without signatures");
  auto line_number = static_cast<size_t>(std::count(note.text.begin(), note.text.end(), '\n')) + 1;
  while (!lines.empty()) {
    const std::string at = "line " + std::to_string(++line_number);
    const size_t end = lines.find('\n');
    if (end == std::string_view::npos) return invalid("the end of the line is missing").with(at);
    auto signature = parse_signature(lines.substr(0, end));
    if (!signature) return signature.error().with(at);
    if (note.signatures.size() == kNoteSignaturesMax) return invalid("more than 100 signatures").with(at);
    note.signatures.push_back(*std::move(signature));
    lines.remove_prefix(end + 1);
  }
  return note;
}

std::string to_text(const Note& note) {
  std::string text = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    text += kSignatureMark;
    text += signature.name + " " + to_base64(bytes_of_id(signature.key_id) + signature.bytes) + "\n";
  }
  return text;
}

VerifierKey::VerifierKey(std::string name, std::string public_key)
    : name_(std::move(name)), public_key_(std::move(public_key)), id_(key_id(name_, public_key_)) {}

Result<VerifierKey> VerifierKey::parse(std::string_view text) {
  auto parts = parse_key_parts(text);
  if (!parts) return parts.error().with("not the key of a verifier");
  const uint32_t stated = parts->id;
  VerifierKey key(std::move(parts->name), std::move(parts->key));
  if (key.id() != stated) return of_another_id(stated, key.id()).with("not the key of a verifier");
  return key;
}

std::string VerifierKey::to_text() const {
  return name_ + "+" + to_hex(bytes_of_id(id_)) + "+" + to_base64(kEd25519 + public_key_);
}

bool VerifierKey::verifies(std::string_view text, const NoteSignature& signature) const {
  return made(signature) && ed25519_verifies(public_key_, text, signature.bytes);
}

Result<SigningKey> SigningKey::from_seed(std::string name, std::string_view seed) {
  if (const auto good = check_key_name(name); !good) return good.error();
  auto key = Ed25519Key::from_seed(seed);
  if (!key) return key.error();
  VerifierKey verifier(std::move(name), key->public_key());
  return SigningKey(std::move(verifier), *std::move(key));
}

bool is_signing_key(std::string_view text) { return text.starts_with(kPrivateKey); }

Result<SigningKey> SigningKey::parse(std::string_view text) {
  constexpr std::string_view kWhat = "not a signing key";
  if (text.substr(0, kPrivateKey.size()) != kPrivateKey) {
    return invalid("it does not begin with " + std::string(kPrivateKey)).with(kWhat);
  }
  const auto parts = parse_key_parts(text.substr(kPrivateKey.size()));
  if (!parts) return parts.error().with(kWhat);
  auto key = from_seed(parts->name, parts->key);
  if (key && key->verifier().id() != parts->id) return of_another_id(parts->id, key->verifier().id()).with(kWhat);
  return key;
}

NoteSignature SigningKey::sign(std::string_view text) const {
  return {verifier_.name(), verifier_.id(), key_.sign(text)};
}

std::string SigningKey::to_text() const {
  return std::string(kPrivateKey) + verifier_.name() + "+" + to_hex(bytes_of_id(verifier_.id())) + "+" +
         to_base64(kEd25519 + key_.seed());
}

Result<std::vector<NoteSignature>> verified_signatures(const Note& note, const std::vector<VerifierKey>& keys) {
  std::vector<NoteSignature> verified;
  for (const NoteSignature& signature : note.signatures) {
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const VerifierKey& k) { return k.made(signature); });
    if (key == keys.end()) continue;
    if (!key->verifies(note.text, signature)) {
      return Error{ErrorCode::refused, "the signature of " + key->to_text() + " is not good"};
    }
    verified.push_back(signature);
  }
  if (verified.empty()) {
    std::string message = "no signature is by a key that is trusted; it has those of";
    for (const NoteSignature& signature : note.signatures) {
      message += " " + signature.name + "+" + to_hex(bytes_of_id(signature.key_id));
    }
    return Error{ErrorCode::refused, message + ": give one of these, too, if it is known to be the owner's"};
  }
  return verified;
}

}  // namespace kedge
