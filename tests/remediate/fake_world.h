// A world of named values behind HTTP, whose luck a test decides, and the action that keeps one of them as it should
// be.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/http.h"
#include "remediate/action.h"

namespace kedge {

// GET http://world/NAME answers with the value, 404 when there is none; PUT sets it. Thread-safe.
class FakeWorld final : public HttpClient {
 public:
  // `pass`: how time passes while a request waits for its timeout.
  FakeWorld(Clock& clock, std::function<void(Duration)> pass) : clock_(clock), pass_(std::move(pass)) {}

  enum class Luck {
    fine,
    refused,       // 403
    busy,          // 503, Retry-After: 3
    ignored,       // 200, and nothing was done
    late,          // 200, done, and seen only after `delay`
    answer_lost,   // done, and no answer
    request_lost,  // not done, and no answer
    arrives_late,  // no answer, and done after `delay`
    not_sent,      // no connection
    throttled,     // 400 TooMuch
    twice,         // 200, done, and done once more after `delay`: the network delivers it again
    resent,        // done, no answer, and done once more after `delay`
  };
  void next_writes(std::deque<Luck> luck);
  void next_reads(std::deque<Luck> luck);
  void set_delay(Duration delay);

  void set(const std::string& name, const std::string& value);  // somebody else does
  void remove(const std::string& name);
  std::string value(const std::string& name);  // as it is; empty: there is none

  // A write without an answer is still to arrive.
  bool on_its_way(const std::string& name);

  struct Write {
    std::string name, value, agent;
    bool done = false;  // at once
  };
  std::vector<Write> writes();
  size_t reads();
  // Those that came into effect after `delay`, since this was asked last.
  std::vector<Write> arrived();

  // Called with each request before it is carried out, without the lock.
  void watch(std::function<void(const HttpRequest&)> watcher) { watcher_ = std::move(watcher); }

  Result<HttpResponse> send(const HttpRequest&) override;

 private:
  Result<HttpResponse> read(const std::string& name, Luck);
  Result<HttpResponse> write(const HttpRequest&, const std::string& name, Luck);
  void settle();
  static Luck draw(std::deque<Luck>&);

  Clock& clock_;
  const std::function<void(Duration)> pass_;
  std::function<void(const HttpRequest&)> watcher_;

  std::mutex mutex_;
  std::map<std::string, std::string> values_;
  struct Coming {
    Duration due;
    std::string name, value, agent;
    bool answered = false;
  };
  std::vector<Coming> coming_;
  std::deque<Luck> writes_luck_, reads_luck_;
  Duration delay_ = std::chrono::seconds(1);
  std::vector<Write> writes_, arrived_;
  size_t reads_ = 0;
  int requests_ = 0;
};

// The desired state: the value called args.name is args.value. A value of "?" cannot be told for certain.
class FakeAction final : public Action {
 public:
  explicit FakeAction(std::string name, Repetition repetition = Repetition::absolute, bool undoable = true,
                      bool lease = false);

  const ActionSpec& spec() const override { return spec_; }
  ActionResult<Observation> observe(Context&, const nlohmann::json& args) const override;
  ActionResult<Applied> apply(Context&, const nlohmann::json& args, const Observation& now) const override;
  ActionResult<Applied> undo(Context&, const nlohmann::json& args, const nlohmann::json& before,
                             const nlohmann::json& after) const override;

 private:
  ActionSpec spec_;
};

// "test.set", "test.set_once" (may not be repeated), "test.set_for_good" (cannot be undone) and "test.isolate" (a
// lease).
std::vector<std::unique_ptr<Action>> fake_actions();

}  // namespace kedge
