// kedge audit why, as somebody who types it sees it: a ledger of a day on which a rule changed, and the topic that its
// events came from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/engine_room.h"
#include "base/hash.h"
#include "base/json.h"
#include "kafka/consumer.h"
#include "kafka/mock_cluster.h"
#include "ledger/sqlite_ledger.h"
#include "pipeline/event_key.h"
#include "tests/app/typed.h"
#include "tests/ledger/fixtures.h"
#include "tests/support/fake_clock.h"
#include "tests/support/kafka_client.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// It acts on what is above `limit`.
std::string rule_above(int limit) {
  return R"(rule "first" {
  on = { source = { "aws.s3" }, detail = { n = { { exists = true } }, error = { { exists = false } } } },
  when = function(event) return event.detail.n > )" +
         std::to_string(limit) + R"( end,
  target = function(event) return "arn:aws:s3:::" .. event.detail.bucket end,
  respond = function(event, target)
    return { revert = { action.aws.s3.block_public_access { bucket = event.detail.bucket } } }
  end,
}
)";
}

class CommandAuditWhy : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    auto cluster = MockCluster::start({{"cloudtrail", 1}});
    ASSERT_TRUE(cluster) << cluster.error().message;
    cluster_ = *std::move(cluster);
    change("kedge.yaml", "127.0.0.1:1\"", cluster_->bootstrap_servers() + "\"");
    auto producer = KafkaProducer::make({{"bootstrap.servers", cluster_->bootstrap_servers()}});
    ASSERT_TRUE(producer) << producer.error().message;
    producer_ = *std::move(producer);
    SqliteLedgerOptions options;
    options.directory = path("data");
    auto ledger = open_sqlite_ledger(options, clock_, random_);
    ASSERT_TRUE(ledger) << ledger.error().message;
    ledger_ = *std::move(ledger);
    // The engine starts at noon. The rule changes at one o'clock.
    apply({NoteStart{"0.1.0", "", "boot-1"}});
    load(rule_above(1));
    ConsumerOptions client;
    client.brokers = cluster_->bootstrap_servers();
    client.group = "kedge";
    client.topics = {"cloudtrail"};
    const auto id = (*KafkaConsumer::look(client))->cluster_id(std::chrono::seconds(10));
    ASSERT_TRUE(id) << id.error().message;
    ClaimPositions claim;
    claim.claims.push_back({kPartition, std::nullopt, {*id, 0, 0, std::nullopt}, "", nullptr});
    apply({claim});
  }

  void apply(const std::vector<Change>& changes) {
    for (const Answer& answer : ledger_->apply(changes)) ASSERT_TRUE(answer.done()) << answer.error.message;
  }

  // `kept`: whether the ledger has its bundle.
  void load(const std::string& text, bool kept = true) {
    write("rules/first.lua", text);
    const auto configuration = load_configuration(path("kedge.yaml"), environment_)->configuration;
    const auto room = open_engine_room(configuration, environment_);
    ASSERT_TRUE(room) << room.error().message;
    const auto loaded = load_rules(configuration, (*room)->actions->catalog());
    ASSERT_TRUE(loaded.rules) << to_string(loaded.problems.front());
    const Rule& rule = loaded.rules->rules().front();
    apply({LoadRules{loaded.rules->digest(),
                     "rules",
                     {{rule.id, rule.version, rule.policy, kept ? loaded.rules->bundle(rule) : ""}}}});
  }

  // An event that came to the topic so many minutes after noon.
  void produce(int minute, const std::string& id, const Json& detail) {
    const Json event = {{"source", "aws.s3"}, {"detail-type", "x"}, {"id", id}, {"detail", detail}};
    const Time at = noon_ + minutes(minute);
    ASSERT_TRUE(producer_->produce({.topic = "cloudtrail",
                                    .value = event.dump(),
                                    .partition = 0,
                                    .timestamp_ms = at.time_since_epoch().count() / 1000}));
    ASSERT_TRUE(producer_->flush());
    last_ = {produced_++, at, sha256(event.dump())};
  }

  // All that was produced is decided, so many minutes after noon; so many of it by `when`.
  void decide(int minute, int64_t when, std::vector<Suppression> suppressions = {}) {
    clock_.advance(noon_ + minutes(minute) - clock_.now());
    CommitBatch batch;
    batch.moves.push_back({kPartition, 1, handled_, produced_, last_});
    batch.counts.push_back({"first", "when", when});
    batch.suppressions = std::move(suppressions);
    apply({batch});
    handled_ = produced_;
  }

  static Suppression suppressed(const std::string& id, const std::string& bucket, int64_t offset) {
    const std::string target = "arn:aws:s3:::" + bucket;
    const Finding sample = sample_finding(1, target, Time());
    Suppression suppression;
    suppression.key = event_key("first", target, "aws.s3", id, {"", "cloudtrail", 0, offset, 0}, 0);
    suppression.plan = sample_plan(target, 1, "first");
    suppression.event = sample.event;
    suppression.event.partition = kPartition;
    suppression.event.offset = offset;
    suppression.event.index = 0;
    suppression.guard = "mode";
    suppression.reason = "first is in mode shadow";
    return suppression;
  }

  // A day with one of each.
  void live() {
    produce(10, "no", {{"n", 1}, {"bucket", "bucket-a"}});
    produce(20, "yes", {{"n", 2}, {"bucket", "bucket-b"}});
    produce(30, "denied", {{"n", 2}, {"bucket", "bucket-c"}, {"error", "Denied"}});
    produce(40, "other", {{"bucket", "bucket-d"}});
    decide(41, 1, {suppressed("yes", "bucket-b", 1)});
    clock_.advance(noon_ + hours(1) - clock_.now());
    load(rule_above(2));
    produce(70, "no more", {{"n", 2}, {"bucket", "bucket-b"}});
    produce(75, "yes", {{"n", 3}, {"bucket", "bucket-b"}});  // told again
    decide(80, 1, {suppressed("yes", "bucket-b", 5)});
  }

  Typed typed(const std::string& options) {
    return type("audit why first -c @kedge.yaml --from 2026-01-01T12:00:00Z --to 2026-01-01T14:00:00Z " + options);
  }
  Json document(const std::string& options = "", int exit_code = kGood) {
    const Typed done = typed("--output json " + options);
    EXPECT_EQ(done.exit_code, exit_code) << done.err << done.out;
    return Json::parse(done.out, nullptr, false);
  }

  static inline const PartitionId kPartition{"trail", "cloudtrail", 0};
  FakeClock clock_;
  const Time noon_ = clock_.now();
  Random random_{1};
  std::unique_ptr<MockCluster> cluster_;
  std::unique_ptr<KafkaProducer> producer_;
  std::unique_ptr<Ledger> ledger_;
  int64_t produced_ = 0;
  int64_t handled_ = 0;
  std::optional<Bookmark> last_;
};

std::vector<std::string> lines_of(const Json& document, const std::string& part,
                                  const std::vector<const char*>& names) {
  std::vector<std::string> lines;
  for (const Json& row : document.at(part)) {
    std::string line;
    for (const char* name : names) {
      const Json& value = row.at(name);
      line += (line.empty() ? "" : " ") + (value.is_string() ? value.get<std::string>() : value.dump());
    }
    lines.push_back(line);
  }
  return lines;
}

TEST_F(CommandAuditWhy, TellsSingleAnswersByTheVersionThatWasInForce) {
  live();
  const Json said = document();
  EXPECT_THAT(lines_of(said, "answers", {"event", "answer", "target"}),
              ElementsAre("no when ", "yes suppressed arn:aws:s3:::bucket-b", "denied nearly ", "no more when ",
                          "yes duplicate arn:aws:s3:::bucket-b"))
      << said.dump(1);
  EXPECT_EQ(said["answers"][1]["why"], "mode: first is in mode shadow");
  EXPECT_EQ(said["answers"][2]["why"], R"(found "Denied" at detail.error: {"exists":false})");
  EXPECT_NE(said["answers"][3]["version"], said["answers"][0]["version"]);
  EXPECT_EQ(said["events"], 6);
  EXPECT_EQ(said["unmatched"], 2);
  EXPECT_THAT(lines_of(said, "hours", {"hour", "answer", "counted", "asked_again", "verdict"}),
              ElementsAre("2026-01-01T12:00:00.000000Z when 1 1 equal", "2026-01-01T12:00:00.000000Z plan 1 1 equal",
                          "2026-01-01T13:00:00.000000Z when 1 1 equal", "2026-01-01T13:00:00.000000Z plan 1 1 equal"));
  EXPECT_THAT(lines_of(said, "records", {"what", "guard", "count", "targets"}), ElementsAre("suppressed mode 1 1"));
  EXPECT_EQ(said["versions"].size(), 2U);
  EXPECT_EQ(said["notes"], Json::array());
}

TEST_F(CommandAuditWhy, TellsPeopleAllOfItAndProgramsOneTable) {
  live();
  const Typed people = typed("--limit 2 --all");
  EXPECT_EQ(people.exit_code, kGood) << people.err;
  EXPECT_THAT(people.out, StartsWith("first from 2026-01-01T12:00:00.000000Z to 2026-01-01T14:00:00.000000Z\n\n"));
  EXPECT_THAT(people.out, HasSubstr("`when` said no"));
  EXPECT_THAT(people.out, HasSubstr("\nand 4 more (--limit)\n"));
  EXPECT_THAT(people.out, HasSubstr("events read again: 6; the pattern matches 4\n"));
  EXPECT_THAT(typed("--part hours -o csv").out, StartsWith("hour,answer,counted,asked_again,verdict,why\r\n"));
  EXPECT_THAT(typed("--part answers --all --limit 100").out, HasSubstr("found nothing at detail.n: {\"exists\":true}"));
  cluster_.reset();
  EXPECT_THAT(typed("--part records -o csv").out, StartsWith("what,guard,count,")) << "no broker is needed for it";
}

TEST_F(CommandAuditWhy, FindsWhatWasCountedOtherwiseThanTheSourceSays) {
  produce(10, "no", {{"n", 1}, {"bucket", "bucket-a"}});
  decide(11, 1);
  produce(70, "no", {{"n", 1}, {"bucket", "bucket-a"}});
  produce(71, "no", {{"n", 1}, {"bucket", "bucket-a"}});
  decide(72, 1);
  produce(130, "no", {{"n", 1}, {"bucket", "bucket-a"}});
  decide(131, 1);
  const Typed done =
      type("audit why first -c @kedge.yaml --from 2026-01-01T12:00:00Z --to 2026-01-01T16:00:00Z --part hours -o json");
  EXPECT_EQ(done.exit_code, kFoundWrong) << done.err;
  const Json rows = Json::parse(done.out);
  EXPECT_EQ(rows.at(0).at("verdict"), "equal");
  EXPECT_EQ(rows.at(1).at("verdict"), "differs");
  EXPECT_THAT(rows.at(1).at("why"), HasSubstr("nothing on record says why"));
}

TEST_F(CommandAuditWhy, AsksTheFilesOfTodayWhereABundleIsGoneIfItIsToldTo) {
  clock_.advance(hours(1));
  load(rule_above(2), false);
  produce(70, "no", {{"n", 2}, {"bucket", "bucket-a"}});
  decide(71, 1);
  const Json without = document();
  EXPECT_EQ(without["unasked"], 1);
  EXPECT_EQ(without["answers"], Json::array());
  EXPECT_EQ(without["hours"][0]["verdict"], "unknown");
  EXPECT_THAT(without["notes"].dump(), HasSubstr("is not kept any more; --rules DIR asks the files of today"));
  write("today/first.lua", rule_above(7));
  const Json with = document("--rules @today");
  EXPECT_EQ(with["answers"][0]["answer"], "when");
  EXPECT_EQ(with["answers"][0]["of_today"], true);
  EXPECT_EQ(with["versions"][1]["asked"], "the files of today");
  EXPECT_THAT(typed("--rules @today --part answers").out, HasSubstr("of today"));
  write("today/first.lua", "rule 'x' { on = { source = { 'a' } }, target = function() end, respond = function() end }");
  const Typed none = typed("--rules @today");
  EXPECT_EQ(none.exit_code, kUsedWrongly);
  EXPECT_THAT(none.err, HasSubstr("--rules: there is no rule 'first' in @today"));
}

TEST_F(CommandAuditWhy, SaysThatASourceIsNotConfiguredAnyMore) {
  live();
  change("kedge.yaml", "name: trail", "name: another");
  const Json said = document();
  EXPECT_THAT(said["notes"].dump(), HasSubstr("source trail is not in the configuration any more"));
  EXPECT_EQ(said["hours"][0]["verdict"], "unknown");
}

TEST_F(CommandAuditWhy, SaysWhatWouldBeRight) {
  const auto wrong = [&](const std::string& line) {
    const Typed done = type("audit why -c @kedge.yaml " + line);
    EXPECT_EQ(done.exit_code, kUsedWrongly) << line;
    return done.err;
  };
  EXPECT_THAT(wrong("firt --from 2026-01-01"), HasSubstr("no rule 'firt' was ever loaded (did you mean 'first'?)"));
  EXPECT_THAT(wrong("first"), HasSubstr("--from"));
  EXPECT_THAT(wrong("first --from yesterday"), HasSubstr("--from: 'yesterday' is not a time"));
  EXPECT_THAT(wrong("first --from 2026-01-02 --to 2026-01-01"), HasSubstr("is not before --to"));
  EXPECT_THAT(wrong("first --from 2199-01-01"), HasSubstr("--from 2199-01-01 is in the future"));
  EXPECT_THAT(wrong("first --from 2026-01-01 -o csv"), HasSubstr("is one table: say which, --part"));
  EXPECT_THAT(wrong("first --from 2026-01-01 --part record"), HasSubstr("(did you mean 'records'?)"));
}

TEST_F(CommandAuditWhy, TellsWhatIsOnRecordWhereNoBrokerCanBeReached) {
  live();
  cluster_.reset();
  const Json said = document("", kNotReached);
  EXPECT_THAT(lines_of(said, "records", {"what", "guard", "count"}), ElementsAre("suppressed mode 1"));
  EXPECT_EQ(said["hours"][0]["counted"], 1);
  EXPECT_EQ(said["hours"][0]["verdict"], "unknown");
}

}  // namespace
}  // namespace kedge
