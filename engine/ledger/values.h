// What the ledger keeps, as plain values.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/time.h"
#include "event/position.h"
#include "guard/breaker.h"
#include "plan/plan.h"
#include "plan/policy.h"
#include "plan/state.h"

namespace kedge {

// ---- positions: how far a source has been read -------------------------------------------------------------------

// A partition's position as the ledger keeps it.
struct StoredPosition {
  PartitionId partition;
  Position position;
  std::string stopped;  // not empty: the partition is not read until a person accepts, and why

  bool operator==(const StoredPosition&) const = default;
};

// One partition's part of a batch: a compare-and-set from (epoch, from) to `to`.
struct PositionMove {
  PartitionId partition;
  uint64_t epoch = 0;
  int64_t from = 0;
  int64_t to = 0;
  std::optional<Bookmark> bookmark;

  bool operator==(const PositionMove&) const = default;
};

// ---- findings: what rules said about events -------------------------------------------------------------------------

// The event that a finding, suppression or failure comes from.
struct EventReference {
  std::string source;           // the view's
  std::string id;               // the view's; may be empty
  std::string account;          // the view's; pauses of an account look at it, and at the target's ARN
  std::string document;         // the view as JSON. The ledger keeps it as a blob, and hands out only its digest
  std::string document_digest;  // hexadecimal; given by the ledger
  PartitionId partition;        // where it was read; topic empty when not from Kafka
  int64_t offset = 0;
  uint32_t index = 0;     // among the events of one message
  std::string principal;  // who caused it
  std::string session;
  std::string agent;
  std::string address;
  std::string request_id;

  bool operator==(const EventReference&) const = default;
};

// The clock of the first two phases of an outage.
struct FindingTimes {
  std::optional<Time> happened;  // the event's own time
  Time received;                 // when the source handed it over
  Time decided;

  bool operator==(const FindingTimes&) const = default;
};

struct Finding {
  std::string remediation;  // the id (UUIDv7) that the remediation gets if this finding opens one
  std::string key;          // contracts §4, hexadecimal: makes it happen once
  Plan plan;                // names rule, version and target
  Policy policy;
  EventReference event;
  FindingTimes times;
  std::string origin = "event";  // "event", "redrive", "reconcile"
  std::string requester;         // the person who asked for it; empty: nobody but the event
  nlohmann::json shown_plan;     // as it may stand in records, where an argument is sensitive; null: the plan itself
  int64_t redrive = 0;           // above 0: the redrive number that is in the key: it was run again on purpose

  bool operator==(const Finding&) const = default;
};

// A plan that is not carried out, and why: as visible as what is.
struct Suppression {
  std::string key;
  Plan plan;
  Policy policy;
  EventReference event;
  FindingTimes times;
  std::string guard;          // "own-change", "exception", "mode", "stale", ...
  std::string reason;         // for people
  nlohmann::json figures;     // what the guard judged by
  nlohmann::json shown_plan;  // as in Finding
  int64_t redrive = 0;        // as in Finding

  bool operator==(const Suppression&) const = default;
};

// What cannot be decoded or decided.
struct DeadLetter {
  int64_t number = 0;  // given by the ledger: the number of its record in the journal
  std::string source;
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
  uint32_t index = 0;
  std::string reason;   // a stable code: "not_json", "rule_failed", ...
  std::string message;  // for people
  std::string rule;     // set when a rule failed on a good event
  std::string rule_version;
  std::string key;    // the record's key
  std::string value;  // at most kDeadLetterValueMax bytes of it
  int64_t value_bytes = 0;
  Digest value_digest;
  nlohmann::json headers = nlohmann::json::array();  // [[name, base64 value], ...]
  Time at;                                           // given by the ledger
  int64_t redrives = 0;

  bool operator==(const DeadLetter&) const = default;
};
inline constexpr size_t kDeadLetterValueMax = 64U << 10U;

// Dead letters beyond the limit of their source and rule: only where they are, to be redriven from the source.
struct DeadLetterRange {
  std::string source;
  std::string topic;
  int32_t partition = 0;
  std::string rule;  // empty: the source's own poison
  int64_t first = 0;
  int64_t last = 0;
  int64_t count = 0;
  Time since;

  bool operator==(const DeadLetterRange&) const = default;
};

// Something that is only counted, by the hour.
struct Count {
  std::string subject;  // a rule's id or a source's name
  std::string reason;   // "no-pattern", "when", "off", "duplicate", "tombstone", ...
  int64_t number = 0;

  bool operator==(const Count&) const = default;
};

// ---- remediations ------------------------------------------------------------------------------------------------

// A state of the world that an action observed. `full` is kept (undo needs it); `shown` is what may stand in records:
// the same, with what the action calls sensitive replaced by salted digests.
struct CapturedState {
  nlohmann::json full;
  nlohmann::json shown;

  bool operator==(const CapturedState&) const = default;
};

enum class StepStatus { pending, attempted, applied, already, failed, undone };
std::string_view to_string(StepStatus);

struct StepProgress {
  StepStatus status = StepStatus::pending;
  int attempts = 0;                     // committed ones
  std::string mark;                     // of the latest attempt
  bool undo = false;                    // the latest attempt is one of an undo
  int undo_attempts = 0;                // committed ones of the undo, or the release, that is at work or was last
  std::optional<CapturedState> before;  // never overwritten by a later attempt
  std::optional<CapturedState> after;   // as it was left by us
  bool after_all = false;               // `after` was observed when every step had been applied: when it was confirmed

  bool operator==(const StepProgress&) const = default;
};

// One start, counted in the budgets' ring `ring`.
struct Charge {
  std::string ring;
  int64_t slot = 0;

  bool operator==(const Charge&) const = default;
};

// A remediation that has not ended (or one that ended, as it was).
struct Remediation {
  std::string id;
  std::string key;
  Plan plan;
  Policy policy;
  EventReference event;
  FindingTimes times;
  std::string origin;
  std::string requester;      // as in Finding
  nlohmann::json shown_plan;  // as in Finding
  State state = State::planned;
  std::vector<StepProgress> steps;   // one for each of plan.effects()
  std::vector<std::string> touches;  // the keys that its steps write
  std::optional<Time> first_effect;  // response
  std::optional<Time> last_effect;   // recovery
  std::optional<Time> ended;         // confirmation
  int64_t last_finding = 0;          // the journal's number of the last finding that concerns it
  int64_t observed_from = 0;         // ... at which it was, when all was observed that it started from
  std::string guard;                 // held, waiting, refused: which guard said so
  std::string reason;                // for people
  nlohmann::json figures;            // what that guard judged by
  std::optional<Time> due;           // waiting: when it is looked at again; held: when it expires
  std::vector<Charge> charges;       // its start in each budget, until it ends
  bool let_go = false;               // a person let its rule go on, for which it was held

  bool operator==(const Remediation&) const = default;
};

// How an attempt ended.
struct StepOutcome {
  // already: it holds, and no write of ours can have caused it. What is found to hold after an attempt whose outcome
  // was unknown is `applied`: an undo must put it back.
  enum class Result { applied, already, retry, refused, failed, unknown };
  size_t step = 0;  // index into plan.effects()
  int attempt = 1;
  std::string mark;
  Result result = Result::applied;
  std::string code;                      // the endpoint's error code, or ours
  std::string message;                   // for people
  std::vector<std::string> request_ids;  // of the writes: how CloudTrail names them
  int writes = 0;                        // mutating calls sent
  Time started;
  Time finished;
  std::optional<CapturedState> after;

  bool operator==(const StepOutcome&) const = default;
};
std::string_view to_string(StepOutcome::Result);

// ---- guards' data ------------------------------------------------------------------------------------------------

struct Exception {
  std::string id;
  std::string rule;    // an id, or "*"
  std::string target;  // exact, or with one * at its end
  std::string owner;
  std::string reason;
  Time expires;
  std::string added_by;
  Time added;

  bool operator==(const Exception&) const = default;
};

struct Pause {
  std::string scope;  // "all", "rule:ID", "account:ID"; "file:PATH": the pause file, told to the ledger by the engine
  std::string reason;
  std::string by;
  Time since;

  bool operator==(const Pause&) const = default;
};

// A person's yes to a remediation as it was then.
struct Approval {
  std::string actor;
  Time at;
  Digest digest;  // of plan, policy and the state before

  bool operator==(const Approval&) const = default;
};

// A rule that wanted to act on too many targets at once: it is held until a person lets it go on.
struct MassMatch {
  Time since;
  int targets = 0;

  bool operator==(const MassMatch&) const = default;
};

// What a rule's remediations on one account have come to lately.
struct RuleBreaker {
  Breaker breaker;
  std::string probe;                            // the remediation that was let through to see; empty: none
  std::string error;                            // of the last that failed
  std::optional<Time> last_due = std::nullopt;  // when the last of those that wait for it asks again

  bool operator==(const RuleBreaker&) const = default;
};

// An attempt as own-change recognition looks for it.
struct AttemptTrace {
  std::string remediation;
  std::string target;
  std::string mark;
  std::vector<std::string> touches;
  bool settled = false;  // each of its writes has an answer, which names the request

  bool operator==(const AttemptTrace&) const = default;
};

// ---- claims --------------------------------------------------------------------------------------------------------

// What a rule has confirmed about a target (plan.rule, plan.target), to be looked at again by reconcile.
struct Claim {
  std::string remediation;  // that confirmed it
  Plan plan;                // what stays of its plan: nothing that isolates
  Policy policy;
  nlohmann::json shown_plan;  // as in Finding
  std::string account;        // the event's
  Time confirmed;
  Time last_seen;     // when a live event told of the target last
  int64_t found = 0;  // findings that reconcile has made of it

  bool operator==(const Claim&) const = default;
};

// A place in the order of claims: by phase (their place on reconcile's dial, claim.h), rule and target.
struct ClaimPlace {
  uint32_t phase = 0;
  std::string rule;
  std::string target;

  auto operator<=>(const ClaimPlace&) const = default;
};

// ---- notices -----------------------------------------------------------------------------------------------------

// A notice to one channel, from the commit that it tells of until it is delivered or given up.
struct Notice {
  int64_t number = 0;  // given by the ledger
  std::string id;      // stable over retries: what receivers de-duplicate by
  std::string channel;
  std::string type;     // "kedge.remediation.confirmed", ...
  nlohmann::json data;  // what it tells
  Time created;
  int attempts = 0;
  Time due;

  bool operator==(const Notice&) const = default;
};

// ---- the journal -------------------------------------------------------------------------------------------------

struct JournalEntry {
  int64_t seq = 0;
  std::string bytes;  // canonical JSON, final

  bool operator==(const JournalEntry&) const = default;
};

}  // namespace kedge
