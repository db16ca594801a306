// Notices: which commits people hear of, on which channels, and what they are told. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/change.h"

namespace kedge {

// What the ledger needs to know to write a notice.
struct NoticeContext {
  const std::string& ledger_id;
  const std::vector<std::string>& alarm_channels;        // hear of alarms, holds, failures and what is unconfirmed
  const std::vector<std::string>& dead_letter_channels;  // get each dead letter, and nothing else
  int64_t seq = 0;                                       // of the record that the notice tells of
  Time now;
};

// Of a move that people hear of: held, confirmed (where something was done), announced, failed, unconfirmed, refused,
// undone, expired. `was`: the remediation before the move; a hold by the guard that holds it already is not told again,
// and of a mass match only the first is.
std::vector<Notice> notices_of(const Remediation& after, const Transition&, const std::string& was_guard,
                               const NoticeContext&);

// Of a suppression in mode shadow: what would have been done.
std::vector<Notice> notices_of(const Suppression&, const NoticeContext&);

std::vector<Notice> notices_of(const RaiseAlarm&, const NoticeContext&);

// Of a dead letter, as kept: with its bytes. Of a range: that it begins.
std::vector<Notice> notices_of(const DeadLetter&, const NoticeContext&);
std::vector<Notice> notices_of(const DeadLetterRange&, const NoticeContext&);

// What people are told of a partition that is stopped.
RaiseAlarm alarm_of(const NotePosition&);
// Of one that takes back by itself what it wrote (undoes_itself): the drift is there again, and a person has to know.
std::vector<Notice> notices_of_own_undo(const Remediation&, const NoticeContext&);
// Of a claim with this note: records were gone before they were read.
inline constexpr std::string_view kGap = "gap";
RaiseAlarm alarm_of_gap(const ClaimPositions::Claim&);

}  // namespace kedge
