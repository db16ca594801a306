// kedge audit prove: the proof of one record, or of each one that tells of a remediation, for somebody who does not
// have the log.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "app/command_audit.h"
#include "app/opened_trail.h"
#include "audit/log_reader.h"
#include "audit/offline_proof.h"
#include "base/files.h"
#include "trail/story.h"

namespace kedge {
namespace {

struct Arguments {
  std::string what;
  TrailOptions trail;
  std::string proof, record, directory;
};

// As it is written: an id begins with a 0, and no number does but the first.
std::optional<uint64_t> number_in(const std::string& what) {
  uint64_t number = 0;
  const char* const end = what.data() + what.size();
  const auto [behind, wrong] = std::from_chars(what.data(), end, number);
  const bool leading_zero = what.size() > 1 && what.front() == '0';
  return wrong == std::errc() && behind == end && !leading_zero ? std::optional(number) : std::nullopt;
}

struct Proven {
  std::string record;
  OfflineProof proof;
};

// Proofs that lead to one checkpoint of a log.
class Prover {
 public:
  static Result<Prover> open(const std::string& directory) {
    auto note = read_checkpoint_file(directory);
    if (!note) return note.error();
    const auto signed_note = parse_note(*note);
    auto checkpoint = signed_note ? parse_checkpoint(signed_note->text) : Result<Checkpoint>(signed_note.error());
    if (!checkpoint) return Error{ErrorCode::corrupt, checkpoint.error().message}.with(directory + "/checkpoint");
    return Prover(directory, *std::move(note), *std::move(checkpoint));
  }

  uint64_t size() const { return checkpoint_.size; }

  Result<Proven> prove(uint64_t entry) const {
    const NodeReader node = [this](unsigned level, uint64_t index) { return log_.node(level, index); };
    auto record = log_.entries(entry, 1);
    if (!record) return record.error();
    auto siblings = inclusion_proof(entry, checkpoint_.size, node);
    if (!siblings) return siblings.error();
    const Digest leaf = leaf_hash(record->front());
    if (const auto good = check_inclusion(leaf, entry, checkpoint_.size, *siblings, checkpoint_.root); !good) {
      return Error{ErrorCode::corrupt,
                   good.error().message + "; `kedge audit verify` tells what is wrong with the log"};
    }
    return Proven{std::move(record->front()), OfflineProof{entry, *std::move(siblings), note_}};
  }

 private:
  Prover(const std::string& directory, std::string note, Checkpoint checkpoint)
      : note_(std::move(note)), checkpoint_(std::move(checkpoint)), log_(directory, checkpoint_.size) {}

  std::string note_;
  Checkpoint checkpoint_;
  LogReader log_;
};

Result<void> write_files(const Proven& proven, const std::string& proof, const std::string& record) {
  if (!record.empty()) {
    if (auto done = write_file_atomically(record, proven.record); !done) return done;
  }
  return proof.empty() ? Result<void>() : write_file_atomically(proof, to_text(proven.proof));
}

// "DIRECTORY/42": what its files begin with.
std::string place_of(const std::string& directory, uint64_t entry) { return directory + "/" + std::to_string(entry); }

void prove_one(uint64_t entry, const Arguments& arguments, const Prover& prover, Shell& shell) {
  const auto proven = prover.prove(entry);
  if (!proven && proven.error().code == ErrorCode::not_found) return shell.fail(kNotReached, proven.error().message);
  if (!proven) return shell.fail(proven.error());
  if (arguments.proof.empty()) shell.out << to_text(proven->proof);
  if (const auto done = write_files(*proven, arguments.proof, arguments.record); !done) {
    shell.fail(kNotReached, done.error().message);
  }
}

// The numbers of the records that tell of it, notices about them included.
std::optional<std::vector<uint64_t>> records_of(const Arguments& arguments, Shell& shell) {
  const auto trail = OpenedTrail::open(arguments.trail, shell);
  if (!trail) return std::nullopt;
  RecordSearch search = trail->search(shell);
  const auto story = find_story(**trail, search, arguments.what);
  if (!story) {
    trail->fail(story.error(), shell);
    return std::nullopt;
  }
  std::vector<uint64_t> numbers;
  for (const nlohmann::json& record : story->records) numbers.push_back(record.value("seq", uint64_t{0}));
  return numbers;
}

void prove_all(const Arguments& arguments, const Prover& prover, Shell& shell) {
  const auto numbers = records_of(arguments, shell);
  if (!numbers) return;
  if (arguments.directory.empty() || !arguments.proof.empty() || !arguments.record.empty()) {
    return shell.fail(kUsedWrongly, "a remediation has several records: --output-directory says where to");
  }
  std::error_code failure;
  std::filesystem::create_directories(arguments.directory, failure);
  if (failure) return shell.fail(kNotReached, "cannot make " + arguments.directory + ": " + failure.message());
  size_t written = 0;
  for (const uint64_t number : *numbers) {
    if (number >= prover.size()) continue;
    const auto proven = prover.prove(number);
    if (!proven) return shell.fail(proven.error());
    const std::string place = place_of(arguments.directory, number);
    if (const auto done = write_files(*proven, place + ".tlog-proof", place + ".json"); !done) {
      return shell.fail(kNotReached, done.error().message);
    }
    ++written;
  }
  shell.err << fmt::format("{}: {} records, each with its proof\n", arguments.directory, written);
  if (written == numbers->size()) return;
  shell.fail(kFoundWrong, fmt::format("{} more are not in the log yet", numbers->size() - written));
}

void prove(Arguments arguments, Shell& shell) {
  const auto number = number_in(arguments.what);
  std::string log = arguments.trail.log;
  if (log.empty()) {
    const auto configuration = read_configuration(arguments.trail.configuration, shell);
    if (!configuration) return;
    log = configuration->audit.directory;
  }
  const auto prover = Prover::open(log);
  if (!prover && prover.error().code == ErrorCode::not_found) return shell.fail(kNotReached, prover.error().message);
  if (!prover) return shell.fail(prover.error());
  if (!number) return prove_all(arguments, *prover, shell);
  if (!arguments.directory.empty()) {
    std::error_code failure;
    std::filesystem::create_directories(arguments.directory, failure);
    const std::string place = place_of(arguments.directory, *number);
    if (arguments.proof.empty()) arguments.proof = place + ".tlog-proof";
    if (arguments.record.empty()) arguments.record = place + ".json";
  }
  prove_one(*number, arguments, *prover, shell);
}

}  // namespace

void add_audit_prove(CLI::App& audit, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = audit.add_subcommand(
      "prove", "the proof of a record, or of each one of a remediation: a .tlog-proof, which needs no log");
  command->add_option("RECORD", arguments->what, "a record's number, or a remediation's id or its beginning")
      ->required();
  add_trail_options(*command, arguments->trail);
  command->add_option("--output-file", arguments->proof, "where to, instead of the standard output")->type_name("FILE");
  command->add_option("--record-file", arguments->record, "where to write the record's bytes, which the proof is of")
      ->type_name("FILE");
  command
      ->add_option("--output-directory", arguments->directory,
                   "where to write both of each record: NUMBER.tlog-proof and NUMBER.json")
      ->type_name("DIRECTORY");
  command->callback([arguments, &shell] { prove(*arguments, shell); });
}

}  // namespace kedge
