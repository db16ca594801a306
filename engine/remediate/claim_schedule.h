// ClaimSchedule: which claims reconcile looks at, and when. It has no thread, lock or clock itself.
//
// Each claim has its place on a dial (ledger/claim.h), and a hand goes round once in `every`, by ledger time, so that a
// restart begins no new round. What the hand has passed is read from the ledger and waits for a place. How much that is
// depends on how many claims there are, and on nothing that was seen of them: the work is the same whether anything has
// drifted or not, and what cannot be looked at comes again with its next round, not sooner.
//
// Where there are more claims than may be looked at within a round, it takes longer. An endpoint has no more than half
// of the places, and where it does not keep up, what would wait for it too long is passed over.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/values.h"
#include "remediate/options.h"

namespace kedge {

class ClaimSchedule {
 public:
  static constexpr size_t kReadAtOnce = 100;
  static constexpr size_t kWaitingMost = 2 * kReadAtOnce;  // for one endpoint

  ClaimSchedule(const ReconcileOptions&, Time now);

  // The claims that are to be read now; none: nothing is.
  struct Part {
    ClaimPlace after;
    uint32_t until = 0;  // this phase included
    size_t limit = kReadAtOnce;
  };
  std::optional<Part> part(Time now) const;

  struct Look {
    Claim claim;
    std::string endpoint;
  };
  // What was read of the last part. Fewer than its limit: there are no more in it.
  void read(Time now, const Part&, std::vector<Look>);
  // It could not be read: it is asked for again a little later.
  void unread(Time now);

  // Takes out one that may be looked at now; none: none may.
  std::optional<Look> take(Duration elapsed);
  // A place at the endpoint is free again.
  void came_back(const std::string& endpoint);

  // How long nothing is to be done, unless one comes back.
  Duration nap(Time now, Duration elapsed) const;

  struct Figures {
    int64_t claims = 0;            // in the last full round
    std::optional<Time> round_at;  // when it ended
    int64_t passed_over = 0;
  };
  const Figures& figures() const { return figures_; }

 private:
  struct Hand {
    int64_t turn = 0;
    uint32_t phase = 0;
  };
  Hand hand_at(Time) const;
  bool may_go(const std::string& endpoint) const;
  size_t ready() const;

  // Constant after construction.
  const ReconcileOptions options_;
  const Duration tick_;     // between two looks at the hand
  const Duration spacing_;  // between two claims
  const int per_endpoint_;

  int64_t turn_;  // up to this place of this turn claims were read
  ClaimPlace place_;
  Time next_part_;
  Duration next_take_{};
  int64_t round_ = 0;                                 // claims read of the turn at hand ...
  bool is_whole_ = false;                             // ... which began at its beginning
  std::map<std::string, std::deque<Claim>> waiting_;  // by endpoint; none is empty
  std::map<std::string, int> out_;                    // by endpoint
  std::string last_endpoint_;                         // the one that was served last
  Figures figures_;
};

}  // namespace kedge
