// Notifier: tells one channel of one notice. An edge of the world; one implementation a kind of channel.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "ledger/values.h"

namespace kedge {

// What came of one try.
struct Delivery {
  enum class Kind {
    delivered,
    retry,      // later, after retry_after where the receiver asked for it
    permanent,  // this notice cannot be delivered
    disabled,   // the channel itself is gone (404, 410): nothing more is sent there until a person looks
  };
  Kind kind = Kind::delivered;
  int status = 0;     // HTTP; 0 when there was no answer
  std::string error;  // for records and people: it holds no URL, no secret and no words of the receiver's
  std::optional<Duration> retry_after;

  bool operator==(const Delivery&) const = default;
};

// May be called from one thread at a time.
class Notifier {
 public:
  virtual ~Notifier() = default;

  // Blocks until there is an answer or the channel's timeout is over; soon after `stop` is requested, too (retry).
  virtual Delivery deliver(const Notice&, Time now, std::stop_token stop) = 0;
};

}  // namespace kedge
