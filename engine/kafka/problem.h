// What the client library reports as wrong, in words that help: what it means, and what mends it.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace kedge {

struct KafkaProblem {
  enum class Kind {
    unreachable,   // no broker answers; the client goes on trying
    log_in,        // TLS or SASL: the broker, or we, refused
    not_allowed,   // an ACL is missing
    no_topic,      // the topic or partition is not there
    out_of_range,  // the offset asked for is not in the log
    fenced,        // another process has our instance's name: fatal
    other,
  };
  Kind kind = Kind::other;
  bool fatal = false;   // this client will not work again
  std::string text;     // for people; holds no secret
  std::string topic{};  // set where it concerns one partition
  int32_t partition = -1;

  bool operator==(const KafkaProblem&) const = default;
};

// What must be known beside the error itself to explain it.
struct ClientFacts {
  std::string brokers;
  std::string group;
  std::string instance;
  std::string mechanism;    // SASL's, empty without SASL
  std::string protocol;     // security.protocol
  int library_version = 0;  // rd_kafka_version()
};

// Pure. `reason`: what the library said, already redacted.
KafkaProblem explain(rd_kafka_resp_err_t, std::string_view reason, const ClientFacts&);

// The problem as the Error of a call that failed.
Error to_error(const KafkaProblem&);

}  // namespace kedge
