// kedge audit check-proof: is this record in the log that this key signs? Needs the proof's file and no log.

#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "app/command_audit.h"
#include "audit/bundle.h"
#include "audit/offline_proof.h"
#include "base/files.h"

namespace kedge {
namespace {

struct Arguments {
  std::string proof, record;
  std::vector<std::string> keys;
};

void check(const Arguments& arguments, Shell& shell) {
  const auto keys = read_keys(arguments.keys);
  if (!keys) return shell.fail(kUsedWrongly, keys.error().message);
  const auto text = read_file(arguments.proof, kNoteBytesMax * 2);
  if (!text) return shell.fail(kNotReached, text.error().message);
  const auto record = read_file(arguments.record, kEntryBytesMax);
  if (!record) return shell.fail(kNotReached, "--record: " + record.error().message);
  const auto proof = parse_offline_proof(*text);
  if (!proof) return shell.fail(kFoundWrong, proof.error().with(arguments.proof).message);
  const auto proven = check_offline_proof(*proof, *record, *keys);
  if (!proven) return shell.fail(kFoundWrong, proven.error().with(arguments.proof).message);
  shell.out << fmt::format("{} is entry {} of the log {}, whose owner signed it at {} entries\n", arguments.record,
                           proven->index, proven->checkpoint.origin, proven->checkpoint.size);
}

}  // namespace

void add_audit_check_proof(CLI::App& audit, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = audit.add_subcommand("check-proof", "is a record in a log: needs its proof and no log");
  command->add_option("FILE", arguments->proof, "the .tlog-proof")->required();
  add_key_option(*command, arguments->keys);
  command->add_option("--record", arguments->record, "the record, byte for byte")->type_name("FILE")->required();
  command->callback([arguments, &shell] { check(*arguments, shell); });
}

}  // namespace kedge
