// What commands that look into the trail share: where it lies, and the index over it as far as it can be had.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/command.h"
#include "trail/record_search.h"
#include "trail/trail.h"

namespace kedge {

struct TrailOptions {
  std::string configuration;
  std::string log;    // not empty: of this log alone, without configuration and ledger
  std::string index;  // of that log; empty: there is none
};

// "-c FILE", or "--log DIRECTORY" with "--index DIRECTORY".
void add_trail_options(CLI::App& command, TrailOptions& options);

class OpenedTrail {
 public:
  // With a configuration it is the engine's trail: what its audit log holds, where there is one, and what the journal
  // has besides. None: the shell was told why not.
  static std::optional<OpenedTrail> open(const TrailOptions& options, Shell& shell);
  // The engine's, by a reader that outlives it.
  static OpenedTrail of(const OpenedReader& reader, Shell& shell);

  const Trail& operator*() const { return *trail_; }
  const Trail* operator->() const { return trail_.get(); }

  // As the shell does; of a record that cannot be read, in which log that is and what tells more (kNotReached).
  void fail(const Error& error, Shell& shell) const;

  // Looks by the index. In an engine's data directory, where no daemon keeps it up to date and this user may write it,
  // it is brought on, by so many records that nobody has to wait for long; what is then still missing is told on the
  // shell's standard error, and looked through record by record. That over a copy of a log is brought to its end.
  RecordSearch search(Shell& shell) const;

 private:
  std::unique_ptr<LedgerReader> ledger_;
  std::unique_ptr<Trail> trail_;
  std::string log_;    // the directory of the log; empty: there is none
  std::string index_;  // the directory; empty: it is looked through record by record
};

}  // namespace kedge
