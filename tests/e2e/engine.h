// The engine as its users run it: `kedge run` in a process of its own, asked by the command line.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "tests/support/child_process.h"
#include "tests/support/own_port.h"
#include "tests/support/temporary_directory.h"

namespace kedge {

// True as soon as `check` is; false when a minute goes by before it.
bool comes_true(const std::function<bool()>& check);

// Owns a directory with a copy of the shipped rules, a configuration, a ledger, and the daemon, which is killed with
// it. One thread at a time.
class Engine {
 public:
  Engine();

  // kedge.yaml (JSON is YAML); written by every start. Data, rules and the address of /readyz are set.
  Json configuration;
  std::map<std::string, std::string> environment;  // the daemon's and the command line's, besides ours

  void start();  // and waits until it is ready, or fails the test with what it printed
  void start_unawaited();
  Result<Exit> stop();  // by SIGTERM
  void kill();          // kill -9

  // What /readyz says; empty when nobody answers.
  std::string readiness() const;

  // The value of a metric without labels; empty when there is no such metric.
  std::string metric(const std::string& name) const;

  // `kedge ARGUMENTS -c kedge.yaml`. Any thread once it was started.
  Ran run(std::vector<std::string> arguments) const;

  // The same with `--output json`; null, and the test fails, when it says something else.
  Json ask(std::vector<std::string> arguments) const;

  // `kedge audit list` with these filters: rows, oldest first.
  Json records(std::vector<std::string> filters) const;

  bool runs() const { return process_ != nullptr; }  // started, and neither stopped nor killed
  ChildProcess& process() { return *process_; }
  std::string output() const;  // of all that were started
  const TemporaryDirectory& directory() const { return directory_; }

 private:
  const TemporaryDirectory directory_;
  const OwnPort port_;
  std::unique_ptr<ChildProcess> process_;
  std::string earlier_output_;

  void forget_process();
};

}  // namespace kedge
