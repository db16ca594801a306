#include "agent/command_message.h"

#include <fmt/format.h>

#include "agent/document_reader.h"
#include "base/hash.h"
#include "base/id.h"

namespace kedge {
namespace {

constexpr size_t kNameBytesMax = 253;

CommandMessage members_of(DocumentReader& read) {
  CommandMessage command;
  command.id = read.text("id", 1, kNameBytesMax);
  read.require(is_uuid(command.id), "id", "is no UUID in its lower-case form");
  command.host = read.text("host", 1, kNameBytesMax);
  read.require(is_host_name(command.host), "host", "is no host's name");
  command.action = read.text("action", 1, kNameBytesMax);
  command.operation = read.text("operation", 1, kNameBytesMax);
  read.require(command.operation == "observe" || command.operation == "apply" || command.operation == "undo",
               "operation", "is not 'observe', 'apply' or 'undo'");
  command.body = read.object("body");
  command.remediation = read.text("remediation", 0, kNameBytesMax);
  command.mark = read.text("mark", 0, kNameBytesMax);
  command.issued = read.time("issued");
  command.expires = read.time("expires");
  read.require(command.expires > command.issued, "expires", "is not behind `issued`");
  return command;
}

Result<CommandMessage> read(const Json& document) {
  DocumentReader read(document);
  read.ignore("type");
  read.ignore("key");
  CommandMessage command = members_of(read);
  if (auto good = read.finish(); !good) return good.error();
  return command;
}

}  // namespace

Result<std::string> sign_command(const CommandMessage& command, const SigningKey& key) {
  const Json document = {{"type", kCommandType},
                         {"id", command.id},
                         {"host", command.host},
                         {"action", command.action},
                         {"operation", command.operation},
                         {"body", command.body},
                         {"remediation", command.remediation},
                         {"mark", command.mark},
                         {"issued", format_time(command.issued)},
                         {"expires", format_time(command.expires)}};
  if (auto good = read(document); !good) return good.error().with("a command");
  auto text = sign_json(document, key);
  if (!text) return text.error().with("a command");
  return text;
}

Result<CommandMessage> read_command(const SignedJson& json) {
  const auto document = document_in(json, kCommandType);
  if (!document) return document.error();
  return read(*document);
}

std::string message_digest(std::string_view whole) { return sha256(whole).hex(); }

bool is_host_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= kNameBytesMax && name.find_first_not_of(kLetters) == std::string_view::npos;
}

}  // namespace kedge
