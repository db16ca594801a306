// Records: what the journal tells. RECORDS.md beside this file has the schema of each kind with an example.
//
// A record's body is made here from the values of a Change; the ledger seals it with its number and time as the last
// thing before it is written. From then on its bytes are final.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ledger/change.h"

namespace kedge {

struct Record {
  std::string kind;
  nlohmann::json body = nlohmann::json::object();
};

struct Sealed {
  std::string bytes;               // canonical JSON, at most bytes_max
  std::vector<std::string> parts;  // what went in by its digest: to be kept as blobs
};

// {"v":1,"seq","at","kind", ...the body}. Parts that do not fit are replaced by {"sha256","bytes"}, the largest first.
// What canonical JSON cannot carry (a float, a larger integer, bad UTF-8) is written as text.
Sealed seal(Record, int64_t seq, Time at, size_t bytes_max);

Record genesis_record(const std::string& ledger_id, int schema);
struct Restoration;
Record restoration_record(const Restoration&, const std::string& ledger_id, const std::string& actor);

// `disposition`: "opened", "joined" or "superseding".
Record plan_record(const Finding&, const std::string& disposition, const Remediation& open);
Record suppression_record(const Suppression&);
// Suppressions of one rule beyond the minute's number: how many, and a digest over their keys, guards and targets.
struct FoldedSuppressions {
  std::string rule;
  int64_t minute = 0;  // since 1970, ledger time
  int64_t count = 0;   // all of the minute, those with a record of their own too
  int64_t folded = 0;
  Digest digest;
};
Record folded_record(const FoldedSuppressions&);
// The digest over a list, one entry longer.
Digest fold(const Digest& before, const Suppression&);

// Kind dead_letter, or rule_failure where a rule failed on a good event.
Record dead_letter_record(const DeadLetter&);
Record dead_letter_record(const DeadLetterRange&);
Record position_record(const ClaimPositions::Claim&, const Position& now, const std::string& actor);
Record position_record(const NotePosition&);
// `ranges`: of dead letters, dropped with it.
Record position_record(const SeekPosition&, const StoredPosition& before, const Position& now, int64_t ranges);

// What every record about a remediation has: its id, rule, target.
nlohmann::json about(const Remediation&);
// A move: from, to and the reason it stands still for, with `details` besides.
Record move_record(const Remediation& after, const Transition&, const nlohmann::json& details);

nlohmann::json attempt_details(const Remediation&, size_t step, int attempt, const std::string& mark, bool undo);
nlohmann::json befores_details(const Start&);
nlohmann::json approval_details(const Remediation&);
nlohmann::json outcome_details(const Remediation&, const StepOutcome&);
// An outcome that comes along with the next attempt, and so moves nothing by itself.
Record outcome_record(const Remediation&, const StepOutcome&);
nlohmann::json conclusion_details(const Remediation& ended, const Conclude&);

Record exception_record(const std::string& action, const Exception&, const std::string& actor);
Record pause_record(const Pause&);
Record resume_record(const Pause& ended, const std::string& actor);
Record resume_record(const std::string& rule, const MassMatch& ended, const std::string& actor);
Record resume_record(const std::string& rule, const std::string& account, const RuleBreaker& ended,
                     const std::string& actor);
Record redrive_record(const CloseDeadLetters&, const std::vector<int64_t>& closed);
Record redrive_record(const RedriveDeadLetter&, const std::vector<Disposition>&);
Record rerun_record(const RerunEvent&, const std::vector<Disposition>&);
Record rules_record(const LoadRules&, int64_t claims_ended);
Record claim_record(const Claim& expired);
Record start_record(const NoteStart&);
Record stop_record(const NoteStop&);
Record clock_record(const AcceptClock&, Time now, Duration ahead);
Record alarm_record(const RaiseAlarm&);
// `delivered` or given up.
Record notice_record(const Notice&, bool delivered, int status, const std::string& error);

}  // namespace kedge
