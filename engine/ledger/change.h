// Change: what may be asked of the ledger. A closed set of typed commands; each is applied whole or not at all.
//
// A remediation moves only by a Change, and only as the table in plan/state.h allows. Each Change writes the records
// that tell of it. Ids, marks and observations come in as arguments: the ledger makes up nothing but numbers, and the
// time is its own (contracts §7).
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "guard/breaker.h"
#include "ledger/values.h"

namespace kedge {

// ---- from lanes and sources --------------------------------------------------------------------------------------

// Something about the reading of a partition that people must be told, and that moves no position.
struct NotePosition {
  PartitionId partition;
  std::string note;
  nlohmann::json details = nlohmann::json::object();
  bool stop = false;   // batches of the partition are refused until it is claimed anew, and people are told
  std::string reason;  // why, in words
};

// Something that people must hear of and that is nobody's remediation: our principal without an attempt, a stopped
// partition, a benched rule.
struct RaiseAlarm {
  std::string kind;
  std::string message;
  nlohmann::json details = nlohmann::json::object();
  std::vector<std::string> notify;
};

// Everything that a lane decided about a batch, and the positions behind it. Refused as a whole when a partition's
// (epoch, from) is not what is stored; a finding is never a reason to refuse.
struct CommitBatch {
  std::vector<PositionMove> moves;
  std::vector<Finding> findings;
  std::vector<Suppression> suppressions;
  std::vector<DeadLetter> dead_letters;
  std::vector<Count> counts;
  std::vector<RaiseAlarm> alarms;   // that the events gave cause for: whoever dies behind this commit has told of them
  std::vector<NotePosition> notes;  // written last. A stop in it holds from behind this batch on: never without it
};

// What became of each finding, in order. Compared are the open remediations of the same rule and target: one with the
// same plan and policy is joined. Without such a one a new remediation opens: what has written nothing gives way to it,
// what has written goes on to its end, is observed once more, and the new one waits for its locks. One that is being
// undone is never joined. A redriven event is old, and what comes of it waits for a person: it takes the place of no
// remediation of a live event, and a live event joins none of a redriven one that has written nothing.
struct Disposition {
  enum class Kind {
    opened,      // a new remediation
    duplicate,   // its key was seen before: counted
    joined,      // one with the same plan is open; it ends confirmed only by an observation begun after this commit
    superseding  // a new remediation, in the place of one that had not written anything
  };
  Kind kind = Kind::opened;
  std::string remediation;  // the one that is open now; of a duplicate: empty

  bool operator==(const Disposition&) const = default;
};

// Sets the position of a partition that is about to be read, or on purpose: each claim of an assigned partition, the
// first start, a gap, a person's accept, adopt or seek. All in one commit, or none (refused, conflict: one of them is
// no longer as found). Each gets the epoch after the one found, or 1; the answer has them in order. A stopped partition
// is no longer stopped: whoever claims it has judged that it may be read.
struct ClaimPositions {
  struct Claim {
    PartitionId partition;
    std::optional<Position> found;  // refused if the ledger holds something else now
    Position wanted;                // its epoch does not count
    std::string note;               // not empty: a record of kind "position" says why ("gap", "first start", "seek")
    nlohmann::json details = nlohmann::json::object();
  };
  std::vector<Claim> claims;
  std::string actor;  // who; empty for the engine
};

// A person says where a partition is to be read from. The raised epoch refuses every batch from before, and shows the
// group's offset to be the older one, so that reading back is no sign of a ledger that is older than the world. What
// stopped the partition is over. Ranges of dead letters that begin there or behind are dropped: their messages are read
// again. Refused: a partition that was never read (not_found), or whose position is of another cluster (conflict).
struct SeekPosition {
  PartitionId partition;
  std::string cluster;  // where `next` was looked for
  int64_t next = 0;
  std::string actor;
  std::string reason;
};

// ---- from the executor -------------------------------------------------------------------------------------------

struct StepBefore {
  size_t step = 0;
  bool holds = false;  // the desired state held already
  CapturedState state;
};

// Asks the gate. Inside it all befores become durable together with the first attempt, its locks and its budget, or
// with the hold. Requires that no attempt on any touched key was open or ended since the observation began.
//
// It is of all effect steps, or of the first ones: isolation does not wait for what cannot be observed at once. Each
// later part has a Start of its own, out of running, of steps that no Start has been of. No step is attempted before.
struct Start {
  std::string remediation;
  int64_t observed_from = 0;         // the journal's head when the observation began
  std::vector<std::string> touches;  // all keys, aliases that the world resolved included
  std::vector<StepBefore> befores;   // of every step that it is of; at least one does not hold
  size_t step = 0;                   // the first that does not hold
  std::string mark;
  std::optional<OpenBreaker> breaker = std::nullopt;  // of the endpoint that the attempt would call, where it is open
};

// The answers of Start and Attempt.
enum class Go {
  go,             // the attempt is durable: the world may be written
  held,           // the remediation is held now
  wait,           // it waits now, until `due`
  refused,        // it ended, refused
  observe_again,  // something happened since the observation: look again
};
struct GoAnswer {
  Go go = Go::go;
  std::string guard;
  std::string reason;
  std::optional<Time> due;

  bool operator==(const GoAnswer&) const = default;
};

// A further attempt: of the same step, or of the next one. The outcome of the attempt before it comes along, so that
// both cost one sync; it stays written when the attempt is held. Pause, rule, breaker and locks are checked again.
struct Attempt {
  std::string remediation;
  std::optional<StepOutcome> previous;
  size_t step = 0;
  int attempt = 1;  // one more than StepProgress::attempts, else refused
  std::string mark;
  std::optional<OpenBreaker> breaker = std::nullopt;  // as in Start
};

// An attempt ended, and no other follows at once. Refused (conflict) when the outcome carries a mark that is not the
// one of the step's latest attempt; a step that was found to hold without an attempt has an empty mark.
struct RecordOutcome {
  std::string remediation;
  StepOutcome outcome;
  Move move = Move::apply_all;  // apply_all, outcome, lose_sight, fail, undo or hold
  std::string reason;
};

// The end; or, with `isolate`, all is confirmed, and what isolates stands as a lease. `confirm` from planned means: all
// held already, there was no effect; from releasing: the lease is released, and read back. `announce` is the end of a
// plan without a step, and of no other: nothing was looked at. Answered with observe_again when a finding of the same
// rule and target was committed after the observation began (contracts §4).
struct Conclude {
  std::string remediation;
  Move move = Move::confirm;  // confirm, give_up_confirming, finish_undo, refuse, fail, isolate, announce
  int64_t observed_from = 0;
  std::vector<std::pair<size_t, CapturedState>> afters;  // of the steps that were observed last
  std::string reason;
  nlohmann::json details = nlohmann::json::object();  // an undo's refusal: the difference
};

// An attempt of an undo (or release), committed before its first write. While paused, or where a breaker is open, the
// answer is Go::wait: the state stays, one record and the remediation's guard and reason say why, and `due` says when
// to ask again.
struct AttemptUndo {
  std::string remediation;
  std::optional<StepOutcome> previous;
  size_t step = 0;
  int attempt = 1;
  std::string mark;
  std::optional<OpenBreaker> breaker = std::nullopt;  // as in Start
};

// An executor's own hold, wait or end of one. A release is refused before the lease is over; where as many were
// released lately as may be, the answer is Go::wait, and `due` says when to ask again: nothing was moved. A hold of
// what has not begun is answered with the `due` of its end, as what a guard holds has one (gate).
struct MoveRemediation {
  std::string remediation;
  Move move = Move::hold;  // hold, wait, resume, supersede, expire, undo, release
  std::string guard;
  std::string reason;
  nlohmann::json figures = nlohmann::json::object();
  std::optional<Time> due;  // wait: when it is looked at again; none: as soon as what it waits for is over
};

// ---- from reconcile ----------------------------------------------------------------------------------------------

// A claim's target is no longer as it was confirmed: a finding of origin `reconcile` with the claim's plan and policy.
// While a remediation of the same rule and target is open nothing is made of it: the answer has no disposition then.
// Refused where the claim has ended, or is that of a later confirmation than was looked at.
struct FindDrift {
  std::string rule;
  std::string target;
  std::string claim;        // its remediation, when it was read
  std::string remediation;  // the id (UUIDv7) that the remediation gets
  std::string summary;      // what was seen, for people
  Time observed;
};

// A claim has not been seen in an event for so long that it is over. Refused where that is not so.
struct ExpireClaim {
  std::string rule;
  std::string target;
  std::string claim;  // its remediation, when it was read
};

// ---- from people -------------------------------------------------------------------------------------------------

// approve (one that is held or waits goes back to observation, with a person's yes), retry (one that waits does, with
// no yes: refused for one that is held), cancel (reject), undo (open, or ended within the undo horizon: it is open
// again then, with its locks), release (the lease of an isolation, before it is over). An undo is refused where nothing
// was written, or another holds a lock.
struct PersonalMove {
  std::string remediation;
  Move move = Move::cancel;  // resume, cancel, undo, release
  std::string actor;
  std::string reason;
  bool approves = true;  // resume: whether guards may take it for a yes
};

struct AddException {
  Exception exception;
};
struct RevokeException {
  std::string id;
  std::string actor;
};
// Takes the place of a pause of the same scope.
struct AddPause {
  Pause pause;
};
// What the pause alone has held goes back to observation. With the scope rule:ID also ends a mass match of the rule:
// what it has held goes on, and what is found from now on is counted anew; and closes the rule's breakers.
//
// After a storm that is much: one commit takes a part of it, and its answer says from where on there is more, which the
// committer then asks for by itself. The pause ends with the first of these commits, the mass match with the last. Who
// dies between two of them leaves the rest held, and the same Change of a person lets it go.
struct RemovePause {
  std::string scope;
  std::string actor;
  bool goes_on = false;    // not the first of these commits: it ends no pause
  std::string after = "";  // the last remediation that the one before has looked at

  bool operator==(const RemovePause&) const = default;
};
// The wall clock is right, a person says, although it is far from ledger time. Refused where it is not in doubt.
struct AcceptClock {
  std::string reason;
  std::string actor;
};
// The dead letters with these numbers are dropped. Those that are gone already are passed over; refused when none is
// there.
struct CloseDeadLetters {
  std::vector<int64_t> numbers;
  std::string actor;
  std::string outcome;  // "discarded"
};
// A dead letter was decided anew: what came of it and the letter's end are one commit, so it is neither lost nor
// decided twice; what was decided before (its key was seen) is a duplicate here too. Refused when the letter is gone,
// and (limit) when dead letters that came of it have no room: it stays whole then.
struct RedriveDeadLetter {
  int64_t number = 0;
  std::string actor;
  std::string outcome;  // "decided", "nothing" (no rule wants anything done), "unmatched", "failed"
  CommitBatch decided;  // without moves and notes. Findings are of origin "redrive"
  struct Failure {
    std::string reason;
    std::string message;
    std::string rule_version;
  };
  std::optional<Failure> failure;  // failed: the letter stays, with this reason and one redrive more
};

// An event that was decided before was run again by one rule, because a person wants it: what came of it, who asked and
// why are one commit. Refused (conflict) while the remediation that is run again is open.
struct RerunEvent {
  std::string remediation;  // what is run again: this remediation's event,
  int64_t suppression = 0;  // ... or, where that is empty, the event of the suppression with this number
  RuleVersion rule;         // that ran now
  int64_t redrive = 0;      // the number that is in the keys of what came of it (contracts §4)
  std::string actor;
  std::string reason;
  std::string outcome;       // "decided", "nothing" (the rule wants nothing done), "unmatched", "failed"
  std::string message = "";  // failed: why
  CommitBatch decided;       // findings, of origin "redrive", suppressions and alarms
};

// ---- from the daemon ---------------------------------------------------------------------------------------------

struct LoadedRule {
  std::string id;
  std::string version;
  Policy policy;
  std::string bundle;  // its files, as one JSON text: kept by digest, so that old decisions can be computed again
};
// A rule set is in force. The gate uses the stricter of the stored policy and the rule's current one; a rule that is
// gone or off holds what has not written, and lets it go on when it is back (WakeStanding). Claims of a rule that is
// gone or off, or does not ask for reconcile any more, end.
struct LoadRules {
  std::string digest;
  std::string directory;
  std::vector<LoadedRule> rules;
};
// Those that stand still behind something that is over now: that their rule is gone or off, or its breaker. A Change
// that ends it lets a part of them go on, and the committer asks for the next part by itself, until none is left. Who
// dies between two of them finds the rest again: LoadRules and NoteStart look for all that stand still for nothing.
struct WakeStanding {
  std::string key;    // standing_key of each
  std::string after;  // the last remediation that the one before has looked at
  std::string cause;  // as records tell it
  std::string actor;  // empty: the engine

  bool operator==(const WakeStanding&) const = default;
};
struct NoteStart {
  std::string version;
  std::string configuration_digest;
  std::string boot_id;
  std::vector<std::string> loosened = {};  // settings of guards that are looser than their defaults
};
struct NoteStop {
  std::string reason;
};

// ---- from the notifier -------------------------------------------------------------------------------------------

struct NoticeDelivered {
  int64_t number = 0;
  std::string id;  // what was delivered
  int status = 0;
};
struct NoticeDeferred {
  int64_t number = 0;
  Time due;
  std::string error;
};
struct NoticeGivenUp {
  int64_t number = 0;
  std::string error;
};

using Change =
    std::variant<CommitBatch, ClaimPositions, NotePosition, SeekPosition, Start, Attempt, RecordOutcome, Conclude,
                 AttemptUndo, MoveRemediation, FindDrift, ExpireClaim, PersonalMove, AddException, RevokeException,
                 AddPause, RemovePause, AcceptClock, CloseDeadLetters, RedriveDeadLetter, RerunEvent, LoadRules,
                 WakeStanding, NoteStart, NoteStop, RaiseAlarm, NoticeDelivered, NoticeDeferred, NoticeGivenUp>;

// ---- answers -----------------------------------------------------------------------------------------------------

enum class Outcome {
  done,
  refused,  // a precondition failed, nothing of this Change was written
  no_room,  // rolled back: the disk is full or read-only
  unknown,  // whether it was written is not known (a shared ledger's connection was lost): read, then decide
  final,    // a sync failed or the file is damaged: the process must end
};

// What a Change leaves to later commits.
using FollowUp = std::variant<RemovePause, WakeStanding>;

struct Answer {
  Outcome outcome = Outcome::done;
  Error error{ErrorCode::internal, ""};   // meaningful unless done
  std::vector<Disposition> dispositions;  // CommitBatch, RedriveDeadLetter, RerunEvent, FindDrift
  std::vector<uint64_t> epochs;           // ClaimPositions, SeekPosition
  std::optional<GoAnswer> go;             // Start, Attempt, AttemptUndo, Conclude (go or observe_again)
  // What may be worked on since this commit: every remediation that it moved into planned or undoing, as a whole value.
  // Those that waited for a lock come back here in the commit that frees it. A receiver may already have it in hand.
  std::vector<Remediation> runnable;
  int64_t notices = 0;         // that it put into the outbox
  std::vector<FollowUp> more;  // there is more that goes on now than one commit should do
  int64_t seq = 0;             // the journal's head with this Change

  bool done() const { return outcome == Outcome::done; }
};

}  // namespace kedge
