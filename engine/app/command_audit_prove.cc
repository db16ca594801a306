// kedge audit prove: one record's proof as a file, for somebody who does not have the log.

#include <iostream>
#include <memory>

#include "app/command_audit.h"
#include "audit/log_reader.h"
#include "audit/offline_proof.h"
#include "base/files.h"

namespace kedge {
namespace {

struct Arguments {
  uint64_t entry = 0;
  std::string log, proof, record;
};

Result<OfflineProof> prove_entry(const Arguments& arguments) {
  auto note = read_checkpoint_file(arguments.log);
  if (!note) return note.error();
  const auto signed_note = parse_note(*note);
  const auto checkpoint = signed_note ? parse_checkpoint(signed_note->text) : signed_note.error();
  if (!checkpoint) return Error{ErrorCode::corrupt, checkpoint.error().message}.with(arguments.log + "/checkpoint");
  const LogReader log(arguments.log, checkpoint->size);
  const NodeReader node = [&](unsigned level, uint64_t index) { return log.node(level, index); };
  const auto record = log.entries(arguments.entry, 1);
  if (!record) return record.error();
  auto siblings = inclusion_proof(arguments.entry, checkpoint->size, node);
  if (!siblings) return siblings.error();
  const Digest leaf = leaf_hash(record->front());
  if (const auto good = check_inclusion(leaf, arguments.entry, checkpoint->size, *siblings, checkpoint->root); !good) {
    return Error{ErrorCode::corrupt, good.error().message + "; `kedge audit verify` tells what is wrong with the log"};
  }
  if (!arguments.record.empty()) {
    if (const auto done = write_file_atomically(arguments.record, record->front()); !done) return done.error();
  }
  return OfflineProof{arguments.entry, *std::move(siblings), *std::move(note)};
}

void prove(const Arguments& arguments, Shell& shell) {
  const auto proof = prove_entry(arguments);
  if (!proof && proof.error().code == ErrorCode::not_found) return shell.fail(kNotReached, proof.error().message);
  if (!proof) return shell.fail(proof.error());
  if (arguments.proof.empty()) {
    shell.out << to_text(*proof);
  } else if (const auto done = write_file_atomically(arguments.proof, to_text(*proof)); !done) {
    shell.fail(kNotReached, done.error().message);
  }
}

}  // namespace

void add_audit_prove(CLI::App& audit, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = audit.add_subcommand("prove", "one record's proof, which needs no log: a .tlog-proof");
  command->add_option("SEQ", arguments->entry, "the record's number in the log")->required();
  command->add_option("--log", arguments->log, "the log's directory")->type_name("DIRECTORY")->required();
  command->add_option("--output-file", arguments->proof, "where to, instead of the standard output")->type_name("FILE");
  command->add_option("--record-file", arguments->record, "where to write the record's bytes, which the proof is of")
      ->type_name("FILE");
  command->callback([arguments, &shell] { prove(*arguments, shell); });
}

}  // namespace kedge
