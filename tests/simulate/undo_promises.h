// UndoPromises: what an undo leaves. What ends undone, and what isolated and was released, is as it was before the
// first write, unless somebody else has changed it since the engine looked last; and it stays so until somebody does.
// Nothing is said of a value while a write of it that was answered may still be delivered a second time: nobody can
// know of that.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "ledger/values.h"
#include "tests/simulate/expect.h"

namespace kedge {

class UndoPromises {
 public:
  using Value = std::function<std::string(const std::string& name)>;
  UndoPromises(Clock& clock, Expect expect, Value value)
      : clock_(clock), expect_(std::move(expect)), value_(std::move(value)) {}

  // A start is durable: what was not written yet was as it says.
  void began(const Remediation&);
  // All of it is undone, or what isolates is released.
  void undone(const Remediation&);
  void released(const Remediation&);

  // Somebody else is about to change it; a write of ours is about to leave.
  void changes(const std::string& name);
  void writes(const std::string& name);
  void ended();

  // How often somebody else has changed it; a remediation's look has seen it when it was so often.
  uint64_t changes_of(const std::string& name) const;
  void seen_for(const std::string& remediation, const std::string& name, uint64_t changes) {
    seen_[{remediation, name}] = changes;
  }
  // An answered write of it is delivered once more, at the latest then.
  void comes_again(const std::string& name, Duration until) { comes_again_[name] = until; }
  // It may have been, or may yet be.
  bool changed_unseen(const std::string& remediation, const std::string& name) const;

 private:
  void restored(const Remediation&, size_t steps);
  void check(const std::string& name);

  Clock& clock_;
  const Expect expect_;
  const Value value_;
  std::map<std::pair<std::string, size_t>, std::string> befores_;  // by remediation and step: the value
  std::map<std::string, std::string> restored_;                    // by name, where nobody has changed it since
  std::map<std::string, Duration> comes_again_;                    // by name
  std::map<std::string, uint64_t> changes_;                        // by name
  std::map<std::pair<std::string, std::string>, uint64_t> seen_;   // by remediation and name: of how many it knows
};

}  // namespace kedge
