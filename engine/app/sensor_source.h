// SensorSource: the sensor of this host as a source of the engine: what `kedge sensor` is, with the lanes where that
// has Kafka.
//
// What it tells lies in its spool until the ledger holds what was decided about it. A sensor that cannot watch is begun
// again after a while: the other sources, and what is open, are none the worse for it; status() says why.
//
// Threads:   one that watches, and the sender's; methods as Source says.
// Ownership: owns the sensor; borrows positions and clock, which must outlive it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/sensor_run.h"
#include "base/descriptor.h"
#include "base/thread.h"
#include "base/waiting.h"
#include "source/handed_source.h"

namespace kedge {

class SensorSource final : public Source {
 public:
  // The topic that its positions stand under.
  static constexpr const char* kTopic = "sensor";

  // Errors are the machine's.
  static Result<std::unique_ptr<SensorSource>> create(std::string name, SensorRunOptions options, const Lanes& lanes,
                                                      Positions& positions, Clock& clock);
  ~SensorSource() override;  // waits for its threads
  SensorSource(const SensorSource&) = delete;
  SensorSource& operator=(const SensorSource&) = delete;

  // From now on with these, in the same directory: the sensor ends, as at a reload, and begins anew. Any thread.
  void use(SensorRunOptions options);

  // How the sensor stands; none: it does not watch. Any thread.
  std::optional<SensorRun::Status> sensor() const;

  std::string_view name() const override { return events_.name(); }
  Result<void> start() override;
  void committed(const std::shared_ptr<const Assignment>& assignment, int64_t next) override;
  void hold(const std::shared_ptr<const Assignment>& assignment, std::string why) override;
  void reconsider(std::string_view topic, int32_t partition, Permission permission) override;
  SourceStatus status() const override;
  std::optional<std::string> not_alone() const override { return std::nullopt; }
  std::optional<std::string> ledger_in_doubt() const override { return events_.ledger_in_doubt(); }
  bool stop(Duration deadline) override;

 private:
  SensorSource(std::string name, SensorRunOptions options, Descriptor wake, const Lanes& lanes, Positions& positions,
               Clock& clock);

  void run();
  std::optional<Error> run_once();
  Result<void> watch(SensorRun& run, const SensorRunOptions& options);
  EventSender::Delivered deliver(const std::string& host, const std::vector<std::string>& events,
                                 const std::stop_token& stop);
  bool is_called() const { return over_ || renewed_; }
  void wake_up();
  void note(const std::optional<std::string>& problem);
  void note(const SensorRun& run);

  // Constant after construction.
  Clock& clock_;
  const Descriptor wake_;  // can be read when the thread is called

  // Provide their own synchronization.
  Random random_;
  HandedSource events_;
  std::atomic<bool> over_ = false;
  std::atomic<bool> renewed_ = false;
  Mailbox<bool> called_{1};
  Reply<bool> ended_;

  mutable std::mutex mutex_;
  SensorRunOptions options_;               // guarded by mutex_, as all below
  std::optional<std::string> problem_;     // why it does not watch
  std::optional<SensorRun::Status> seen_;  // at its last turn
  Duration last_turn_{};

  Thread thread_;
};

}  // namespace kedge
