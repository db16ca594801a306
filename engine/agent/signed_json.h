// A document that one key has signed: a signed note (audit/note.h) whose text is one line of canonical JSON. It has one
// form only, so that its digest names it.
//
// Whoever verifies does so before anything of the document is read. The document names its type and, once more, the key
// that signs it: no text that was signed for something else can stand for it, and no other key's signature.
#pragma once

#include <string>
#include <string_view>

#include "audit/note.h"
#include "base/json.h"
#include "base/result.h"

namespace kedge {

inline constexpr size_t kSignedJsonBytesMax = kNoteBytesMax;

struct SignedJson {
  std::string text;         // the line, with its end; what is signed
  NoteSignature signature;  // not verified
};

// `document` is an object without the member "key", which is added. An error (limit) where it is too large, (invalid)
// where it has no canonical form.
Result<std::string> sign_json(Json document, const SigningKey& key);

// Strict; nothing is verified. Errors (invalid) say what is wrong.
Result<SignedJson> parse_signed_json(std::string_view whole);

// What is in it. An error (invalid) where it is not in its canonical form, not of the type, or names another key than
// the one whose signature it carries.
Result<Json> document_in(const SignedJson& json, std::string_view type);

// "NAME+ID", as documents name a key.
std::string key_text(const NoteSignature& signature);

}  // namespace kedge
