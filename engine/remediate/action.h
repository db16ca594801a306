// Action: one desired state of one kind of thing, which can be observed, applied and undone. An edge of the world.
//
// Actions are synchronous; they never retry, never sleep, keep no client and no state of their own: the executor does
// all of that. What they take and give is plain JSON, so that a C ABI can carry it. One object of each action serves
// all workers at once: every method is const and may be called from any thread.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/http.h"
#include "plan/action_spec.h"
#include "remediate/action_result.h"
#include "remediate/hosts.h"

namespace kedge {

// What was seen of the world.
struct Observation {
  bool holds = false;                // the desired state holds already
  nlohmann::json state;              // what it is now, whole: undo restores from it. Canonical JSON values only
  std::string summary;               // one line for people: "public by policy (statement PublicRead)"
  std::vector<std::string> touches;  // keys that only the world could tell (an alias resolved), added to the spec's
  std::optional<std::string>
      hold;  // set: it cannot be told for certain (witnesses disagree); a person decides, and why
};

// What an apply or undo did, beyond having worked.
struct Applied {
  std::vector<std::string> notes;  // for the record: what was changed, in words
};

// The only way to the world. Made by the executor for one observation or one attempt; not kept by the action.
struct Context {
  HttpClient& http;  // a gate in front of the client (gated_client.h): every request through it says whether it writes
  Hosts& hosts;      // the same in front of the hosts (gated_hosts.h)
  Clock& clock;
  std::string remediation;
  std::string mark;   // of the attempt; empty while observing. It must travel with every write (agent_with_mark)
  std::string agent;  // the user agent to send, mark included
  Duration deadline;  // on Clock::elapsed: nothing may take longer
};

class Action {
 public:
  virtual ~Action() = default;

  virtual const ActionSpec& spec() const = 0;

  // Reads the world: does the state hold, and what is it now? It never changes anything.
  virtual ActionResult<Observation> observe(Context&, const nlohmann::json& args) const = 0;

  // Makes it hold. `now` is an observation made for this very attempt: a document is built from it, never from an
  // earlier one. After the write it reads back and compares with exactly what it sent: a third party's part that
  // vanished is an error (unknown, code "third_party_change").
  virtual ActionResult<Applied> apply(Context&, const nlohmann::json& args, const Observation& now) const = 0;

  // Restores `before`. The executor has observed that the world is still `after`.
  virtual ActionResult<Applied> undo(Context&, const nlohmann::json& args, const nlohmann::json& before,
                                     const nlohmann::json& after) const = 0;
};

// The explicit table of all actions. Owns them; immutable.
class ActionTable {
 public:
  explicit ActionTable(std::vector<std::unique_ptr<Action>> actions);

  const Action* find(std::string_view name) const;
  const ActionCatalog& catalog() const { return catalog_; }

 private:
  std::vector<std::unique_ptr<Action>> actions_;
  ActionCatalog catalog_;
};

}  // namespace kedge
