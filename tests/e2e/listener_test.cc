// The ways into a broker: by password, over TLS, both; and what is said when the library cannot.
#include "tests/e2e/scene.h"

namespace kedge {
namespace {

class Listeners : public Scene {
 protected:
  void read_through(KafkaListener listener) {
    auto properties = broker_->properties(listener);
    properties.erase("bootstrap.servers");
    engine_.configuration["sources"][0]["brokers"] = {broker_->address(listener)};
    engine_.configuration["sources"][0]["properties"] = properties;
  }
  void expect_an_event_through(KafkaListener listener) {
    read_through(listener);
    cloud_->make_bucket("reached");
    engine_.start();
    send(cloud_->open_by_acl("reached"));
    wait_for_records("confirmation", 1);
  }
};

TEST_F(Listeners, APlainLoginReadsEvents) { expect_an_event_through(KafkaListener::sasl_plain); }
TEST_F(Listeners, AScramLoginReadsEvents) { expect_an_event_through(KafkaListener::sasl_scram); }
TEST_F(Listeners, TlsReadsEvents) { expect_an_event_through(KafkaListener::tls); }
TEST_F(Listeners, APlainLoginOverTlsReadsEvents) { expect_an_event_through(KafkaListener::sasl_tls); }

class NewListeners : public Listeners {
 protected:
  void SetUp() override { set_up("4.3.1"); }
};

TEST_F(NewListeners, APlainLoginReadsEvents) { expect_an_event_through(KafkaListener::sasl_plain); }
TEST_F(NewListeners, APlainLoginOverTlsReadsEvents) { expect_an_event_through(KafkaListener::sasl_tls); }

// librdkafka sends its nonce twice before 2.6.1; brokers of version 4 no longer let that pass.
TEST_F(NewListeners, AScramLoginThatTheLibraryCannotMakeNamesTheVersionThatCan) {
  read_through(KafkaListener::sasl_scram);
  engine_.start_unawaited();
  EXPECT_TRUE(comes_true([&] {
    const std::string said = engine_.readiness();
    return said.find("2.6.1") != std::string::npos;
  })) << engine_.readiness();
}

}  // namespace
}  // namespace kedge
