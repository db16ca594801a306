#include "agent/outcome_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/command_message.h"
#include "agent/document_reader.h"
#include "base/bytes.h"
#include "base/id.h"

namespace kedge {
namespace {

constexpr std::array<std::string_view, 4> kKinds = {"done", "failed", "refused", "unknown"};
constexpr size_t kDigestBytes = 64;
constexpr size_t kCodeBytesMax = 64;
constexpr size_t kMessageBytesMax = 8U << 10U;
constexpr int kDepthMax = 90;  // less than what is read (signed_json.cc)

// What is no UTF-8 in it is replaced.
Result<Json> mended(const Json& value) {
  return parse_json(value.dump(-1, ' ', false, Json::error_handler_t::replace), kDepthMax);
}

Json document_of(const OutcomeMessage& outcome) {
  Json document = {{"type", kOutcomeType}, {"command", outcome.command},      {"digest", outcome.digest},
                   {"host", outcome.host}, {"kind", to_string(outcome.kind)}, {"at", format_time(outcome.at)}};
  if (outcome.kind == OutcomeMessage::Kind::done) {
    document["answer"] = outcome.answer;
  } else {
    document["code"] = outcome.code;
    document["message"] = outcome.message;
  }
  return document;
}

bool is_digest(const std::string& text) {
  const auto bytes = from_hex(text);
  return text.size() == kDigestBytes && bytes && to_hex(*bytes) == text;
}

}  // namespace

std::string_view to_string(OutcomeMessage::Kind kind) { return kKinds[static_cast<size_t>(kind)]; }

std::string sign_outcome(OutcomeMessage outcome, const SigningKey& key) {
  outcome.message = mended(outcome.message).value().get<std::string>();
  outcome.message.resize(utf8_prefix(outcome.message, kMessageBytesMax).size());
  auto answer = mended(outcome.answer);
  Result<std::string> text = answer ? Result<std::string>("") : answer.error();
  if (answer) {
    outcome.answer = *std::move(answer);
    text = sign_json(document_of(outcome), key);
  }
  if (text) return *std::move(text);
  outcome.message = "the answer cannot be sent: " + text.error().message;
  if (outcome.kind == OutcomeMessage::Kind::done) {
    outcome.kind = OutcomeMessage::Kind::failed;
    outcome.code = to_string(ErrorCode::internal);
  }
  return sign_json(document_of(outcome), key).value();
}

Result<OutcomeMessage> read_outcome(const SignedJson& json) {
  const auto document = document_in(json, kOutcomeType);
  if (!document) return document.error();
  DocumentReader read(*document);
  read.ignore("type");
  read.ignore("key");
  OutcomeMessage outcome;
  outcome.command = read.text("command", 1, kCodeBytesMax);
  read.require(is_uuid(outcome.command), "command", "is no UUID in its lower-case form");
  outcome.digest = read.text("digest", kDigestBytes, kDigestBytes);
  read.require(is_digest(outcome.digest), "digest", "is no SHA-256 in lower-case hexadecimal");
  outcome.host = read.text("host", 1, 253);
  read.require(is_host_name(outcome.host), "host", "is no host's name");
  const std::string kind = read.text("kind", 1, kCodeBytesMax);
  const auto found = std::find(kKinds.begin(), kKinds.end(), kind);
  read.require(found != kKinds.end(), "kind", "is not 'done', 'failed', 'refused' or 'unknown'");
  outcome.kind = static_cast<OutcomeMessage::Kind>(std::min<ptrdiff_t>(found - kKinds.begin(), kKinds.size() - 1));
  outcome.at = read.time("at");
  if (outcome.kind == OutcomeMessage::Kind::done) {
    outcome.answer = read.object("answer");
  } else {
    outcome.code = read.text("code", 1, kCodeBytesMax);
    outcome.message = read.text("message", 0, kMessageBytesMax);
  }
  if (auto good = read.finish(); !good) return good.error();
  return outcome;
}

}  // namespace kedge
