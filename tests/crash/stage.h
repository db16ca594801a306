// The stage of this folder's tests: what tests/e2e has, with the fault proxy between the engine and the APIs.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/crash/evidence.h"
#include "tests/crash/fault_proxy.h"
#include "tests/crash/load.h"
#include "tests/e2e/scene.h"

namespace kedge {

// The engine acts at once on all that it finds (guards that count are off); where things go wrong on purpose it gives
// up soon on what does not answer.
class Stage : public Scene {
 protected:
  void set_up(Result<std::unique_ptr<KafkaBroker>> broker, FaultPlan::Options faults);

  // Waits until every message is handled, nothing comes any more and nothing is open but what a person must decide.
  // False when the journal does not grow any more before that.
  bool comes_to_rest();

  // For what must not happen meanwhile.
  static void let_pass(std::chrono::milliseconds span);

  Json open() { return engine_.ask({"remediation", "list"}); }
  Json journal() { return engine_.ask({"audit", "list", "--limit", "100000000"}); }
  Evidence evidence();

  void expect_all_right();  // every target, or it fails with what the journal has of it
  void expect_none(const std::string& what, const std::vector<std::string>& breaches);

  std::unique_ptr<FaultPlan> faults_;
  std::unique_ptr<FaultProxy> proxy_;
  std::unique_ptr<Load> load_;
};

}  // namespace kedge
