// kedge source seek, against the mock cluster: through the control socket, and with the ledger's lock where no daemon
// runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/control_server.h"
#include "base/json.h"
#include "base/random.h"
#include "kafka/mock_cluster.h"
#include "ledger/committer.h"
#include "ledger/sqlite_ledger.h"
#include "source/seek.h"
#include "tests/app/typed.h"
#include "tests/kafka/producer.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class SeekCommand : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    auto cluster = MockCluster::start({{"cloudtrail", 2}});
    ASSERT_TRUE(cluster) << cluster.error().message;
    cluster_ = *std::move(cluster);
    change("kedge.yaml", "127.0.0.1:1\"", cluster_->bootstrap_servers() + "\"");
    TestProducer(cluster_->bootstrap_servers()).produce_numbers("cloudtrail", 0, 5);
    std::filesystem::create_directories(path("data"));
    open_ledger();
    ASSERT_FALSE(HasFatalFailure());
    read_up_to(3, cluster_id());
  }

  void open_ledger() {
    SqliteLedgerOptions options;
    options.directory = path("data");
    auto ledger = open_sqlite_ledger(options, clock_, random_);
    ASSERT_TRUE(ledger) << ledger.error().message;
    ledger_ = *std::move(ledger);
  }

  std::string cluster_id() {
    const KafkaSource::Options options = {.name = "trail",
                                          .brokers = cluster_->bootstrap_servers(),
                                          .group = "kedge",
                                          .instance = "",
                                          .topics = {"cloudtrail"},
                                          .properties = {}};
    const auto facts = look_where_to_seek(options, {"cloudtrail", 0}, {.kind = SeekTo::Kind::end}, seconds(20));
    EXPECT_TRUE(facts);
    return facts ? facts->cluster : "";
  }

  // As a source and its lane leave the position behind.
  void read_up_to(int64_t next, const std::string& cluster) {
    const auto stored = positions();
    ClaimPositions claim;
    claim.claims.push_back({kPartition,
                            stored.empty() ? std::nullopt : std::optional(stored[0].position),
                            {cluster, 0, next, std::nullopt},
                            "",
                            Json::object()});
    Change change = claim;
    ASSERT_TRUE(ledger_->apply({&change, 1}).at(0).done());
  }

  std::vector<StoredPosition> positions() {
    const auto reader = open_sqlite_reader(path("data"));
    return reader ? *(*reader)->positions() : std::vector<StoredPosition>{};
  }
  int64_t next() { return positions().at(0).position.next; }

  Typed seek(const std::string& where, const std::string& to) {
    return type("source seek -c @kedge.yaml " + where + " --to " + to + " --reason again");
  }
  Typed seek(const std::string& to) { return seek("trail cloudtrail 0", to); }

  const PartitionId kPartition = {"trail", "cloudtrail", 0};
  std::unique_ptr<MockCluster> cluster_;
  FakeClock clock_;
  SystemClock system_clock_;
  Random random_{7};
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(SeekCommand, MovesThePositionWithTheLockWhereNoDaemonRuns) {
  ledger_.reset();
  const Typed typed = seek("1");
  EXPECT_EQ(typed.exit_code, kGood) << typed.err;
  EXPECT_EQ(typed.out, "trail/cloudtrail[0] is read from offset 1 on, when the daemon starts; it stood at 3\n");
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(positions().at(0).position.epoch, 2U);
  EXPECT_EQ(seek("end").exit_code, kGood);
  EXPECT_EQ(next(), 5);
  EXPECT_EQ(seek("beginning").exit_code, kGood);
  EXPECT_EQ(next(), 0);
}

TEST_F(SeekCommand, GoesThroughTheDaemonAndSaysWhoAndWhy) {
  Mailbox<Remediation> runnable(SIZE_MAX);
  Committer committer(*ledger_, runnable, Committer::Options{});
  ControlServer::Options options;
  options.path = path("data/control.sock");
  auto server = ControlServer::start(options, system_clock_, committer, {});
  ASSERT_TRUE(server) << server.error().message;
  const Typed typed = seek("2");
  EXPECT_EQ(typed.exit_code, kGood) << typed.err;
  EXPECT_EQ(typed.out, "trail/cloudtrail[0] is read from offset 2 on; it stood at 3\n");
  EXPECT_EQ(next(), 2);
  const auto reader = open_sqlite_reader(path("data"));
  const Json record = *parse_json((*reader)->journal(ledger_->head(), 1)->at(0).bytes);
  EXPECT_EQ(record["kind"], "position");
  EXPECT_EQ(record["note"], "seek");
  EXPECT_NE(record["actor"], "");
  EXPECT_EQ(record["details"], (Json{{"from", 3}, {"to", 2}, {"text", "again"}}));
}

TEST_F(SeekCommand, SaysWhatIsWrongAndMovesNothing) {
  ledger_.reset();
  struct Wrong {
    const char* where;
    const char* to;
    int exit_code;
    const char* said;
  };
  for (const Wrong& wrong : {
           Wrong{"trail cloudtrail 0", "soon", kUsedWrongly, "--to: 'soon' is no place to read from: give an offset"},
           Wrong{"trail cloudtrail 0", "6", kUsedWrongly,
                 "offset 6 is not in cloudtrail[0]: its records begin at 0 and"},
           Wrong{"trai cloudtrail 0", "1", kUsedWrongly, "there is no source 'trai' in @kedge.yaml (did you mean"},
           Wrong{"trail cloudtrial 0", "1", kFoundWrong, "source trail reads no topic 'cloudtrial' (did you mean"},
           Wrong{"trail cloudtrail 2", "0", kFoundWrong, "topic cloudtrail has the partitions 0 to 1, and no 2"},
           Wrong{"trail cloudtrail 1", "0", kFoundWrong, "trail/cloudtrail[1] was never read"},
           Wrong{"trail cloudtrail x", "0", kUsedWrongly, "PARTITION"},
           Wrong{"trail cloudtrail", "0", kUsedWrongly, "PARTITION"},
       }) {
    const Typed typed = seek(wrong.where, wrong.to);
    EXPECT_EQ(typed.exit_code, wrong.exit_code) << typed.err;
    EXPECT_THAT(typed.err, HasSubstr(wrong.said));
    EXPECT_EQ(typed.out, "");
  }
  const Typed without_reason = type("source seek -c @kedge.yaml trail cloudtrail 0 --to 1");
  EXPECT_EQ(without_reason.exit_code, kUsedWrongly);
  EXPECT_THAT(without_reason.err, HasSubstr("--reason"));
  EXPECT_EQ(next(), 3);
  EXPECT_EQ(positions().at(0).position.epoch, 1U);
}

TEST_F(SeekCommand, DoesNotPassOverWhatAPersonHasToDecideFirst) {
  read_up_to(3, "another-cluster");
  ledger_.reset();
  const Typed typed = seek("1");
  EXPECT_EQ(typed.exit_code, kFoundWrong);
  EXPECT_THAT(typed.err, HasSubstr("is not the log that was read before"));
  EXPECT_THAT(typed.err, HasSubstr("`kedge source accept`"));
  EXPECT_EQ(next(), 3);
}

TEST_F(SeekCommand, SaysThatTheBrokersCannotBeReached) {
  ledger_.reset();
  change("kedge.yaml", cluster_->bootstrap_servers(), "127.0.0.1:1");
  const Typed typed = seek("1");
  EXPECT_EQ(typed.exit_code, kNotReached);
  EXPECT_THAT(typed.err, HasSubstr("source trail: "));
  EXPECT_EQ(next(), 3);
}

}  // namespace
}  // namespace kedge
