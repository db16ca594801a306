// OwnIdentity: finds out who we are at AWS, however long that takes, and tells the lanes.
//
// STS may be away when the engine starts. What is not known yet is asked again, ever more rarely, until it is: own
// changes are not recognised for a while then, but not for good.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/waiting.h"
#include "pipeline/own_principals.h"

namespace kedge {

// Owns a thread, from `start` until an answer has come; borrows `told`, which must outlive it.
class OwnIdentity {
 public:
  // Called by the thread; whoever stops must see to it that it returns. The answer: our ARNs.
  using Ask = std::function<Result<std::vector<std::string>>()>;

  struct Options {
    Duration first_wait = std::chrono::seconds(1);  // doubled at each answer that failed
    Duration longest_wait = std::chrono::minutes(1);
  };

  OwnIdentity(Ask ask, OwnPrincipals& told, Options options);
  ~OwnIdentity();  // stops
  OwnIdentity(const OwnIdentity&) = delete;
  OwnIdentity& operator=(const OwnIdentity&) = delete;

  // Adds what is found out to those that `told` has. Not called at all where nothing is to be asked.
  void start();
  void stop();

  // Why it is not known, in words; none: it is. Any thread.
  std::optional<std::string> unknown() const;

  // The first answer has come, whatever it was, or is not waited for. Any thread.
  bool asked() const;

 private:
  void run();
  bool ask_once();

  // Constant after construction.
  const Ask ask_;
  OwnPrincipals& told_;
  const Options options_;

  Mailbox<bool> closing_{1};

  // Guarded by mutex_.
  mutable std::mutex mutex_;
  bool asked_ = true;
  std::optional<std::string> unknown_;

  std::thread thread_;
};

}  // namespace kedge
