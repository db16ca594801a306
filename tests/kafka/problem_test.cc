#include "kafka/problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using Kind = KafkaProblem::Kind;
using testing::HasSubstr;
using testing::Not;

ClientFacts client(int version = 0x020002ff, std::string mechanism = "PLAIN") {
  return {.brokers = "kafka-1:9092",
          .group = "kedge-prod",
          .instance = "node-1",
          .mechanism = std::move(mechanism),
          .protocol = "plaintext",
          .library_version = version};
}

TEST(Explain, SaysWhichVersionMendsScramOnKafka4) {
  const auto problem =
      explain(RD_KAFKA_RESP_ERR__AUTHENTICATION, "invalid credentials", client(0x020002ff, "SCRAM-SHA-256"));
  EXPECT_EQ(problem.kind, Kind::log_in);
  EXPECT_THAT(problem.text, HasSubstr("2.6.1 mends it"));
  EXPECT_THAT(problem.text, HasSubstr("PLAIN over TLS"));
  EXPECT_THAT(problem.text, HasSubstr("invalid credentials"));
}

TEST(Explain, DoesNotBlameTheLibraryWhereItIsNotAtFault) {
  for (const auto& innocent : {client(0x020601ff, "SCRAM-SHA-256"), client(0x020002ff, "PLAIN")}) {
    const auto problem = explain(RD_KAFKA_RESP_ERR__AUTHENTICATION, "refused", innocent);
    EXPECT_THAT(problem.text, HasSubstr("check sasl.username and sasl.password"));
    EXPECT_THAT(problem.text, Not(HasSubstr("2.6.1")));
  }
}

TEST(Explain, NamesTheSettingForEachFailureOfTls) {
  const auto text = [](const char* reason) { return explain(RD_KAFKA_RESP_ERR__SSL, reason, client()).text; };
  EXPECT_THAT(text("certificate verify failed: self-signed certificate"), HasSubstr("ssl.ca.location"));
  EXPECT_THAT(text("tlsv13 alert certificate required"), HasSubstr("ssl.certificate.location"));
  EXPECT_THAT(text("wrong version number"), HasSubstr("does not speak TLS"));
}

// So it comes from Kafka by TLS 1.3.
TEST(Explain, KnowsAnAlertAboutOurCertificateInAConnectionThatFailed) {
  const auto problem =
      explain(RD_KAFKA_RESP_ERR__TRANSPORT,
              "Receive failed: ssl3_read_bytes error:0A000412:SSL routines::sslv3 alert bad certificate: "
              "SSL alert number 42",
              client());
  EXPECT_EQ(problem.kind, Kind::log_in);
  EXPECT_THAT(problem.text, HasSubstr("ssl.certificate.location"));
}

// Nothing is wrong with any certificate.
TEST(Explain, TakesAnUnexpectedEndOfTlsForABrokerThatWentAway) {
  const auto problem =
      explain(RD_KAFKA_RESP_ERR__SSL, "SSL transport error: error:0A000126:SSL routines::unexpected eof while reading",
              client());
  EXPECT_EQ(problem.kind, Kind::unreachable);
  EXPECT_THAT(problem.text, HasSubstr("trying again"));
  EXPECT_THAT(problem.text, Not(HasSubstr("ssl.ca.location")));
}

TEST(Explain, TellsAnUnreachableBrokerFromAListenerOfAnotherKind) {
  const auto away = explain(RD_KAFKA_RESP_ERR__TRANSPORT, "Connection refused", client());
  EXPECT_EQ(away.kind, Kind::unreachable);
  EXPECT_THAT(away.text, HasSubstr("kafka-1:9092"));
  EXPECT_THAT(away.text, Not(HasSubstr("security.protocol")));
  const auto closed = explain(RD_KAFKA_RESP_ERR__TRANSPORT, "Disconnected while requesting ApiVersion", client());
  EXPECT_THAT(closed.text, HasSubstr("security.protocol is `plaintext`"));
}

TEST(Explain, NamesTheMissingGrant) {
  EXPECT_THAT(explain(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, "", client()).text,
              HasSubstr("READ on group `kedge-prod`"));
  EXPECT_EQ(explain(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "", client()).kind, Kind::not_allowed);
}

TEST(Explain, CallsAFencedInstanceFatalAndNamesIt) {
  const auto problem = explain(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, "", client());
  EXPECT_EQ(problem.kind, Kind::fenced);
  EXPECT_TRUE(problem.fatal);
  EXPECT_THAT(problem.text, HasSubstr("`node-1`"));
}

TEST(Explain, KnowsAnOffsetThatIsNotThereByBothItsNames) {
  EXPECT_EQ(explain(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, "", client()).kind, Kind::out_of_range);
  EXPECT_EQ(explain(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, "", client()).kind, Kind::out_of_range);
}

TEST(Explain, SaysWhatTheLibrarySaysOfWhatItDoesNotKnow) {
  const auto problem = explain(RD_KAFKA_RESP_ERR_INVALID_MSG, "on fetch", client());
  EXPECT_EQ(problem.kind, Kind::other);
  EXPECT_FALSE(problem.fatal);
  EXPECT_THAT(problem.text, HasSubstr("on fetch"));
}

}  // namespace
}  // namespace kedge
