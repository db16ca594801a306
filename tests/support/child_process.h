// A program that a test runs: its output as lines, its end, its signals.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"

namespace kedge {

// How a program ended.
struct Exit {
  int code = 0;    // when it returned
  int signal = 0;  // when a signal ended it

  bool operator==(const Exit&) const = default;
};

// Started by `start`, from a thread that lives as long as it; killed and reaped by the destructor, and by the system
// when the test dies. A thread of its own reads stdout and stderr into lines, until all who hold them are gone: a
// program that leaves others behind must give these another output. Every method may be called from any thread.
class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> command = {};                // the program (looked up in PATH) and its arguments
    std::map<std::string, std::string> environment = {};  // added to ours
    std::string directory = {};                           // to run in; empty: ours
    std::string input = {};                               // its standard input
  };

  static Result<std::unique_ptr<ChildProcess>> start(Options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  // The first line, from `after` on, that holds `part`. An error with all that was printed when the program ends or the
  // time is over before such a line comes.
  Result<std::string> wait_for_line(std::string_view part, std::chrono::milliseconds timeout = std::chrono::seconds(20),
                                    size_t after = 0);

  // All that was printed until now, stdout and stderr in the order in which they came.
  std::vector<std::string> lines() const;
  std::string output() const;

  void signal(int number);

  // Waits for the end. After it all of the output is there.
  Result<Exit> wait(std::chrono::milliseconds timeout = std::chrono::seconds(20));

 private:
  ChildProcess(pid_t pid, int output) : pid_(pid), output_(output), reader_([this] { read_lines(); }) {}
  void read_lines();

  const pid_t pid_;
  const int output_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;  // guarded by mutex_
  std::optional<Exit> exit_;        // guarded by mutex_

  std::thread reader_;  // the last member: it uses the others
};

// Runs a command to its end; an error when it does not end in time.
struct Ran {
  Exit exit;
  std::string output;
};
Result<Ran> run(ChildProcess::Options, std::chrono::milliseconds timeout = std::chrono::seconds(60));

// The kedge program of this build; $KEDGE_PROGRAM names another.
std::string kedge_program();

}  // namespace kedge
