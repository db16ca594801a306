// The gate between actions and the world.
#include "remediate/gated_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using std::chrono::seconds;

class Recorder final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest& request) override {
    sent.push_back(request);
    return next;
  }
  std::vector<HttpRequest> sent;
  Result<HttpResponse> next = HttpResponse{200, {{"X-Amz-Request-Id", "R1"}, {"x-amzn-requestid", "R2"}}, ""};
};

HttpRequest request(bool writes, const std::string& method = "POST") {
  HttpRequest made;
  made.method = method;
  made.url = "http://example.org/";
  made.writes = writes;
  return made;
}

struct Gate : testing::Test {
  GatedClient gate(bool writes) {
    return GatedClient(client, clock, stopped, {writes, clock.elapsed() + seconds(20), stop.get_token()});
  }
  FakeClock clock;
  Recorder client;
  std::optional<Stop> why;
  EffectsStopped stopped = [this] { return why; };
  std::stop_source stop;
};

TEST_F(Gate, LetsAReadThroughWhateverItsMethod) {
  GatedClient observing = gate(false);
  why = Stop{"paused"};
  EXPECT_TRUE(observing.send(request(false, "POST")).ok());
  EXPECT_EQ(observing.writes(), 0);
  EXPECT_TRUE(observing.request_ids().empty());
}

TEST_F(Gate, RefusesAWriteWhileObservingAndTellsOfTheBug) {
  GatedClient observing = gate(false);
  const auto response = observing.send(request(true, "PUT"));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ErrorCode::internal);
  EXPECT_TRUE(observing.misused());
  EXPECT_TRUE(client.sent.empty());
}

TEST_F(Gate, AsksBeforeEveryWriteWhetherEffectsAreStopped) {
  GatedClient working = gate(true);
  EXPECT_TRUE(working.send(request(true)).ok());
  why = Stop{"paused by alice"};
  const auto response = working.send(request(true));
  ASSERT_FALSE(response.ok());
  EXPECT_TRUE(surely_not_sent(response.error()));
  EXPECT_THAT(*working.kept_back(), testing::HasSubstr("paused by alice"));
  EXPECT_EQ(client.sent.size(), 1U);
}

TEST_F(Gate, CountsWritesAndKeepsTheirRequestIds) {
  GatedClient working = gate(true);
  EXPECT_TRUE(working.send(request(true)).ok());
  EXPECT_TRUE(working.send(request(false)).ok());
  EXPECT_EQ(working.writes(), 1);
  EXPECT_THAT(working.request_ids(), testing::ElementsAre("R1", "R2"));
}

TEST_F(Gate, GivesARequestNoMoreTimeThanTheCallHasLeft) {
  GatedClient working = gate(true);
  clock.advance(seconds(15));
  EXPECT_TRUE(working.send(request(false)).ok());
  EXPECT_EQ(client.sent[0].timeout, seconds(5));
  clock.advance(seconds(5));
  EXPECT_FALSE(working.send(request(false)).ok());
  EXPECT_EQ(client.sent.size(), 1U);
}

TEST_F(Gate, IsUnsureOfAWriteWithoutAnAnswer) {
  GatedClient working = gate(true);
  client.next = Error{ErrorCode::timeout, "no answer"};
  EXPECT_FALSE(working.send(request(true)).ok());
  EXPECT_TRUE(working.unsure());
  EXPECT_EQ(working.writes(), 1);
}

TEST_F(Gate, IsSureOfAWriteThatWasNotSent) {
  GatedClient working = gate(true);
  client.next = Error{ErrorCode::unavailable, "no connection"};
  EXPECT_FALSE(working.send(request(true)).ok());
  EXPECT_FALSE(working.unsure());
  EXPECT_EQ(working.writes(), 0);
}

TEST_F(Gate, TellsFromTheAnswersHowTheEndpointIs) {
  using Outcome = Breaker::Outcome;
  const auto health = [&](std::vector<Result<HttpResponse>> answers) {
    GatedClient working = gate(false);
    for (Result<HttpResponse>& answer : answers) {
      client.next = std::move(answer);
      (void)working.send(request(false));
    }
    return working.health();
  };
  const auto status = [](int number) { return Result<HttpResponse>(HttpResponse{number, {}, ""}); };
  const auto error = [](ErrorCode code) { return Result<HttpResponse>(Error{code, "so it was"}); };
  EXPECT_EQ(health({}), Outcome::none);
  for (const int good : {200, 301, 400, 403, 404, 409, 501}) EXPECT_EQ(health({status(good)}), Outcome::good) << good;
  for (const int bad : {429, 500, 502, 503, 504}) EXPECT_EQ(health({status(bad)}), Outcome::bad) << bad;
  for (const ErrorCode bad : {ErrorCode::timeout, ErrorCode::unavailable, ErrorCode::corrupt}) {
    EXPECT_EQ(health({error(bad)}), Outcome::bad);
  }
  EXPECT_EQ(health({error(ErrorCode::limit)}), Outcome::good) << "it answered, with too much";
  EXPECT_EQ(health({error(ErrorCode::invalid)}), Outcome::none) << "it was not asked";
  EXPECT_EQ(health({status(200), status(503), status(200)}), Outcome::bad);
  stop.request_stop();
  EXPECT_EQ(health({error(ErrorCode::timeout)}), Outcome::none) << "we ended it";
}

TEST_F(Gate, HandsOutTheStopAndSendsNothingBehindIt) {
  GatedClient working = gate(true);
  EXPECT_TRUE(working.send(request(false)).ok());
  EXPECT_TRUE(client.sent[0].stop.stop_possible());
  stop.request_stop();
  EXPECT_FALSE(working.send(request(false)).ok());
  EXPECT_EQ(client.sent.size(), 1U);
}

}  // namespace
}  // namespace kedge
