#include "notify/outbox_follower.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <thread>

#include "base/json.h"
#include "tests/ledger/memory_ledger.h"

namespace kedge {
namespace {

constexpr Duration kPatience = std::chrono::seconds(60);

// A channel whose receiver the test plays: it sees what is sent, and says what becomes of it.
struct Receiver {
  Mailbox<Notice> sent{1000};
  Mailbox<Delivery> answers{1000};
};

class PlayedNotifier final : public Notifier {
 public:
  explicit PlayedNotifier(Receiver& receiver) : receiver_(receiver) {}

  Delivery deliver(const Notice& notice, Time, std::stop_token stop) override {
    receiver_.sent.put(notice);
    const std::stop_callback cut_short(stop, [this] { receiver_.answers.wake(); });
    const auto answer = receiver_.answers.take(kPatience);
    return answer ? *answer : Delivery{Delivery::Kind::retry, 0, "no answer", std::nullopt};
  }

 private:
  Receiver& receiver_;
};

// Where a test can make others wait, and see that one does.
class Gate {
 public:
  void close() { closed_ = true; }
  void open() { closed_ = false; }
  bool is_waited_at() const { return waited_at_; }

  void pass() {
    while (closed_) {
      waited_at_ = true;
      std::this_thread::yield();
    }
    waited_at_ = false;
  }

 private:
  std::atomic<bool> closed_ = false;
  std::atomic<bool> waited_at_ = false;
};

class GatedClock final : public Clock {
 public:
  explicit GatedClock(Gate& gate) : gate_(gate) {}

  Time now() override { return clock_.now(); }
  Duration elapsed() override {
    gate_.pass();
    return clock_.elapsed();
  }
  std::string boot_id() override { return clock_.boot_id(); }

 private:
  Gate& gate_;
  SystemClock clock_;
};

class GatedLedger final : public Ledger {
 public:
  GatedLedger(Ledger& ledger, Gate& gate) : ledger_(ledger), gate_(gate) {}

  std::vector<Answer> apply(std::span<const Change> changes) override {
    gate_.pass();
    return ledger_.apply(changes);
  }
  int64_t head() const override { return ledger_.head(); }
  Time now() const override { return ledger_.now(); }
  std::optional<Duration> clock_doubt() const override { return ledger_.clock_doubt(); }
  Time time_of_day() const override { return ledger_.time_of_day(); }

 private:
  Ledger& ledger_;
  Gate& gate_;
};

class OutboxFollowerTest : public ::testing::Test {
 protected:
  // Looks only when it is woken: what a test sees, a commit or a worker gave word of.
  void start(Duration look_again = std::chrono::hours(1)) {
    std::vector<Channel> channels;
    channels.push_back({"ops", {}, std::make_unique<PlayedNotifier>(ops_)});
    channels.push_back({"security", {}, std::make_unique<PlayedNotifier>(security_)});
    OutboxFollower::Options options;
    options.look_again = look_again;
    options.try_again = std::chrono::milliseconds(5);
    follower_ =
        std::make_unique<OutboxFollower>(ledger_, *committer_, noticed_, gated_, random_, std::move(channels), options);
    follower_->start();
  }

  static RaiseAlarm alarm_to(const std::string& channel) {
    RaiseAlarm alarm;
    alarm.kind = "test";
    alarm.message = "to " + channel;
    alarm.notify = {channel};
    return alarm;
  }

  void raise(const std::string& channel) { ASSERT_TRUE(committer_->commit(alarm_to(channel)).done()); }

  static Committer::Options with(Mailbox<bool>& noticed) {
    Committer::Options options;
    options.noticed = &noticed;
    return options;
  }

  static void until(const std::function<bool()>& holds) {
    while (!holds()) std::this_thread::yield();
  }

  std::vector<Json> notice_records() {
    std::vector<Json> records;
    const auto entries = ledger_.journal(0, 1000);
    for (const JournalEntry& entry : *entries) {
      Json record = *parse_json(entry.bytes);
      if (record["kind"] == "notice") records.push_back(std::move(record));
    }
    return records;
  }

  bool is_at_work() { return Pulse::is_at_work(follower_->pulse().beats()); }

  std::vector<Notice> in_outbox() { return *ledger_.due_notices(Time::max(), 100); }

  Gate at_clock_, at_ledger_;
  SystemClock clock_;
  GatedClock gated_{at_clock_};  // the follower's, and nobody else's
  Random random_{1};
  MemoryLedger ledger_{clock_};
  GatedLedger committed_to_{ledger_, at_ledger_};
  Mailbox<Remediation> runnable_{100};
  Mailbox<bool> noticed_{1};
  std::unique_ptr<Committer> committer_ = std::make_unique<Committer>(committed_to_, runnable_, with(noticed_));
  Receiver ops_, security_;
  std::unique_ptr<OutboxFollower> follower_;
};

TEST_F(OutboxFollowerTest, TakesANoticeToItsChannelAndRecordsIt) {
  start();
  raise("ops");
  const auto sent = ops_.sent.take(kPatience);
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->data["message"], "to ops");
  ops_.answers.put({Delivery::Kind::delivered, 200, "", std::nullopt});
  until([&] { return !notice_records().empty(); });
  EXPECT_TRUE(in_outbox().empty());
  EXPECT_EQ(notice_records()[0]["delivered"], true);
  EXPECT_EQ(follower_->figures().at("ops").delivered, 1);
}

TEST_F(OutboxFollowerTest, FindsWhatWasWaitingWhenItStarts) {
  raise("ops");
  start();
  EXPECT_TRUE(ops_.sent.take(kPatience));
}

TEST_F(OutboxFollowerTest, FindsInTheEndWhatNobodyGaveWordOf) {
  start(std::chrono::milliseconds(5));
  const std::vector<Change> behind_the_committer = {alarm_to("ops")};
  ledger_.apply(behind_the_committer);
  EXPECT_TRUE(ops_.sent.take(kPatience));
}

TEST_F(OutboxFollowerTest, IsNotHeldUpByAReceiverThatHangs) {
  start();
  raise("ops");
  ASSERT_TRUE(ops_.sent.take(kPatience));
  for (int i = 0; i < 3; ++i) {
    raise("security");
    ASSERT_TRUE(security_.sent.take(kPatience));
    security_.answers.put({});
  }
  until([&] { return notice_records().size() == 3; });
}

TEST_F(OutboxFollowerTest, PutsOffWhatTheReceiverWantsLater) {
  start();
  raise("ops");
  ASSERT_TRUE(ops_.sent.take(kPatience));
  const Time before = ledger_.now();
  ops_.answers.put({Delivery::Kind::retry, 429, "too many notices", std::chrono::hours(1)});
  until([&] { return **ledger_.next_notice_due() > before + std::chrono::minutes(59); });
  EXPECT_EQ(in_outbox().at(0).attempts, 1);
  EXPECT_EQ(follower_->figures().at("ops").retried, 1);
}

TEST_F(OutboxFollowerTest, GivesUpWhatIsForAChannelThatNobodyConfigured) {
  start();
  raise("secops");
  until([&] { return !notice_records().empty(); });
  EXPECT_EQ(notice_records()[0]["delivered"], false);
  EXPECT_EQ(notice_records()[0]["error"], "no channel 'secops' is configured");
}

TEST_F(OutboxFollowerTest, TellsTheOthersThatAChannelIsGone) {
  start();
  raise("ops");
  ASSERT_TRUE(ops_.sent.take(kPatience));
  ops_.answers.put({Delivery::Kind::disabled, 410, "the receiver answered 410", std::nullopt});
  const auto alarm = security_.sent.take(kPatience);
  ASSERT_TRUE(alarm);
  EXPECT_EQ(alarm->data["alarm"], "channel_gone");
}

TEST_F(OutboxFollowerTest, DoesNotSendAgainWhatTheLedgerHadNoRoomToRecord) {
  start();
  raise("ops");
  ASSERT_TRUE(ops_.sent.take(kPatience));
  ledger_.answer_with(Outcome::no_room);
  ops_.answers.put({});
  until([&] { return committer_->no_room(); });
  const int64_t groups = committer_->figures().groups;
  until([&] { return committer_->figures().groups > groups + 3; });
  ledger_.answer_with(Outcome::done);
  until([&] { return notice_records().size() == 1; });
  EXPECT_EQ(ops_.sent.weight(), 0) << "it went out once";
}

TEST_F(OutboxFollowerTest, LeavesWhatItCutShortForTheNextStart) {
  start();
  raise("ops");
  ASSERT_TRUE(ops_.sent.take(kPatience));
  follower_->stop();
  ASSERT_EQ(in_outbox().size(), 1);
  EXPECT_EQ(in_outbox()[0].attempts, 0);
  EXPECT_LE(in_outbox()[0].due, ledger_.now());
}

TEST_F(OutboxFollowerTest, ShowsThatItHangs) {
  start();
  at_clock_.close();
  raise("ops");
  until([&] { return at_clock_.is_waited_at(); });
  EXPECT_TRUE(is_at_work());
  at_clock_.open();
  EXPECT_TRUE(ops_.sent.take(kPatience));
  until([&] { return !is_at_work(); });
}

TEST_F(OutboxFollowerTest, DoesNotHangWhileAReceiverTakesLong) {
  start();
  raise("ops");
  ASSERT_TRUE(ops_.sent.take(kPatience));
  until([&] { return !is_at_work(); });
}

TEST_F(OutboxFollowerTest, DoesNotHangWhileTheLedgerTakesLong) {
  start();
  raise("ops");
  ASSERT_TRUE(ops_.sent.take(kPatience));
  at_ledger_.close();
  ops_.answers.put({});
  until([&] { return at_ledger_.is_waited_at(); });
  until([&] { return !is_at_work(); });
  at_ledger_.open();
  until([&] { return notice_records().size() == 1; });
}

TEST_F(OutboxFollowerTest, StopsWhenTheLedgerHasFailed) {
  start();
  ledger_.answer_with(Outcome::final);
  RaiseAlarm alarm;
  EXPECT_EQ(committer_->commit(alarm).outcome, Outcome::final);
  follower_->stop();
}

}  // namespace
}  // namespace kedge
