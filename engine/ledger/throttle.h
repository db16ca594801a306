// What keeps a rule that finds without end from being told of without end. Of its notices of one kind to one channel
// the first of a span go out at once; what follows within the span is folded into one digest, which is due when the
// span ends, and begins the next one. A rule's own `throttle` lets one go. Alarms are told in the same way, those of
// one kind together. Nothing but the telling waits. Pure functions.
#pragma once

#include <string>

#include "base/time.h"
#include "ledger/values.h"

namespace kedge {

// How many go out by themselves before the rest of a span is folded.
struct NoticePace {
  int alone = 5;
  Duration span = std::chrono::minutes(10);

  bool operator==(const NoticePace&) const = default;
};

// How far one rule's notices of one kind to one channel have been told.
struct Throttle {
  std::string rule;  // empty: alarms
  std::string channel;
  std::string kind;    // kind_of
  Time until;          // the end of the span; of one that is over, what is told next begins another
  int alone = 0;       // how many of the span went out by themselves
  int64_t digest = 0;  // the number of the notice that tells of the rest when the span ends; 0: there is no rest yet

  bool operator==(const Throttle&) const = default;
};

// What is told once: the notice's type, and the guard or the kind of alarm that it is about.
std::string kind_of(const Notice&);

// Counts a notice at `now`. True: it goes out by itself. False: it belongs into the digest of the span.
bool goes_alone(Throttle& throttle, const NoticePace& pace, Time now);

// The digest that tells of one notice, due at `due`; its id is that of the notice.
Notice digest_of(const Notice& notice, Time due);

// Adds a notice to a digest: it counts all, and tells of the first kDigestNotices one by one. The digest has the id of
// the last: one that grew while it was on its way is another one, for the ledger and for who receives it.
void fold_into(Notice& digest, const Notice& notice);

constexpr size_t kDigestNotices = 20;
constexpr const char* kDigestType = "kedge.digest";

}  // namespace kedge
