// kedge audit check-proof: are these records in the log that this key signs? Needs the proofs' files and no log.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string_view>

#include "app/command_audit.h"
#include "audit/bundle.h"
#include "audit/offline_proof.h"
#include "base/files.h"

namespace kedge {
namespace {

constexpr std::string_view kEnding = ".tlog-proof";

struct Arguments {
  std::vector<std::string> proofs;  // files, and directories that hold some
  std::string record;
  std::vector<std::string> keys;
};

// A directory stands for all proofs in it, in the order of their names.
Result<std::vector<std::string>> proofs_of(const Arguments& arguments) {
  std::vector<std::string> proofs;
  for (const std::string& named : arguments.proofs) {
    std::error_code wrong;
    if (!std::filesystem::is_directory(named, wrong)) {
      proofs.push_back(named);
      continue;
    }
    std::vector<std::string> found;
    for (auto entry = std::filesystem::directory_iterator(named, wrong);
         !wrong && entry != std::filesystem::directory_iterator(); entry.increment(wrong)) {
      if (entry->path().string().ends_with(kEnding)) found.push_back(entry->path().string());
    }
    if (wrong) return Error{ErrorCode::unavailable, "cannot list " + named + ": " + wrong.message()};
    if (found.empty()) return Error{ErrorCode::not_found, "there is no .tlog-proof in " + named};
    std::sort(found.begin(), found.end());
    proofs.insert(proofs.end(), found.begin(), found.end());
  }
  return proofs;
}

// Beside 42.tlog-proof lies 42.json, as `kedge audit prove` writes them.
std::string record_beside(const std::string& proof) {
  return proof.ends_with(kEnding) ? proof.substr(0, proof.size() - kEnding.size()) + ".json" : proof + ".json";
}

void check_one(const std::string& file, const std::string& record_file, const std::vector<VerifierKey>& keys,
               Shell& shell) {
  const auto text = read_file(file, kNoteBytesMax * 2);
  if (!text) return shell.fail(kNotReached, text.error().message);
  const auto record = read_file(record_file, kEntryBytesMax);
  if (!record) return shell.fail(kNotReached, "the record: " + record.error().message);
  const auto proof = parse_offline_proof(*text);
  if (!proof) return shell.fail(kFoundWrong, proof.error().with(file).message);
  const auto proven = check_offline_proof(*proof, *record, keys);
  if (!proven) return shell.fail(kFoundWrong, proven.error().with(file).message);
  shell.out << fmt::format("{} is entry {} of the log {}, whose owner signed it at {} entries\n", record_file,
                           proven->index, proven->checkpoint.origin, proven->checkpoint.size);
}

// All of them are looked at; what is wrong counts for more than what cannot be read.
void check(const Arguments& arguments, Shell& shell) {
  const auto keys = read_keys(arguments.keys);
  if (!keys) return shell.fail(kUsedWrongly, keys.error().with("--key").message);
  const auto proofs = proofs_of(arguments);
  if (!proofs) return shell.fail(kNotReached, proofs.error().message);
  if (!arguments.record.empty() && proofs->size() > 1) {
    return shell.fail(kUsedWrongly, "--record is the record of one proof: of several each lies beside its proof");
  }
  bool found_wrong = false;
  for (const std::string& proof : *proofs) {
    check_one(proof, arguments.record.empty() ? record_beside(proof) : arguments.record, *keys, shell);
    found_wrong = found_wrong || shell.exit_code == kFoundWrong;
  }
  if (found_wrong) shell.exit_code = kFoundWrong;
}

}  // namespace

void add_audit_check_proof(CLI::App& audit, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = audit.add_subcommand("check-proof", "are records in a log: needs their proofs and no log");
  command->add_option("FILE", arguments->proofs, "the .tlog-proof, several, or directories of them")->required();
  add_key_option(*command, arguments->keys);
  command
      ->add_option("--record", arguments->record,
                   "the record, byte for byte, where it does not lie beside its proof as NUMBER.json")
      ->type_name("FILE");
  command->callback([arguments, &shell] { check(*arguments, shell); });
}

}  // namespace kedge
