// Signed notes (c2sp.org/signed-note): a text, and lines with signatures below it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ed25519.h"
#include "base/result.h"

namespace kedge {

inline constexpr size_t kNoteBytesMax = 64U << 10U;
inline constexpr size_t kNoteSignaturesMax = 100;
inline constexpr std::string_view kSignatureMark = "\xE2\x80\x94 ";  // an em dash and a space begin a signature's line

struct NoteSignature {
  std::string name;     // of the key
  uint32_t key_id = 0;  // a first look at which key of that name it is
  std::string bytes;    // as its kind of key makes it; for Ed25519, 64 bytes

  bool operator==(const NoteSignature&) const = default;
};

struct Note {
  std::string text;  // one or more lines, each with its end; what is signed
  std::vector<NoteSignature> signatures;

  bool operator==(const Note&) const = default;
};

// Strict: what is accepted is, byte for byte, what to_text() would write. An error (invalid) names the line and what is
// wrong with it. Nothing is verified.
Result<Note> parse_note(std::string_view);
std::string to_text(const Note&);

// Keys' names are not empty and have no white space, no control characters and no "+".
Result<void> check_key_name(std::string_view name);

// The public half of an Ed25519 key, as "NAME+ID+BASE64".
class VerifierKey {
 public:
  static Result<VerifierKey> parse(std::string_view text);
  VerifierKey(std::string name, std::string public_key);  // the name is checked, the key has 32 bytes

  const std::string& name() const { return name_; }
  uint32_t id() const { return id_; }
  std::string to_text() const;

  bool made(const NoteSignature& signature) const { return signature.name == name_ && signature.key_id == id_; }
  bool verifies(std::string_view text, const NoteSignature&) const;
  bool operator==(const VerifierKey&) const = default;

 private:
  std::string name_;
  std::string public_key_;
  uint32_t id_;
};

// Whether the text is meant as a signing key (SigningKey::to_text): a secret.
bool is_signing_key(std::string_view text);

// Both halves, as "PRIVATE+KEY+NAME+ID+BASE64": a secret, never to be logged or printed elsewhere than into its file.
class SigningKey {
 public:
  static Result<SigningKey> parse(std::string_view text);
  static Result<SigningKey> from_seed(std::string name, std::string_view seed);  // of 32 bytes

  const VerifierKey& verifier() const { return verifier_; }
  NoteSignature sign(std::string_view text) const;
  std::string to_text() const;

 private:
  SigningKey(VerifierKey verifier, Ed25519Key key) : verifier_(std::move(verifier)), key_(std::move(key)) {}

  VerifierKey verifier_;
  Ed25519Key key_;
};

// The signatures of `note` that one of `keys` made and that are good. A signature that says to be made by one of them
// and is not good makes the whole note bad, as does a note without any of theirs (both: refused).
Result<std::vector<NoteSignature>> verified_signatures(const Note& note, const std::vector<VerifierKey>& keys);

}  // namespace kedge
