// CheckpointWatch: somebody outside who looks at a log all the time, and keeps each checkpoint that it ever showed.
#pragma once

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "audit/note.h"
#include "audit/verifier.h"

namespace kedge {

// Watches as long as it lives; `found` is called from the thread that made it.
class CheckpointWatch {
 public:
  explicit CheckpointWatch(std::string log);
  ~CheckpointWatch();
  CheckpointWatch(const CheckpointWatch&) = delete;
  CheckpointWatch& operator=(const CheckpointWatch&) = delete;

  // Ends the watching. In the order in which they were seen first.
  std::vector<OldCheckpoints> found();

 private:
  void watch();

  const std::string log_;
  std::vector<OldCheckpoints> found_;  // the thread's, until it has ended
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

// What breaks a promise, a line each: the log is whole and as it was signed, extends every one of these checkpoints,
// and its entries are, byte for byte, the journal's records in the ledger's directory. Nobody may write either
// meanwhile.
std::vector<std::string> breaches_of_log(const std::string& log, const std::vector<VerifierKey>& keys,
                                         const std::vector<OldCheckpoints>& checkpoints, const std::string& ledger);

}  // namespace kedge
