#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "trail/story.h"

namespace kedge {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The records of a bucket that was made public, held until somebody approved, and made private again.
std::vector<Json> sample_records() {
  const Json subject = {{"remediation", "0194-r"},
                        {"rule", {{"id", "aws.s3.public-bucket"}, {"version", "abcdef0123456789"}}},
                        {"target", "arn:aws:s3:::b"}};
  const std::string open_policy =
      R"({"Statement":[{"Sid":"PublicRead","Effect":"Allow","Principal":"*","Action":"s3:GetObject"},{"Sid":"Ours"}]})";
  const Json before = {{"policy", open_policy}, {"object_ownership", "ObjectWriter"}};
  const Json after = {{"policy", R"({"Statement":[{"Sid":"Ours"}]})"}, {"object_ownership", "BucketOwnerEnforced"}};
  std::vector<Json> records;
  const auto add = [&](const char* kind, Json body) {
    body.update(subject);
    body["kind"] = kind;
    body["seq"] = 40 + records.size();
    body["at"] = "2026-01-31T10:51:0" + std::to_string(records.size()) + ".123456Z";
    records.push_back(std::move(body));
  };
  add("plan", {{"disposition", "opened"},
               {"state", "planned"},
               {"plan", {{"revert", {{{"action", "aws.s3.remove_public_grants"}, {"args", {{"bucket", "b"}}}}}}}},
               {"plan_sha256", "5eed"},
               {"policy", {{"title", "S3 bucket made public"}, {"severity", "high"}, {"mode", "enforce"}}},
               {"event",
                {{"principal", "arn:aws:iam::1:user/mallory"},
                 {"address", "203.0.113.9"},
                 {"agent", "aws-cli\x1b[2J"},
                 {"id", "event-1"},
                 {"partition", {{"source", "cloudtrail"}, {"topic", "events"}, {"partition", 3}}},
                 {"offset", 17}}},
               {"times", {{"happened", "2026-01-31T10:50:57.000000Z"}, {"decided", "2026-01-31T10:51:00.000000Z"}}}});
  add("hold", {{"from", "planned"},
               {"to", "held"},
               {"guard", "rate"},
               {"reason", "10 of 10 within a minute"},
               {"figures", {{"limit", 10}, {"started", 10}}},
               {"befores", {{{"step", 0}, {"state", before}}}}});
  add("approval", {{"from", "held"}, {"to", "planned"}, {"actor", "alice (uid 1000)"}, {"reason", "known attacker"}});
  add("attempt", {{"from", "planned"},
                  {"to", "running"},
                  {"step", 0},
                  {"action", "aws.s3.remove_public_grants"},
                  {"attempt", 1},
                  {"mark", "0123abcd"},
                  {"undo", false},
                  {"befores", {{{"step", 0}, {"state", before}}}}});
  add("outcome", {{"from", "running"},
                  {"to", "confirming"},
                  {"step", 0},
                  {"action", "aws.s3.remove_public_grants"},
                  {"result", "applied"},
                  {"writes", 1},
                  {"code", ""},
                  {"message", ""},
                  {"request_ids", {"TX0001"}}});
  add("confirmation", {{"from", "confirming"},
                       {"to", "confirmed"},
                       {"afters", {{{"step", 0}, {"state", after}}}},
                       {"phases",
                        {{"detection", 2'900'000},
                         {"evaluation", 100'000},
                         {"response", 61'000'000},
                         {"recovery", 12'000},
                         {"confirmation", 250}}}});
  return records;
}

std::string sample_text() {
  Story story = story_of(sample_records());
  story.event = {{"detail-type", "AWS API Call via CloudTrail"}, {"detail", {{"eventName", "PutBucketPolicy"}}}};
  return to_text(story);
}

TEST(StoryText, ReadsFromTheCauseToTheEnd) {
  EXPECT_EQ(sample_text(),
            R"(Remediation 0194-r: confirmed
  title         S3 bucket made public
  severity      high
  target        arn:aws:s3:::b
  rule          aws.s3.public-bucket, version abcdef012345, mode enforce

What happened
  event         PutBucketPolicy (AWS API Call via CloudTrail)
  at            2026-01-31T10:50:57.000000Z
  by            arn:aws:iam::1:user/mallory
  from          203.0.113.9
  agent         aws-cli\u{1b}[2J
  event id      event-1
  read from     cloudtrail, topic events[3], offset 17

What was decided
  at            2026-01-31T10:51:00.000000Z
  step          aws.s3.remove_public_grants {"bucket":"b"}
  plan          sha256 5eed

How long it took
  detection           2.90 s  from the event until it was received
  evaluation        100.0 ms  until the plan was decided
  response         1 min 1 s  until the first effect was applied
  recovery           12.0 ms  until the last effect was applied
  confirmation        250 us  until it was read back as it should be
  together         1 min 4 s

What was done and said
  2026-01-31 10:51:00.123       #40  found: S3 bucket made public, caused by arn:aws:iam::1:user/mallory from 203.0.113.9
  2026-01-31 10:51:01.123       #41  held by guard rate: 10 of 10 within a minute
                                     judged by {"limit":10,"started":10}
  2026-01-31 10:51:02.123       #42  approved by alice (uid 1000): known attacker
  2026-01-31 10:51:03.123       #43  aws.s3.remove_public_grants, attempt 1 (mark 0123abcd)
  2026-01-31 10:51:04.123       #44  aws.s3.remove_public_grants: applied, 1 call sent
                                     request TX0001
  2026-01-31 10:51:05.123       #45  read back, and as it should be

Before and after
  aws.s3.remove_public_grants
    object_ownership: ObjectWriter → BucketOwnerEnforced
    policy.Statement[PublicRead]
      - {"Action":"s3:GetObject","Effect":"Allow","Principal":"*","Sid":"PublicRead"}
)");
}

TEST(StoryText, TellsAnAnnouncementFromSomethingThatWasDone) {
  auto records = sample_records();
  records.resize(1);
  records[0]["plan"] = {{"notify", {"security", "on-call"}}};
  records.push_back({{"kind", "announcement"},
                     {"remediation", "0194-r"},
                     {"from", "planned"},
                     {"to", "announced"},
                     {"phases", {{"detection", 2'900'000}, {"evaluation", 100'000}}}});
  const std::string text = to_text(story_of(std::move(records)));
  EXPECT_THAT(text, HasSubstr("Remediation 0194-r: announced\n"));
  EXPECT_THAT(text, HasSubstr("  step          none: people are told, nothing is done\n"
                              "  notify        security, on-call\n"));
  EXPECT_THAT(text, HasSubstr("announced: the plan has no step, so nothing was looked at and nothing was done"));
  EXPECT_THAT(text, Not(HasSubstr("confirm")));
  EXPECT_THAT(text, Not(HasSubstr("Before and after")));
}

TEST(StoryText, SaysThatAnUndoTookItBack) {
  auto records = sample_records();
  records.push_back({{"kind", "undo"}, {"to", "undone"}});
  EXPECT_THAT(to_text(story_of(std::move(records))), HasSubstr("All of it was taken back"));
}

TEST(StoryText, NamesEachFindingThatJoined) {
  auto records = sample_records();
  Json again = records[0];
  again["disposition"] = "joined";
  again["seq"] = 99;
  again["event"]["id"] = "event-2";
  records.push_back(std::move(again));
  EXPECT_THAT(
      to_text(story_of(std::move(records))),
      HasSubstr("again         2026-01-31T10:50:57.000000Z by arn:aws:iam::1:user/mallory (event event-2, record 99)"));
}

TEST(StoryText, LetsNothingFromOutsideSteerATerminal) {
  auto records = sample_records();
  for (Json& record : records) {
    record["reason"] = "\x1b]0;x\a";
    record["target"] = "\x1b[2J";
    record["request_ids"] = {"\x1b[2J"};
    if (record.contains("befores")) record["befores"][0]["state"] = {{"policy", "\x1b[2J\nsecond"}, {"\x1b[1m", 1}};
  }
  const std::string text = to_text(story_of(std::move(records)));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\a")));
}

TEST(StoryText, SaysWhenOnlyOneSideIsKnown) {
  auto records = sample_records();
  records.pop_back();
  EXPECT_THAT(to_text(story_of(std::move(records))), HasSubstr("observed before, not yet after"));
}

}  // namespace
}  // namespace kedge
