#include "api/control_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <mutex>

#include "api/actor.h"
#include "api/control_client.h"
#include "base/json.h"
#include "tests/api/temporary_directory.h"

namespace kedge {
namespace {

using testing::TemporaryDirectory;

constexpr Duration kPatience = std::chrono::seconds(20);

// Takes every Change and answers what it is told to.
class TakingLedger final : public Ledger {
 public:
  std::vector<Answer> apply(std::span<const Change> changes) override {
    const std::lock_guard lock(mutex_);
    taken_.insert(taken_.end(), changes.begin(), changes.end());
    return std::vector<Answer>(changes.size(), answer_);
  }
  int64_t head() const override { return 7; }
  Time now() const override { return *parse_time("2026-01-01T00:00:00Z"); }
  Time time_of_day() const override { return now(); }
  std::optional<Duration> clock_doubt() const override { return std::nullopt; }

  void answer_with(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  std::vector<Change> taken() const {
    const std::lock_guard lock(mutex_);
    return taken_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Change> taken_;
  Answer answer_ = [] {
    Answer done;
    done.seq = 7;
    return done;
  }();
};

class ControlServerTest : public ::testing::Test {
 protected:
  void start(std::map<std::string, ControlServer::Handler> handlers = {}, Duration patience = kPatience,
             int threads = 4) {
    auto server = ControlServer::start({.path = path_, .group = "", .patience = patience, .threads = threads}, clock_,
                                       committer_, std::move(handlers));
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }

  Result<Json> ask(const std::string& command, Json arguments = Json::object()) {
    auto client = ControlClient::connect(path_, clock_);
    if (!client) return client.error();
    return client->ask({command, std::move(arguments)}, kPatience);
  }

  Deadline patience() { return {clock_, clock_.elapsed() + kPatience}; }

  TemporaryDirectory data_;
  const std::string path_ = data_.path("control.sock");
  SystemClock clock_;
  TakingLedger ledger_;
  Mailbox<Remediation> runnable_{100};
  Committer committer_{ledger_, runnable_, {}};
  std::unique_ptr<ControlServer> server_;
};

TEST_F(ControlServerTest, CommitsWhatIsAskedInTheNameOfThePeersUser) {
  start();
  const auto reply = ask("pause", {{"reason", "looking into it"}});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(*reply, (Json{{"seq", 7}}));
  const auto taken = ledger_.taken();
  ASSERT_EQ(taken.size(), 1);
  const Pause& pause = std::get<AddPause>(taken[0]).pause;
  EXPECT_EQ(pause.by, actor_of(getuid()));
  EXPECT_EQ(pause.reason, "looking into it");
  EXPECT_EQ(pause.since, ledger_.now());
}

TEST_F(ControlServerTest, TellsWhyTheLedgerRefused) {
  start();
  Answer refused;
  refused.outcome = Outcome::refused;
  refused.error = {ErrorCode::not_found, "there is no exception 'e9'"};
  ledger_.answer_with(refused);
  EXPECT_EQ(ask("exception.revoke", {{"id", "e9"}}).error(), refused.error);
}

TEST_F(ControlServerTest, CommitsNothingOfAMistake) {
  start();
  EXPECT_EQ(ask("exception.revoke").error().code, ErrorCode::invalid);
  EXPECT_TRUE(ledger_.taken().empty());
}

TEST_F(ControlServerTest, HandsOtherCommandsToTheirHandlers) {
  start({{"reload", [](const Json& arguments, const std::string& actor) -> Result<Json> {
            return Json{{"arguments", arguments}, {"actor", actor}};
          }}});
  EXPECT_EQ(*ask("reload", {{"x", 1}}), (Json{{"arguments", {{"x", 1}}}, {"actor", own_actor()}}));
}

TEST_F(ControlServerTest, AnswersAPauseWhileAnotherRequestTakesItsTime) {
  std::promise<void> let_go;
  start({{"slow", [&](const Json&, const std::string&) -> Result<Json> {
            let_go.get_future().wait();
            return Json("done");
          }}});
  auto slow = std::async(std::launch::async, [&] { return ask("slow"); });
  EXPECT_TRUE(ask("pause"));
  let_go.set_value();
  EXPECT_EQ(*slow.get(), Json("done"));
}

TEST_F(ControlServerTest, GivesUpOnAClientThatSaysNothing) {
  start({}, std::chrono::milliseconds(1), 1);
  const auto silent = connect_to(path_);
  ASSERT_TRUE(silent);
  const auto line = read_line(*silent, 1000, patience());
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(reply_in(*line).error().code, ErrorCode::timeout);
}

TEST_F(ControlServerTest, RefusesARequestBeyondItsLimit) {
  start();
  auto client = connect_to(path_);
  ASSERT_TRUE(client);
  (void)write_all(*client, std::string(kControlRequestMax + 1, 'x') + "\n", patience());
  EXPECT_TRUE(ask("pause")) << "and serves the next one";
  EXPECT_EQ(ledger_.taken().size(), 1);
}

TEST_F(ControlServerTest, IsGoneWhenItEnds) {
  start();
  EXPECT_TRUE(ask("pause"));
  server_.reset();
  EXPECT_EQ(ask("pause").error().code, ErrorCode::not_found);
}

TEST_F(ControlServerTest, EndsAlthoughAClientHangs) {
  start();
  const auto silent = connect_to(path_);
  ASSERT_TRUE(silent);
  server_.reset();
}

TEST_F(ControlServerTest, TellsAClientThatGetsNoAnswerThatTheOutcomeIsUnknown) {
  const auto listening = listen_at(path_, "");
  ASSERT_TRUE(listening);
  auto client = ControlClient::connect(path_, clock_);
  ASSERT_TRUE(client);
  const auto reply = client->ask({"pause", Json::object()}, std::chrono::milliseconds(1));
  EXPECT_EQ(reply.error().code, ErrorCode::timeout);
  EXPECT_THAT(reply.error().message, ::testing::HasSubstr("not known"));
}

}  // namespace
}  // namespace kedge
