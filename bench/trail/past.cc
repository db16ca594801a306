#include "bench/trail/past.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <random>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "ledger/sqlite.h"
#include "ledger/sqlite_ledger.h"

namespace kedge {
namespace {

constexpr size_t kOpenMost = 300;  // remediations that are under way at a time
constexpr Duration kSpan = std::chrono::hours(24 * 365);
constexpr int64_t kAtOnce = 20'000;

struct Open {
  std::string id, rule, target, actor, mark;
  std::vector<std::string> left;  // kinds of records, the next one last
  int64_t about = 0;
};

class Past {
 public:
  explicit Past(int64_t records) : step_(kSpan / records), now_(SystemClock().now() - kSpan) {}

  std::string next(int64_t seq) {
    now_ += step_;
    Json record = body(seq);
    record.update({{"v", 1}, {"seq", seq}, {"at", format_time(now_)}});
    return record.dump();
  }

 private:
  size_t below(size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random_); }
  bool once_in(size_t times) { return below(times) == 0; }
  // Of each decade of numbers about as many: few are frequent, most are seldom.
  size_t often_small(size_t limit) {
    const double share = std::uniform_real_distribution<double>(0, 1)(random_);
    return std::min(limit - 1, static_cast<size_t>(std::pow(static_cast<double>(limit), share)) - 1);
  }
  std::string hex(size_t words) {
    std::string text;
    for (; words > 0; --words) text += fmt::format("{:016x}", random_());
    return text;
  }
  std::string uuid() {
    const auto millis = static_cast<uint64_t>(now_.time_since_epoch().count() / 1000);
    const std::string rest = hex(2);
    return fmt::format("{:08x}-{:04x}-7{}-a{}-{}", millis >> 16U, millis & 0xFFFFU, rest.substr(0, 3),
                       rest.substr(3, 3), rest.substr(6, 12));
  }

  Json body(int64_t seq) {
    if (once_in(20'000))
      return {{"kind", "pause"}, {"actor", "alice (uid 1000)"}, {"scope", "all"}, {"reason", "freeze"}};
    if (once_in(500)) return dead_letter();
    if (open_.size() < kOpenMost && once_in(4)) return begin(seq);
    if (open_.empty()) return begin(seq);
    const size_t place = below(open_.size());
    Json record = go_on(open_[place]);
    if (open_[place].left.empty()) {
      open_[place] = std::move(open_.back());
      open_.pop_back();
    }
    return record;
  }

  Json begin(int64_t seq) {
    Open open;
    open.id = uuid();
    open.rule = past_rule(often_small(kPastRules));
    open.target = past_target(often_small(kPastTargets));
    open.actor = past_actor(often_small(kPastActors));
    open.mark = hex(2);
    open.about = seq;
    open.left = {"notice", "confirmation", "outcome", "attempt"};
    if (once_in(6)) open.left.insert(open.left.end(), {"approval", "hold"});
    if (once_in(15)) open.left = {"refusal"};
    Json record = plan(open);
    if (once_in(3)) {
      record.erase("remediation");
      record.update(
          {{"kind", "suppression"}, {"guard", once_in(9) ? "own-change" : "mode"}, {"reason", "mode shadow"}});
    } else {
      open_.push_back(std::move(open));
    }
    return record;
  }

  Json plan(const Open& open) {
    const Json step = {{"action", "aws.s3.block_public_access"},
                       {"args", {{"bucket", open.target.substr(13)}}},
                       {"attempts", 4},
                       {"on_failure", "stop"},
                       {"timeout_ms", 60'000},
                       {"version", 1}};
    const Json rule = {{"id", open.rule}, {"version", "5b1f6d2cc1a04f5e"}};
    return {
        {"kind", "plan"},
        {"disposition", "opened"},
        {"origin", "event"},
        {"state", "planned"},
        {"remediation", open.id},
        {"rule", rule},
        {"target", open.target},
        {"key", hex(4)},
        {"plan_sha256", hex(4)},
        {"plan",
         {{"confirm", Json::array()},
          {"isolate", Json::array()},
          {"notify", {"security"}},
          {"release", Json::array()},
          {"replace", Json::array()},
          {"revert", {step}},
          {"rule", rule},
          {"target", open.target},
          {"v", 1}}},
        {"policy",
         {{"approvals", 0},
          {"canary_percent", 10},
          {"limits", Json::object()},
          {"mode", "enforce"},
          {"on_unconfirmed", "escalate"},
          {"reconcile", "off"},
          {"references", Json::array()},
          {"severity", once_in(200) ? "critical"
                       : once_in(3) ? "high"
                                    : "medium"},
          {"throttle_us", 0},
          {"title", "S3 bucket made public"},
          {"window", ""}}},
        {"event",
         {{"account", "123456789012"},
          {"address", fmt::format("198.51.{}.{}", below(256), below(256))},
          {"agent", "aws-cli/2.15"},
          {"document_sha256", hex(4)},
          {"id", uuid()},
          {"index", 0},
          {"offset", open.about * 7},
          {"partition", {{"partition", 0}, {"source", "cloudtrail"}, {"topic", "events"}}},
          {"principal", open.actor},
          {"request_id", hex(1)},
          {"session", ""},
          {"source", "aws.s3"}}},
        {"times", {{"decided", format_time(now_)}, {"happened", format_time(now_)}, {"received", format_time(now_)}}}};
  }

  Json go_on(Open& open) {
    const std::string kind = open.left.back();
    open.left.pop_back();
    if (kind == "notice") return notice(open);
    Json record = {{"kind", kind},
                   {"remediation", open.id},
                   {"rule", {{"id", open.rule}, {"version", "5b1f6d2cc1a04f5e"}}},
                   {"target", open.target}};
    if (kind == "attempt") record.update(attempt(open));
    if (kind == "outcome") record.update(outcome(open));
    if (kind == "confirmation") record.update(confirmation());
    if (kind == "hold")
      record.update({{"from", "planned"}, {"to", "held"}, {"guard", "approval"}, {"reason", "it waits"}});
    if (kind == "approval") record.update({{"from", "held"}, {"to", "planned"}, {"actor", "alice (uid 1000)"}});
    if (kind == "refusal") {
      record.update({{"from", "planned"}, {"to", "refused"}, {"guard", once_in(50) ? "self-protection" : "exception"}});
    }
    return record;
  }

  Json notice(const Open& open) {
    return {{"kind", "notice"},
            {"about", open.about},
            {"attempts", 1},
            {"channel", "security"},
            {"delivered", true},
            {"error", ""},
            {"status", 200},
            {"type", "kedge.remediation.confirmed"},
            {"notice", "notice_" + hex(2)}};
  }

  static Json attempt(const Open& open) {
    return {{"from", "planned"},
            {"to", "running"},
            {"action", "aws.s3.block_public_access"},
            {"attempt", 1},
            {"befores", {{{"holds", false}, {"state", {{"public", true}}}, {"step", 0}}}},
            {"mark", open.mark},
            {"step", 0},
            {"touches", {open.target}},
            {"undo", false}};
  }

  Json outcome(const Open& open) {
    return {{"from", "running"},
            {"to", "confirming"},
            {"step", 0},
            {"action", "aws.s3.block_public_access"},
            {"attempt", 1},
            {"mark", open.mark},
            {"result", "applied"},
            {"code", ""},
            {"message", ""},
            {"after", {{"public", false}}},
            {"request_ids", {hex(1)}},
            {"writes", 1},
            {"started", format_time(now_)},
            {"finished", format_time(now_)}};
  }

  Json confirmation() {
    const bool well = !once_in(300);
    return {{"from", "confirming"},
            {"to", well ? "confirmed" : "unconfirmed"},
            {"reason", well ? "" : "not as it should be in time"},
            {"afters", {{{"state", {{"public", false}}}, {"step", 0}}}},
            {"phases",
             {{"confirmation", below(200'000)},
              {"detection", 2'990'000},
              {"evaluation", below(9'000)},
              {"recovery", 0},
              {"response", below(400'000)}}},
            {"steps", {{{"action", "aws.s3.block_public_access"}, {"attempts", 1}, {"status", "applied"}}}}};
  }

  Json dead_letter() {
    return {{"kind", "dead_letter"},          {"index", 0},        {"message", "an object was expected at byte 0"},
            {"offset", below(1'000'000'000)}, {"partition", 0},    {"reason", "not_json"},
            {"source", "cloudtrail"},         {"topic", "events"}, {"value", {{"bytes", 727}, {"sha256", hex(4)}}}};
  }

  std::mt19937_64 random_{7};
  const Duration step_;
  Time now_;
  std::vector<Open> open_;
};

}  // namespace

void fail_trail(const std::string& why) {
  std::cerr << "bench_trail: " << why << "\n";
  std::exit(1);
}

std::string past_rule(size_t number) { return fmt::format("aws.s3.rule-{:02}", number); }
std::string past_target(size_t number) { return fmt::format("arn:aws:s3:::team-{}-bucket-{:06}", number % 97, number); }
std::string past_actor(size_t number) { return fmt::format("arn:aws:iam::123456789012:user/person-{:04}", number); }

void make_trail(const std::string& directory, int64_t records) {
  SystemClock clock;
  Random random;
  SqliteLedgerOptions options;
  options.directory = directory;
  if (auto ledger = open_sqlite_ledger(options, clock, random); !ledger) fail_trail(ledger.error().message);
  try {
    Database database(directory + "/ledger.db", SQLITE_OPEN_READWRITE);
    database.execute("PRAGMA synchronous = OFF; DELETE FROM journal");
    Past past(records);
    for (int64_t seq = 0; seq < records;) {
      database.run("BEGIN");
      for (const int64_t end = std::min(records, seq + kAtOnce); seq < end; ++seq) {
        database.run("INSERT INTO journal VALUES (?, ?)", seq, past.next(seq));
      }
      database.run("COMMIT");
      if (seq % 1'000'000 == 0) std::cerr << seq << " records are made\n";
    }
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (const SqliteFailure& failure) {
    fail_trail(failure.message);
  }
}

}  // namespace kedge
