#include "app/opened_trail.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <ostream>

#include "audit/log_place.h"
#include "trail/record_index_builder.h"

namespace kedge {
namespace {

constexpr size_t kBroughtOnMost = 50'000;  // a second or two
constexpr int64_t kToldFrom = 20'000;      // records that are looked through in no time

// Whose the ledger is. Files that another user, root even, left beside it would keep the daemon from writing them.
bool is_ours(const std::string& directory) {
  struct stat ledger {};
  return stat((directory + "/ledger.db").c_str(), &ledger) == 0 && ledger.st_uid == geteuid();
}

void bring_on(const std::string& directory, RecordSource& records) {
  if (!is_ours(directory)) return;
  const auto builder = RecordIndexBuilder::open(directory);
  if (!builder) return;  // a daemon has it, or we may not: it is read as it is
  const auto progress = (*builder)->advance(records, kBroughtOnMost);
  if (!progress) return;  // what is wrong with a record is told by who comes across it
}

Result<void> bring_to_the_end(const std::string& directory, RecordSource& records, std::ostream& err) {
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  if (failure) return Error{ErrorCode::refused, "cannot make " + directory + ": " + failure.message()};
  const auto builder = RecordIndexBuilder::open(directory);
  if (!builder) return builder.error();
  for (bool told = false;;) {
    const auto progress = (*builder)->advance(records, kBroughtOnMost);
    if (!progress) return progress.error();
    if (progress->complete) return {};
    if (!told) err << "the index in " << directory << " is made: that takes a few seconds for a million records\n";
    told = true;
  }
}

void tell_what_is_missing(const Result<std::unique_ptr<RecordIndex>>& index, RecordSource& records, std::ostream& err) {
  const auto end = records.end();
  const int64_t next = index ? (*index)->next() : 0;
  if (!end || *end - next <= kToldFrom) return;
  err << fmt::format(
      "index.db tells of {} records of {}: the others are looked through one by one, which takes longer. {}\n", next,
      *end,
      index ? "A running daemon brings it up to date, and each such command a part of the way."
            : "It is not there, or this user cannot read it: " + index.error().message);
}

}  // namespace

void add_trail_options(CLI::App& command, TrailOptions& options) {
  add_configuration_option(command, options.configuration);
  CLI::Option* const log =
      command.add_option("--log", options.log, "a copy of an audit log: its directory, instead of a configuration")
          ->type_name("DIRECTORY")
          ->excludes("--config");
  command
      .add_option("--index", options.index,
                  "where an index over it is kept, which is made when it is not there (none: all records are read)")
      ->type_name("DIRECTORY")
      ->needs(log);
}

std::optional<OpenedTrail> OpenedTrail::open(const TrailOptions& options, Shell& shell) {
  OpenedTrail opened;
  if (!options.log.empty()) {
    auto trail = Trail::of_log(options.log);
    if (!trail) {
      shell.fail(kNotReached, "--log: " + trail.error().message);
      return std::nullopt;
    }
    opened.trail_ = std::make_unique<Trail>(*std::move(trail));
    opened.log_ = options.log;
    opened.index_ = options.index;
    return opened;
  }
  auto reader = open_reader(options.configuration, shell);
  if (!reader) return std::nullopt;
  opened = of(*reader, shell);
  opened.ledger_ = std::move(reader->ledger);
  return opened;
}

OpenedTrail OpenedTrail::of(const OpenedReader& reader, Shell& shell) {
  OpenedTrail opened;
  auto trail = Trail::of_engine(reader.configuration.audit.directory, *reader.ledger);
  if (trail) {
    opened.log_ = reader.configuration.audit.directory;
    opened.index_ = reader.configuration.data;
  } else {
    shell.err << fmt::format("only the records that the ledger still keeps are looked at: {}\n", trail.error().message);
  }
  opened.trail_ = std::make_unique<Trail>(trail ? *std::move(trail) : Trail(*reader.ledger));
  return opened;
}

void OpenedTrail::fail(const Error& error, Shell& shell) const {
  if (error.code != ErrorCode::corrupt) return shell.fail(error);
  const bool has_log = !log_.empty() && holds_log(log_);
  shell.fail(kNotReached, has_log ? fmt::format("the trail with the log in {}: {}; `kedge audit verify` tells what is "
                                                "wrong with the log",
                                                log_, error.message)
                                  : error.message + "; `kedge ledger check` tells what is wrong with the ledger");
}

RecordSearch OpenedTrail::search(Shell& shell) const {
  RecordSource& records = trail_->records();
  if (index_.empty()) return RecordSearch(records);
  if (trail_->ledger() != nullptr) {
    bring_on(index_, records);
  } else if (const auto done = bring_to_the_end(index_, records, shell.err); !done) {
    shell.err << "the index in " << index_ << " is not up to date: " << done.error().message << "\n";
  }
  auto index = RecordIndex::open(index_);
  tell_what_is_missing(index, records, shell.err);
  return RecordSearch(records, index ? *std::move(index) : nullptr);
}

}  // namespace kedge
