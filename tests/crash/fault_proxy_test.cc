// Each fault as a client meets it, and what the proxy has seen of it.
#include "tests/crash/fault_proxy.h"

#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <set>

namespace kedge {
namespace {

using std::chrono::milliseconds;

constexpr auto kPut =
    "PUT /reports?acl HTTP/1.1\r\nHost: s3\r\nUser-Agent: kedge/1 (mark 0af3)\r\nContent-Length: 3\r\n\r\nacl";

class Faults : public testing::Test {
 protected:
  Faults() { api_.answer_otherwise({.headers = {{"x-amz-request-id", "R1"}}, .body = "done"}); }

  FaultProxy& with(Fault fault) {
    proxy_ = std::make_unique<FaultProxy>(FaultProxy::Options{.upstream = api_.url(),
                                                              .answer_late_by = milliseconds(300),
                                                              .delivery_late_by = milliseconds(300),
                                                              .plan = [fault](const Call&) { return fault; }});
    return *proxy_;
  }

  httplib::Result put(FaultProxy& proxy, milliseconds timeout = std::chrono::seconds(20)) {
    httplib::Client client(proxy.url());
    client.set_read_timeout(timeout);
    return client.Put("/reports?acl", {{"User-Agent", "kedge/1 (mark 0af3)"}}, "acl", "application/xml");
  }

  // Everything that comes back for one request until the other end is done with it, and whether that was a reset.
  struct Raw {
    std::string bytes;
    bool reset = false;
  };
  Raw put_raw(FaultProxy& proxy) {
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(std::stoi(proxy.url().substr(proxy.url().rfind(':') + 1))));
    EXPECT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const std::string request = kPut;
    EXPECT_EQ(send(client, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    shutdown(client, SHUT_WR);
    Raw raw;
    char buffer[4096];
    ssize_t count;
    while ((count = recv(client, buffer, sizeof buffer, 0)) > 0) raw.bytes.append(buffer, static_cast<size_t>(count));
    raw.reset = count < 0 && errno == ECONNRESET;
    close(client);
    return raw;
  }

  HttpReceiver api_;
  std::unique_ptr<FaultProxy> proxy_;
};

TEST_F(Faults, ACallThatMeetsNoneIsHandedOnAndItsAnswerBackAsTheyAre) {
  FaultProxy& proxy = with(Fault::none);
  const auto answer = put(proxy);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "done");
  EXPECT_EQ(answer->get_header_value("x-amz-request-id"), "R1");
  const auto carried_out = api_.requests();
  ASSERT_EQ(carried_out.size(), 1U);
  EXPECT_EQ(carried_out.at(0).method, "PUT");
  EXPECT_EQ(carried_out.at(0).target, "/reports?acl");
  EXPECT_EQ(carried_out.at(0).body, "acl");
  EXPECT_EQ(carried_out.at(0).header("user-agent"), "kedge/1 (mark 0af3)");
  proxy.come_to_rest();
  const auto seen = proxy.changes();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.at(0).call.mark, "0af3");
  EXPECT_EQ(seen.at(0).call.subject, "reports acl");
  EXPECT_EQ(seen.at(0).deliveries, 1);
  EXPECT_EQ(seen.at(0).status, 200);
  EXPECT_LE(seen.at(0).arrived, seen.at(0).delivering);
  EXPECT_LT(seen.at(0).delivering, seen.at(0).delivered);
}

TEST_F(Faults, ReadsAreNoChanges) {
  FaultProxy& proxy = with(Fault::none);
  httplib::Client client(proxy.url());
  ASSERT_TRUE(client.Get("/reports?acl"));
  proxy.come_to_rest();
  EXPECT_EQ(proxy.calls().size(), 1U);
  EXPECT_TRUE(proxy.changes().empty());
}

TEST_F(Faults, UnavailableIs503AndNotCarriedOut) {
  const auto answer = put(with(Fault::unavailable));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_FALSE(answer->has_header("Retry-After"));
  EXPECT_NE(answer->body.find("SlowDown"), std::string::npos);
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(Faults, RetryLaterSaysAlsoWhen) {
  const auto answer = put(with(Fault::retry_later));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->get_header_value("Retry-After"), "1");
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(Faults, AConflictIs409AndNotCarriedOut) {
  const auto answer = put(with(Fault::conflict));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 409);
  EXPECT_NE(answer->body.find("OperationAborted"), std::string::npos);
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(Faults, AResetBeforeTheWriteCarriesNothingOut) {
  const Raw raw = put_raw(with(Fault::reset_before));
  EXPECT_TRUE(raw.reset);
  EXPECT_EQ(raw.bytes, "");
  EXPECT_TRUE(api_.requests().empty());
  EXPECT_EQ(proxy_->changes().at(0).status, 0);
}

TEST_F(Faults, AResetAfterTheWriteHasCarriedItOut) {
  const Raw raw = put_raw(with(Fault::reset_after));
  EXPECT_TRUE(raw.reset);
  EXPECT_EQ(raw.bytes, "");
  EXPECT_EQ(api_.requests().size(), 1U);
  EXPECT_EQ(proxy_->changes().at(0).deliveries, 1);
}

TEST_F(Faults, AnAnswerThatComesTwiceBelongsToOneDelivery) {
  const std::string bytes = put_raw(with(Fault::answer_twice)).bytes;
  const size_t first = bytes.find("HTTP/1.1 200");
  EXPECT_EQ(first, 0U);
  EXPECT_NE(bytes.find("HTTP/1.1 200", first + 1), std::string::npos) << bytes;
  EXPECT_EQ(api_.requests().size(), 1U);
}

TEST_F(Faults, ARequestCanBeCarriedOutTwiceAndIsAnsweredOnce) {
  const std::string bytes = put_raw(with(Fault::request_twice)).bytes;
  EXPECT_EQ(bytes.find("HTTP/1.1 200", 1), std::string::npos) << bytes;
  EXPECT_EQ(api_.requests().size(), 2U);
  EXPECT_EQ(proxy_->changes().at(0).deliveries, 2);
}

TEST_F(Faults, ALateAnswerIsOfACallThatWasCarriedOut) {
  FaultProxy& proxy = with(Fault::late_answer);
  EXPECT_FALSE(put(proxy, milliseconds(50))) << "the client has given up";
  EXPECT_EQ(api_.requests().size(), 1U);
  proxy.come_to_rest();
  EXPECT_GE(FaultProxy::Clock::now() - proxy.changes().at(0).delivered, milliseconds(300));
}

TEST_F(Faults, ALateRequestIsCarriedOutWhenTheClientHasGivenUp) {
  FaultProxy& proxy = with(Fault::late_request);
  EXPECT_FALSE(put(proxy, milliseconds(50)));
  EXPECT_TRUE(api_.requests().empty());
  proxy.come_to_rest();
  EXPECT_EQ(api_.requests().size(), 1U);
  const auto seen = proxy.changes().at(0);
  EXPECT_GE(seen.delivering - seen.arrived, milliseconds(300));
}

TEST_F(Faults, AWrongDocumentComesWith200AndNothingIsCarriedOut) {
  const auto answer = put(with(Fault::wrong_document));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_NE(answer->body, "done");
  EXPECT_NE(answer->body, "");
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(Faults, AWrongDocumentCanAlsoFollowTheWrite) {
  const auto answer = put(with(Fault::wrong_document_after));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_NE(answer->body, "done");
  EXPECT_EQ(api_.requests().size(), 1U);
}

TEST_F(Faults, TheWitnessIsToldWhenACallComesAndWhenItIsCarriedOut) {
  FaultProxy& proxy = with(Fault::none);
  std::vector<std::pair<FaultProxy::Moment, size_t>> told;  // by one thread at a time: there is one call
  proxy.tell([&](const Call& call, FaultProxy::Moment moment) {
    EXPECT_EQ(call.name, "PUT acl");
    told.emplace_back(moment, api_.requests().size());
  });
  ASSERT_TRUE(put(proxy));
  proxy.come_to_rest();
  const std::vector<std::pair<FaultProxy::Moment, size_t>> expected = {{FaultProxy::Moment::arrived, 0},
                                                                       {FaultProxy::Moment::delivered, 1}};
  EXPECT_EQ(told, expected);
}

TEST(Calls, OfS3AreNamedByWhatTheyAreAbout) {
  const Call get = call_of({"GET", "/reports?policyStatus=", {}, ""});
  EXPECT_FALSE(get.changes);
  EXPECT_EQ(get.target, "reports");
  EXPECT_EQ(get.name, "GET policyStatus");
  const Call remove = call_of({"DELETE", "/reports?policy", {}, ""});
  EXPECT_TRUE(remove.changes);
  EXPECT_EQ(remove.name, "DELETE policy");
  EXPECT_EQ(remove.subject, call_of({"PUT", "/reports?policy", {}, "{}"}).subject);
}

TEST(Calls, OfTheQueryProtocolAreNamedByTheirAction) {
  const Call revoke = call_of({"POST",
                               "/",
                               {},
                               "Action=RevokeSecurityGroupIngress&GroupId=sg-1&SecurityGroupRuleId.1=sgr-2"
                               "&Version=2016-11-15"});
  EXPECT_TRUE(revoke.changes);
  EXPECT_EQ(revoke.name, "RevokeSecurityGroupIngress");
  EXPECT_EQ(revoke.target, "sg-1");
  EXPECT_EQ(revoke.subject, "sg-1 sgr-2");
  EXPECT_FALSE(call_of({"POST", "/", {}, "Action=DescribeSecurityGroupRules&Version=2016-11-15"}).changes);
  EXPECT_FALSE(call_of({"POST", "/", {}, "Action=GetCallerIdentity&Version=2011-06-15"}).changes);
  EXPECT_TRUE(call_of({"POST", "/", {}, "Action=SomethingNew"}).changes) << "what is not known is counted";
}

TEST(Calls, OfTheJsonProtocolAreNamedByTheirTargetHeader) {
  const std::string prefix = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.";
  const std::string trail = R"({"Name": "arn:aws:cloudtrail:us-east-1:123456789012:trail/audit"})";
  const Call start = call_of({"POST", "/", {{"x-amz-target", prefix + "StartLogging"}}, trail});
  EXPECT_TRUE(start.changes);
  EXPECT_EQ(start.name, "StartLogging");
  EXPECT_EQ(start.target, "audit");
  EXPECT_FALSE(call_of({"POST", "/", {{"x-amz-target", prefix + "GetTrailStatus"}}, trail}).changes);
}

TEST(Plans, AreTheSameForTheSameSeedWhateverElseHappens) {
  const Call one = call_of({"PUT", "/one?acl", {}, ""});
  const Call two = call_of({"PUT", "/two?acl", {}, ""});
  const FaultPlan::Options options{.seed = 7, .percent_of_changes = 50};
  FaultPlan alone(options);
  FaultPlan mixed(options);
  std::set<Fault> met;
  for (int i = 0; i < 200; ++i) {
    const Fault fault = alone.next(one);
    mixed.next(two);
    EXPECT_EQ(mixed.next(one), fault);
    met.insert(fault);
  }
  EXPECT_EQ(met.size(), all_faults().size() + 1) << "all of them come, and calls that meet none";
}

TEST(Plans, LetWhoTriesAgainThrough) {
  const Call call = call_of({"PUT", "/one?acl", {}, ""});
  FaultPlan plan({.seed = 3, .percent_of_changes = 100, .most_in_a_row = 2});
  for (int i = 0; i < 10; ++i) {
    EXPECT_NE(plan.next(call), Fault::none);
    EXPECT_NE(plan.next(call), Fault::none);
    EXPECT_EQ(plan.next(call), Fault::none);
  }
  plan.end();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(plan.next(call), Fault::none);
}

}  // namespace
}  // namespace kedge
