// The records of an incident as tests of its report need them: a bucket that was made public, held for a flap until
// somebody approved, and made private again; `text` stands wherever text comes from outside.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "trail/report.h"

namespace kedge::testing {

inline Story sample_story(const std::string& text) {
  const Json subject = {{"remediation", "0194-r"},
                        {"rule", {{"id", "aws.s3.public-bucket"}, {"version", "abcdef0123456789"}}},
                        {"target", "arn:aws:s3:::" + text}};
  const Json before = {{"policy", R"({"Statement":[{"Sid":"PublicRead","Principal":"*"}]})"},
                       {"tag", text + "\n" + text}};
  const Json after = {{"policy", R"({"Statement":[]})"}, {"tag", ""}};
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
               {"plan", {{"revert", {{{"action", "aws.s3.remove_public_grants"}, {"args", {{"bucket", text}}}}}}}},
               {"plan_sha256", "5eed"},
               {"policy", {{"title", text}, {"severity", "high"}, {"mode", "enforce"}}},
               {"event",
                {{"principal", text},
                 {"session", text},
                 {"address", text},
                 {"agent", text},
                 {"id", text},
                 {"request_id", text}}},
               {"times",
                {{"happened", "2026-01-31T10:50:57.000000Z"},
                 {"received", "2026-01-31T10:50:59.900000Z"},
                 {"decided", "2026-01-31T10:51:00.000000Z"}}}});
  add("hold",
      {{"from", "planned"},
       {"to", "held"},
       {"guard", "flap"},
       {"reason", text},
       {"figures", {{"opponents", {{{"principal", text}, {"tool", "Terraform"}, {"agent", text}, {"times", 3}}}}}},
       {"befores", {{{"step", 0}, {"state", before}}}}});
  add("approval", {{"from", "held"}, {"to", "planned"}, {"actor", text}, {"reason", text}});
  add("attempt", {{"from", "planned"},
                  {"to", "running"},
                  {"step", 0},
                  {"action", "aws.s3.remove_public_grants"},
                  {"attempt", 1},
                  {"mark", "0123abcd"},
                  {"undo", false},
                  {"befores", {{{"step", 0}, {"state", before}}}}});
  add("outcome", {{"from", "running"},
                  {"to", "running"},
                  {"step", 0},
                  {"action", "aws.s3.remove_public_grants"},
                  {"result", "retry"},
                  {"writes", 1},
                  {"attempt", 1},
                  {"code", text},
                  {"message", text}});
  add("outcome", {{"from", "running"},
                  {"to", "confirming"},
                  {"step", 0},
                  {"action", "aws.s3.remove_public_grants"},
                  {"result", "applied"},
                  {"writes", 1},
                  {"code", ""},
                  {"message", ""}});
  add("confirmation", {{"from", "confirming"},
                       {"to", "confirmed"},
                       {"afters", {{{"step", 0}, {"state", after}}}},
                       {"phases",
                        {{"detection", 2'900'000},
                         {"evaluation", 100'000},
                         {"response", 5'300'000},
                         {"recovery", 12'000},
                         {"confirmation", 900'000}}}});
  add("notice", {{"channel", text}, {"type", "kedge.remediation.confirmed"}, {"delivered", false}, {"error", text}});
  Story story = story_of(std::move(records));
  story.event = {{"detail", {{"eventName", text}}}};
  return story;
}

inline Report sample_report(const std::string& text) {
  Report report;
  report.ledger = "019b79c0-5a00-7000-8000-00000000000a";
  report.head = 900;
  report.made = *parse_time("2026-02-01T08:00:00Z");
  report.read_back_to = "2025-11-02T00:00:00.000000Z";
  report.stories = {sample_story(text)};
  report.same_actor.rows = {{30, "2026-01-31T10:40:00.000000Z", "suppression", text, text, text, "", "", text}};
  report.same_target.rows = {
      {20, "2026-01-30T10:40:00.000000Z", "plan", text, text, text, "0193-q", "confirmed", text}};
  report.same_target.left_out = 2;
  report.ends = {{text, {{"confirmed", 3}, {"failed", 1}}}};
  report.rule_files["abcdef0123456789"] = {{"s3.lua", "rule \"aws.s3.public-bucket\" {}\n-- " + text + "\n"}};
  return report;
}

}  // namespace kedge::testing
