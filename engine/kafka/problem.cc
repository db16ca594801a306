#include "kafka/problem.h"

namespace kedge {
namespace {

using Kind = KafkaProblem::Kind;

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Before 2.6.1 the client sends its nonce twice; Kafka 4 compares strictly and answers as to a wrong password.
bool scram_is_broken(const ClientFacts& client) {
  constexpr int kFixedIn = 0x020601ff;
  return has(client.mechanism, "SCRAM") && client.library_version < kFixedIn;
}

KafkaProblem sasl_refused(const ClientFacts& client) {
  std::string text =
      "the broker refused the log-in by SASL " + client.mechanism + ": check sasl.username and sasl.password";
  if (scram_is_broken(client)) {
    text += ". If they are right and the broker is Kafka 4.0 or later: this librdkafka (" +
            std::string(rd_kafka_version_str()) +
            ") cannot log in there by SCRAM; 2.6.1 mends it. Until then use PLAIN over TLS, or client certificates";
  }
  return {.kind = Kind::log_in, .text = std::move(text)};
}

// With TLS 1.3 a client believes that it is in before the broker has looked at its certificate: the refusal then comes
// as a connection that failed while something was read.
bool is_tls_alert(std::string_view reason) { return has(reason, "SSL routines") && has(reason, " alert "); }

bool is_about_our_certificate(std::string_view alert) {
  for (const char* said : {"certificate required", "handshake failure", "bad certificate", "unknown ca",
                           "certificate unknown", "certificate expired"}) {
    if (has(alert, said)) return true;
  }
  return false;
}

KafkaProblem tls_failed(std::string_view reason) {
  std::string remedy = "check ssl.ca.location and security.protocol";
  if (has(reason, "certificate verify failed") || has(reason, "self-signed") || has(reason, "unable to get")) {
    remedy =
        "no known authority signed the broker's certificate, or it is not for this host: set ssl.ca.location to the "
        "file with the CA's certificate, and connect by the name in the certificate";
  } else if (has(reason, "alert") && is_about_our_certificate(reason)) {
    remedy =
        "the broker wants a certificate of ours that an authority in its truststore vouches for: set "
        "ssl.certificate.location and ssl.key.location";
  } else if (has(reason, "wrong version number")) {
    remedy = "this listener does not speak TLS: check the port, or security.protocol";
  }
  return {.kind = Kind::log_in, .text = "TLS to the broker failed: " + remedy};
}

KafkaProblem unreachable(std::string_view reason, const ClientFacts& client) {
  std::string text = "no broker answers at " + client.brokers + ": check `brokers`, and that one listens there";
  if (has(reason, "ApiVersion")) {
    text +=
        ". The connection was closed at its first request: the listener may want TLS or SASL (security.protocol is `" +
        client.protocol + "`)";
  }
  return {.kind = Kind::unreachable, .text = std::move(text)};
}

// A broker that goes away, or a load balancer that has seen enough: OpenSSL 3 calls it an error of TLS.
KafkaProblem hung_up(const ClientFacts& client) {
  return {.kind = Kind::unreachable,
          .text = "the connection over TLS to " + client.brokers + " was closed by the other side; trying again"};
}

KafkaProblem classify(rd_kafka_resp_err_t code, std::string_view reason, const ClientFacts& client) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
      return is_tls_alert(reason) ? tls_failed(reason) : unreachable(reason, client);
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
      return unreachable(reason, client);
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return {.kind = Kind::unreachable,
              .text = "a broker's name is not known to the resolver: check `brokers` (" + client.brokers +
                      ") and the broker's advertised.listeners"};
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return sasl_refused(client);
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
      return {.kind = Kind::log_in,
              .text = "the broker does not offer SASL " + client.mechanism +
                      " on this listener: check sasl.mechanism and the port"};
    case RD_KAFKA_RESP_ERR__SSL:
      return has(reason, "unexpected eof") ? hung_up(client) : tls_failed(reason);
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return {.kind = Kind::not_allowed,
              .text = "the broker does not let us read the topic: grant READ and DESCRIBE on it"};
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return {.kind = Kind::not_allowed,
              .text = "the broker does not let us use the group: grant READ on group `" + client.group + "`"};
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return {.kind = Kind::not_allowed, .text = "the broker does not allow it: an ACL on the cluster is missing"};
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return {
          .kind = Kind::no_topic,
          .text = "the topic is not there: create it, or mend its name in `topics`; it is read as soon as it is there"};
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR__NO_OFFSET:
      return {.kind = Kind::out_of_range, .text = "the offset to read next is not in the log"};
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
      return {.kind = Kind::fenced,
              .fatal = true,
              .text = "another process joined the group with our instance name `" + client.instance +
                      "`: each node needs a name of its own (setting `instance`)"};
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
      return {.kind = Kind::other,
              .text = "the group `" + client.group +
                      "` holds members that assign otherwise than by `range`: use a group "
                      "of our own"};
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
      return {.kind = Kind::other, .text = "the client left the group: it was not polled for max.poll.interval.ms"};
    default:
      return {.kind = Kind::other, .text = rd_kafka_err2str(code)};
  }
}

}  // namespace

KafkaProblem explain(rd_kafka_resp_err_t code, std::string_view reason, const ClientFacts& client) {
  KafkaProblem problem = classify(code, reason, client);
  if (!reason.empty() && problem.text != reason) problem.text += " [" + std::string(reason) + "]";
  return problem;
}

Error to_error(const KafkaProblem& problem) {
  switch (problem.kind) {
    case Kind::unreachable:
      return {ErrorCode::unavailable, problem.text};
    case Kind::log_in:
    case Kind::not_allowed:
    case Kind::fenced:
      return {ErrorCode::refused, problem.text};
    case Kind::no_topic:
      return {ErrorCode::not_found, problem.text};
    case Kind::out_of_range:
      return {ErrorCode::conflict, problem.text};
    case Kind::other:
      return {ErrorCode::unavailable, problem.text};
  }
  return {ErrorCode::internal, problem.text};
}

}  // namespace kedge
