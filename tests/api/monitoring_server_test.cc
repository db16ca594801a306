#include "api/monitoring_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

namespace kedge {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<MonitoringServer> start(std::vector<MetricsSource> sources, MonitoringServer::Health health) {
  MonitoringServer::Options options;
  options.port = 0;
  auto server = MonitoringServer::start(options, std::move(sources), std::move(health));
  EXPECT_TRUE(server) << server.error().message;
  return std::move(*server);
}

const auto nothing = [] { return std::vector<std::string>{}; };

MonitoringServer::Health nothing_wrong() { return {nothing, nothing, nothing}; }

TEST(MonitoringServer, WritesTheMetricsOfEverySourceAsTheyAreNow) {
  double events = 1;
  const auto server = start({[&](MetricsWriter& writer) { writer.counter("kedge_events_total", "Events", events); },
                             [](MetricsWriter& writer) { writer.gauge("kedge_open", "Open", 5); }},
                            nothing_wrong());
  httplib::Client client("127.0.0.1", server->port());
  EXPECT_THAT(client.Get("/metrics")->body, HasSubstr("kedge_events_total 1\n"));
  events = 2;
  const auto page = client.Get("/metrics");
  EXPECT_EQ(page->status, 200);
  EXPECT_EQ(page->get_header_value("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(page->body, HasSubstr("kedge_events_total 2\n"));
  EXPECT_THAT(page->body, HasSubstr("kedge_open 5\n"));
}

TEST(MonitoringServer, SaysReadyOrAllThatIsWrong) {
  std::vector<std::string> wrong;
  const auto server = start({}, {[&] { return wrong; }, nothing, nothing});
  httplib::Client client("127.0.0.1", server->port());
  EXPECT_EQ(client.Get("/readyz")->status, 200);
  EXPECT_EQ(client.Get("/readyz")->body, "ready\n");
  wrong = {"effects are stopped: paused by alice", "source trail: a foreign member is in its group"};
  const auto answer = client.Get("/readyz");
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "effects are stopped: paused by alice\nsource trail: a foreign member is in its group\n");
}

TEST(MonitoringServer, NotesWhatHindersNothing) {
  std::vector<std::string> wrong;
  const auto server =
      start({}, {[&] { return wrong; }, [] { return std::vector<std::string>{"nobody can say"}; }, nothing});
  httplib::Client client("127.0.0.1", server->port());
  EXPECT_EQ(client.Get("/readyz")->status, 200);
  EXPECT_EQ(client.Get("/readyz")->body, "ready\nnote: nobody can say\n");
  wrong = {"paused"};
  EXPECT_EQ(client.Get("/readyz")->body, "paused\nnote: nobody can say\n");
}

TEST(MonitoringServer, IsHealthyUntilOnlyANewStartHelps) {
  std::vector<std::string> wrong;
  const auto not_ready = [] { return std::vector<std::string>{"not ready"}; };
  const auto server = start({}, {not_ready, nothing, [&] { return wrong; }});
  httplib::Client client("127.0.0.1", server->port());
  EXPECT_EQ(client.Get("/healthz")->status, 200);
  EXPECT_EQ(client.Get("/healthz")->body, "ok\n");
  wrong = {"lane 0 hangs"};
  EXPECT_EQ(client.Get("/healthz")->status, 503);
  EXPECT_EQ(client.Get("/healthz")->body, "lane 0 hangs\n");
}

TEST(MonitoringServer, HasNothingElse) {
  const auto server = start({}, nothing_wrong());
  httplib::Client client("127.0.0.1", server->port());
  EXPECT_EQ(client.Get("/")->status, 404);
  EXPECT_EQ(client.Get("/metrics/../etc/passwd")->status, 404);
  EXPECT_EQ(client.Post("/metrics", "x", "text/plain")->status, 404);
}

TEST(MonitoringServer, DoesNotShareItsPort) {
  const auto server = start({}, nothing_wrong());
  MonitoringServer::Options options;
  options.port = server->port();
  const auto second = MonitoringServer::start(options, {}, nothing_wrong());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
  EXPECT_THAT(second.error().message, HasSubstr("127.0.0.1:" + std::to_string(server->port())));
}

TEST(MonitoringServer, EndsWithoutEverHavingBeenAsked) { (void)start({}, nothing_wrong()); }

}  // namespace
}  // namespace kedge
