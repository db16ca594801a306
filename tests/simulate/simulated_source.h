// SimulatedSource: one partition of the world's log, read as a source does.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/thread.h"
#include "source/source.h"
#include "tests/simulate/simulated_world.h"

namespace kedge {

class SimulatedSource final : public Source {
 public:
  SimulatedSource(SimulatedWorld& world, uint64_t life, Positions& positions, Mailbox<Batch>& lane)
      : world_(world), life_(life), positions_(positions), lane_(lane) {}
  ~SimulatedSource() override { stop(Duration{}); }

  std::string_view name() const override { return "trail"; }
  Result<void> start() override;
  void committed(const std::shared_ptr<const Assignment>&, int64_t) override {}
  void hold(const std::shared_ptr<const Assignment>&, std::string) override { held_ = true; }
  void reconsider(std::string_view, int32_t, Permission) override;
  SourceStatus status() const override { return {}; }
  std::optional<std::string> not_alone() const override { return std::nullopt; }
  bool stop(Duration) override;

  // The partition is given to somebody else and comes back; whether the lane hears of it at once.
  void rebalance(bool lane_hears);

 private:
  void run();
  bool claim();
  bool read_on();
  bool rest(Duration);

  SimulatedWorld& world_;
  const uint64_t life_;
  Positions& positions_;
  Mailbox<Batch>& lane_;
  Mailbox<bool> ending_{1};
  std::shared_ptr<Assignment> assignment_;
  int64_t next_ = 0;
  bool held_ = false;
  bool ask_again_ = true;
  Thread thread_;
};

}  // namespace kedge
