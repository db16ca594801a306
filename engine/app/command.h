// What all commands share. Each command is one file, command_NAME.cc, which adds its subcommand and its options to the
// command line and says what it does; command_line.cc lists them all.
//
// Exit codes: 0 good, 1 found something wrong, 2 used wrongly, 3 could not reach what it needs.
#pragma once

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "app/configuration.h"
#include "aws/options.h"
#include "base/result.h"
#include "ledger/ledger.h"

namespace kedge {

inline constexpr int kGood = 0;
inline constexpr int kFoundWrong = 1;
inline constexpr int kUsedWrongly = 2;
inline constexpr int kNotReached = 3;

// The world of one command: where it reads, writes and complains, and what it ends with.
struct Shell {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  Environment environment;
  std::string user;  // who typed it, as the system knows them
  int exit_code = kGood;

  // Says what went wrong and keeps the exit code that goes with it.
  void fail(const Error& error);
  void fail(int code, const std::string& message);
};

// "-c FILE": the configuration; kedge.yaml in the current directory if it is not given.
void add_configuration_option(CLI::App& command, std::string& path);

// Reads it; on mistakes says them all, each with its line, and gives none. `warns`: also says what is legal and hardly
// meant, which is for who checks it or runs it, and not for each command that looks into its ledger.
std::optional<Configuration> read_configuration(const std::string& path, Shell& shell, bool warns = false);

// The configuration, and its ledger for reading: beside a running daemon, or without one.
struct OpenedReader {
  Configuration configuration;
  std::unique_ptr<LedgerReader> ledger;
};
std::optional<OpenedReader> open_reader(const std::string& path, Shell& shell);

void add_run(CLI::App&, Shell&);
void add_check(CLI::App&, Shell&);
void add_test(CLI::App&, Shell&);
void add_match(CLI::App&, Shell&);
void add_explain(CLI::App&, Shell&);
void add_replay(CLI::App&, Shell&);
void add_audit(CLI::App&, Shell&);
void add_baseline(CLI::App&, Shell&);
void add_remediation(CLI::App&, Shell&);
void add_exception(CLI::App&, Shell&);
void add_pause_and_resume(CLI::App&, Shell&);
void add_dead_letter(CLI::App&, Shell&);
void add_source(CLI::App&, Shell&);
void add_actions(CLI::App&, Shell&);
void add_ledger(CLI::App&, Shell&);
void add_init(CLI::App&, Shell&);
void add_dev_kafka(CLI::App&, Shell&);

// Parses and runs one command line; the exit code.
int run_command_line(int argc, const char* const* argv, Shell& shell);

}  // namespace kedge
