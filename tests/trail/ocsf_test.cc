#include "trail/ocsf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "base/json.h"
#include "tests/ledger/change_maker.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/trail/ocsf_schema.h"
#include "tests/trail/ocsf_validator.h"
#include "tests/trail/record_examples.h"
#include "trail/export.h"
#include "trail/record_summary.h"

namespace kedge {
namespace {

using ::testing::IsEmpty;
using testing::OcsfValidator;

using Types = std::vector<std::string>;

const OcsfSource kSource{"019b79c0-5a00-7000-8000-00000000000a", "0.1.0"};

class OcsfTest : public ::testing::Test {
 protected:
  Json example(const std::string& kind) { return *parse_json(examples_.at(kind)); }
  Opening opening() { return opening_of(example("plan")); }

  // The events of a record. Each must be valid.
  std::vector<Json> events_of(const Json& record, const Opening* opening, const Json& event = nullptr) {
    const JournalEntry entry{record.value("seq", int64_t{0}), *canonical_json(record)};
    std::vector<Json> events = ocsf_events(entry, record, opening, event, kSource);
    for (const Json& one : events) expect_valid(one);
    return events;
  }

  // Of a record of the example's remediation.
  std::vector<Json> events_of(const Json& record) {
    const Opening its = opening();
    return events_of(record, &its);
  }

  void expect_valid(const Json& event) {
    EXPECT_THAT(validator_.faults(event), IsEmpty()) << event.dump(2);
    if (whole_) {
      EXPECT_THAT(whole_->faults(event), IsEmpty()) << event.dump(2);
    }
    EXPECT_LE(event.dump().size(), 65'535U);
  }

  Json with(Json record, const Json& changes) {
    record.merge_patch(changes);
    return record;
  }

  static Types types(const std::vector<Json>& events) {
    Types types;
    for (const Json& event : events) types.push_back(event["type_name"]);
    return types;
  }

  static std::optional<OcsfValidator> whole() {
    auto schema = testing::whole_ocsf_schema();
    return schema ? std::optional<OcsfValidator>(*std::move(schema)) : std::nullopt;
  }

  const std::map<std::string, std::string> examples_ = testing::record_examples(KEDGE_SOURCE_DIR);
  const OcsfValidator validator_{testing::ocsf_schema()};
  const std::optional<OcsfValidator> whole_ = whole();
};

TEST_F(OcsfTest, EveryKindOfRecordHasItsPlace) {
  const std::map<std::string, Types> wanted = {{"alarm", {"Detection Finding: Create"}},
                                               {"announcement", {"Detection Finding: Update"}},
                                               {"approval", {"Detection Finding: Update"}},
                                               {"attempt", {"Remediation Activity: Restore"}},
                                               {"cancellation", {"Detection Finding: Close"}},
                                               {"claim_expiry", {"Entity Management: Deactivate"}},
                                               {"clock_acceptance", {"Application Lifecycle: Enable"}},
                                               {"confirmation", {"Detection Finding: Close"}},
                                               {"dead_letter", {"Application Error: Translation Error"}},
                                               {"exception", {"Entity Management: Create"}},
                                               {"expiry", {"Detection Finding: Update"}},
                                               {"genesis", {"Event Log Activity: Start"}},
                                               {"hold", {"Detection Finding: Update"}},
                                               {"notice", {}},
                                               {"outcome", {"Remediation Activity: Restore"}},
                                               {"pause", {"Application Lifecycle: Disable"}},
                                               {"plan", {"Detection Finding: Create"}},
                                               {"position", {"Application Error: General Error"}},
                                               {"redrive", {"Application Lifecycle: Other"}},
                                               {"rerun", {"Application Lifecycle: Other"}},
                                               {"refusal", {"Detection Finding: Close"}},
                                               {"release", {"Detection Finding: Update"}},
                                               {"restoration", {"Event Log Activity: Other"}},
                                               {"resume", {"Application Lifecycle: Enable"}},
                                               {"resumption", {"Detection Finding: Update"}},
                                               {"rule_failure", {"Application Error: General Error"}},
                                               {"rules_loaded", {"Entity Management: Update"}},
                                               {"start", {"Application Lifecycle: Start"}},
                                               {"stop", {"Application Lifecycle: Stop"}},
                                               {"supersession", {"Detection Finding: Close"}},
                                               {"suppression", {"Detection Finding: Create"}},
                                               {"undo", {"Detection Finding: Update"}}};
  for (const std::string_view kind : record_kinds()) {
    ASSERT_TRUE(wanted.contains(std::string(kind))) << kind;
    ASSERT_TRUE(examples_.contains(std::string(kind))) << kind;
    EXPECT_EQ(types(events_of(example(std::string(kind)))), wanted.at(std::string(kind))) << kind;
  }
}

TEST_F(OcsfTest, TheDocumentationTellsOfEveryKind) {
  std::map<std::string, std::string> rows;  // of the table, by kind
  std::istringstream page(*read_file(std::string(KEDGE_SOURCE_DIR) + "/docs/audit-export.md"));
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    for (const auto& [kind, text] : examples_) {
      if (line.substr(0, line.find(" | ")).find("`" + kind + "`") != std::string::npos) rows[kind] = line;
    }
  }
  for (const auto& [kind, text] : examples_) {
    ASSERT_TRUE(rows.contains(kind)) << kind;
    for (const Json& event : events_of(*parse_json(text))) {
      for (const char* told : {"class_uid", "class_name", "activity_name", "status"}) {
        const std::string word = event[told].is_string() ? event[told].get<std::string>() : event[told].dump();
        EXPECT_NE(rows[kind].find(word), std::string::npos) << kind << " is a " << word << ": " << rows[kind];
      }
    }
  }
}

TEST_F(OcsfTest, IsValidWhereTheOpeningIsNotKept) {
  for (const auto& [kind, text] : examples_) events_of(*parse_json(text), nullptr);
}

// All that the reference ledger can be brought to write.
TEST_F(OcsfTest, EveryEventOfARandomJournalIsValidAndHasAnIdOfItsOwn) {
  FakeClock clock;
  SqliteLedgerOptions options;
  options.dead_letters_max = 20;
  options.suppressions_per_minute = 3;
  options.record_bytes_max = 2'000;  // so that some members stand as digests
  MemoryLedger ledger(clock, options);
  ChangeMaker maker(7, clock);
  for (int i = 0; i < 3'000; ++i) {
    clock.advance(maker.pause());
    const Change change = maker.next(ledger);
    ledger.apply({&change, 1});
  }
  std::set<std::string> ids;
  int64_t lines = 0;
  const auto exported = export_records(Trail(ledger), {}, ExportFormat::ocsf, "0.1.0", [&](std::string_view line) {
    const Json event = *parse_json(line);
    expect_valid(event);
    ids.insert(event["metadata"]["uid"]);
    ++lines;
    return Result<void>();
  });
  ASSERT_TRUE(exported) << exported.error().message;
  EXPECT_EQ(exported->records, ledger.head() + 1);
  EXPECT_EQ(exported->lines, lines);
  EXPECT_EQ(static_cast<int64_t>(ids.size()), lines);
  EXPECT_GT(lines, 1'000);
}

// From an event to the proof of its record.
TEST_F(OcsfTest, NamesTheLogAndTheLeafOfTheRecord) {
  OcsfSource source = kSource;
  source.origin = "audit.example.com/kedge";
  const JournalEntry entry{110, examples_.at("pause")};
  const Json event = ocsf_events(entry, example("pause"), nullptr, nullptr, source).at(0);
  expect_valid(event);
  EXPECT_EQ(event["metadata"]["log_name"], "audit.example.com/kedge");
  EXPECT_EQ(event["unmapped"]["tlog"], (Json{{"origin", "audit.example.com/kedge"},
                                             {"index", 110},
                                             {"leaf_hash", sha256(std::string(1, '\0') + entry.bytes).hex()}}));
  Json long_one = example("pause");
  for (int i = 0; i < 90; ++i) long_one["member" + std::to_string(i)] = std::string(1000, 'x');
  const Json cut = ocsf_events({110, *canonical_json(long_one)}, long_one, nullptr, nullptr, source).at(0);
  EXPECT_EQ(cut["metadata"]["is_truncated"], true);
  EXPECT_EQ(cut["unmapped"]["tlog"]["index"], 110) << "it stays whatever is cut";
}

TEST_F(OcsfTest, NamesTheRecordByNumberIdAndDigest) {
  const Json event = events_of(example("pause")).at(0);
  const std::string digest = sha256(examples_.at("pause")).hex();
  EXPECT_EQ(event["metadata"]["sequence"], 110);
  EXPECT_EQ(event["metadata"]["uid"], "110-" + digest.substr(0, 32));
  EXPECT_EQ(event["raw_data_hash"]["value"], digest);
  EXPECT_EQ(event["metadata"]["log_name"], kSource.ledger);
  EXPECT_EQ(event["metadata"]["event_code"], "pause");
  EXPECT_EQ(event["metadata"]["original_time"], "2026-01-01T16:00:00.000000Z");
  EXPECT_EQ(event["time"], 1767283200000);
  EXPECT_EQ(event["app"]["feature"], (Json{{"name", "effects"}, {"uid", "all"}}));
  EXPECT_EQ(event["actor"]["user"]["name"], "alice");
  EXPECT_EQ(event["unmapped"], (Json{{"actor", "alice"}, {"reason", "change freeze"}, {"scope", "all"}}));
}

TEST_F(OcsfTest, AFindingTellsWhatWasFoundWhereAndByWhom) {
  const Json document = {{"detail", {{"eventName", "PutBucketAcl"}, {"eventSource", "s3.amazonaws.com"}}}};
  const Json event = events_of(example("plan"), nullptr, document).at(0);
  EXPECT_EQ(event["status"], "New");
  EXPECT_EQ(event["severity"], "High");
  EXPECT_EQ(event["is_alert"], true);
  EXPECT_EQ(event["finding_info"]["uid"], "019b79c1-0001-7000-8000-000000000001");
  EXPECT_EQ(event["metadata"]["correlation_uid"], event["finding_info"]["uid"]);
  EXPECT_EQ(event["finding_info"]["title"], "S3 bucket made public");
  EXPECT_EQ(event["finding_info"]["first_seen_time"], 1767268798000);
  EXPECT_EQ(event["finding_info"]["analytic"]["name"], "aws.s3.public-bucket");
  EXPECT_EQ(event["cloud"]["account"]["uid"], "123456789012") << "the event's account: a bucket's ARN has none";
  EXPECT_EQ(event["resources"][0]["uid"], "arn:aws:s3:::customer-uploads");
  EXPECT_EQ(event["resources"][0]["name"], "customer-uploads");
  const Json& evidence = event["evidences"][0];
  EXPECT_EQ(evidence["actor"]["user"]["name"], "arn:aws:iam::123456789012:user/alice");
  EXPECT_EQ(evidence["src_endpoint"]["ip"], "198.51.100.7");
  EXPECT_EQ(evidence["http_request"]["user_agent"], "aws-cli/2.15");
  EXPECT_EQ(evidence["api"]["operation"], "PutBucketAcl");
  EXPECT_EQ(evidence["api"]["request"]["uid"], "5M3T8QXK1CZ7V9YB");
}

TEST_F(OcsfTest, AnAddressThatIsANameIsNoAddress) {
  const Json event = events_of(with(example("plan"), {{"event", {{"address", "s3.amazonaws.com"}}}})).at(0);
  EXPECT_EQ(event["evidences"][0]["src_endpoint"], (Json{{"name", "s3.amazonaws.com"}}));
}

TEST_F(OcsfTest, AnotherFindingOfWhatIsOpenUpdatesIt) {
  const Json event = events_of(with(example("plan"), {{"disposition", "joined"}})).at(0);
  EXPECT_EQ(event["type_name"], "Detection Finding: Update");
  EXPECT_EQ(event["status"], "In Progress");
}

TEST_F(OcsfTest, AnAttemptAndItsOutcomeHaveOneCommand) {
  const Json attempt = events_of(example("attempt")).at(0);
  const Json outcome = events_of(example("outcome")).at(0);
  EXPECT_EQ(attempt["command_uid"], "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(outcome["command_uid"], attempt["command_uid"]);
  EXPECT_EQ(attempt["status"], "Intended");
  EXPECT_EQ(outcome["status"], "Success");
  EXPECT_EQ(outcome["severity"], "High") << "as the opening says";
  EXPECT_EQ(outcome["remediation"]["desc"], "aws.s3.block_public_access");
}

TEST_F(OcsfTest, TheResultOfAnAttemptIsItsStatus) {
  const auto status = [&](const char* result) {
    return events_of(with(example("outcome"), {{"result", result}, {"to", "running"}})).at(0)["status"];
  };
  EXPECT_EQ(status("applied"), "Success");
  EXPECT_EQ(status("already"), "Success");
  EXPECT_EQ(status("retry"), "Error");
  EXPECT_EQ(status("refused"), "Failure");
  EXPECT_EQ(status("failed"), "Failure");
  EXPECT_EQ(status("unknown"), "Unknown");
}

TEST_F(OcsfTest, AStepThatIsolatesIsAnIsolation) {
  Opening its = opening();
  its.isolating = 1;
  its.steps = 2;
  EXPECT_EQ(types(events_of(example("attempt"), &its)), (Types{"Remediation Activity: Isolate"}));
  EXPECT_EQ(types(events_of(with(example("attempt"), {{"step", 1}}), &its)), (Types{"Remediation Activity: Restore"}));
  EXPECT_EQ(types(events_of(with(example("attempt"), {{"undo", true}}), &its)),
            (Types{"Remediation Activity: Restore"}));
  EXPECT_EQ(types(events_of(with(example("outcome"), {{"from", "releasing"}}), &its)),
            (Types{"Remediation Activity: Restore"}));
  EXPECT_EQ(types(events_of(example("attempt"), nullptr)), (Types{"Remediation Activity: Unknown"}));
}

TEST_F(OcsfTest, ARecordThatTellsOfTwoThingsHasTwoEvents) {
  const Json outcome = example("outcome");
  const auto failed = events_of(with(outcome, {{"to", "failed"}, {"result", "refused"}, {"reason", "denied"}}));
  ASSERT_EQ(types(failed), (Types{"Remediation Activity: Restore", "Detection Finding: Update"}));
  EXPECT_EQ(failed[1]["status"], "Failed");
  EXPECT_EQ(failed[1]["status_detail"], "denied");
  EXPECT_EQ(failed[1]["metadata"]["uid"], failed[0]["metadata"]["uid"].get<std::string>() + "/2");
  Json hold = example("hold");
  for (const char* member : {"action", "attempt", "mark", "result", "step"}) hold[member] = outcome[member];
  EXPECT_EQ(types(events_of(hold)), (Types{"Detection Finding: Update", "Remediation Activity: Restore"}));
}

TEST_F(OcsfTest, WhatWasSeenWithoutAnAttemptIsProgress) {
  Json outcome = example("outcome");
  for (const char* member : {"action", "attempt", "mark", "result", "step"}) outcome.erase(member);
  EXPECT_EQ(events_of(outcome).at(0)["status"], "In Progress");
  EXPECT_EQ(events_of(with(outcome, {{"to", "failed"}})).at(0)["status"], "Failed");
}

TEST_F(OcsfTest, WhatIsOfANetworkOrAFileHasAClassOfItsOwn) {
  const auto of_target = [&](const char* target) {
    return events_of(with(example("attempt"), {{"target", target}})).at(0);
  };
  EXPECT_EQ(of_target("arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1")["class_uid"], 7004);
  EXPECT_EQ(of_target("k8s:prod/NetworkPolicy/web/deny")["class_uid"], 7004);
  const Json file = of_target("host:web-1/etc/ssh/sshd_config");
  EXPECT_EQ(file["class_uid"], 7002);
  EXPECT_EQ(file["file"]["name"], "sshd_config");
  EXPECT_EQ(file["file"]["path"], "/etc/ssh/sshd_config");
  EXPECT_EQ(file["device"]["hostname"], "web-1");
  EXPECT_EQ(of_target("host:web-1")["class_uid"], 7001);
  EXPECT_EQ(of_target("whatever it is")["class_uid"], 7001);
}

TEST_F(OcsfTest, AFindingAboutAFileTellsOfItsChangeToo) {
  const Json plan = with(example("plan"), {{"target", "host:web-1/etc/ssh/sshd_config"}});
  const auto events = events_of(plan, nullptr, {{"detail", {{"syscheck", {{"event", "modified"}}}}}});
  ASSERT_EQ(types(events), (Types{"Detection Finding: Create", "File System Activity: Update"}));
  EXPECT_EQ(events[1]["time"], 1767268798000) << "when it happened";
  EXPECT_EQ(events[1]["file"]["path"], "/etc/ssh/sshd_config");
  EXPECT_EQ(events[1]["actor"]["user"]["name"], "arn:aws:iam::123456789012:user/alice");
  EXPECT_EQ(events[0]["finding_info"]["related_events"][0]["uid"], events[1]["metadata"]["uid"]);
  EXPECT_EQ(types(events_of(plan, nullptr)).at(1), "File System Activity: Unknown") << "the event is not kept";
  const Json left_alone =
      with(example("plan"), {{"kind", "suppression"}, {"guard", "mode"}, {"target", "host:w/etc/x"}});
  EXPECT_EQ(events_of(left_alone, nullptr).size(), 2);
}

TEST_F(OcsfTest, AGuardIsTheControlThatSpoke) {
  const Json held = events_of(example("hold")).at(0);
  EXPECT_EQ(held["policy"]["name"], "pause");
  EXPECT_EQ(held["action"], "Held");
  EXPECT_EQ(held["disposition"], "Delayed");
  EXPECT_EQ(held["is_alert"], true);
  const Json waiting = events_of(with(example("hold"), {{"to", "waiting"}, {"guard", "budget"}})).at(0);
  EXPECT_EQ(waiting["action"], "Deferred");
  EXPECT_EQ(waiting["is_alert"], false);
  Json suppression = with(example("plan"), {{"kind", "suppression"}, {"guard", "mode"}, {"reason", "shadow"}});
  suppression.erase("remediation");
  const Json watched = events_of(suppression, nullptr).at(0);
  EXPECT_EQ(watched["status"], "Suppressed");
  EXPECT_EQ(watched["action"], "Observed");
  EXPECT_EQ(watched["finding_info"]["uid"], suppression["key"]);
  suppression["guard"] = "exception";
  EXPECT_EQ(events_of(suppression, nullptr).at(0)["action"], "Denied");
  const Json folded = events_of(example("suppression"), nullptr).at(0);
  EXPECT_EQ(folded["count"], 14);
  EXPECT_EQ(folded["status"], "Suppressed");
}

TEST_F(OcsfTest, WhatIsStillThereIsNotClosed) {
  const auto status = [&](const char* kind, const Json& changes) {
    const Json event = events_of(with(example(kind), changes)).at(0);
    return event["activity_name"].get<std::string>() + ": " + event["status"].get<std::string>();
  };
  EXPECT_EQ(status("confirmation", Json::object()), "Close: Resolved");
  EXPECT_EQ(status("confirmation", {{"to", "unconfirmed"}}), "Update: Unconfirmed");
  EXPECT_EQ(status("confirmation", {{"to", "isolated"}}), "Update: In Progress");
  EXPECT_EQ(status("expiry", Json::object()), "Update: Expired");
  EXPECT_EQ(status("refusal", Json::object()), "Close: Suppressed") << "an exception says that it is meant";
  EXPECT_EQ(status("refusal", {{"guard", "self-protection"}}), "Update: Refused");
  EXPECT_EQ(status("cancellation", Json::object()), "Close: Suppressed");
  EXPECT_EQ(status("supersession", Json::object()), "Close: Superseded");
  EXPECT_EQ(status("undo", Json::object()), "Update: In Progress");
  EXPECT_EQ(status("undo", {{"to", "undone"}}), "Close: Undone");
  EXPECT_EQ(status("announcement", Json::object()), "Update: Announced");
}

TEST_F(OcsfTest, APersonsYesHasItsActor) {
  const Json event = events_of(example("approval")).at(0);
  EXPECT_EQ(event["disposition"], "Approved");
  EXPECT_EQ(event["actor"]["user"]["name"], "alice");
  EXPECT_EQ(event["comment"], "still wanted");
  EXPECT_EQ(events_of(with(example("approval"), {{"cause", "resume"}})).at(0)["disposition"], "Allowed");
}

TEST_F(OcsfTest, OnlyWhatIsAboutTheEngineIsItsError) {
  EXPECT_EQ(events_of(with(example("alarm"), {{"alarm", "breaker-open"}})).at(0)["class_uid"], 6008);
  EXPECT_EQ(events_of(with(example("position"), {{"note", "seek"}, {"actor", "alice"}})).at(0)["class_uid"], 6002);
  EXPECT_EQ(events_of(with(example("notice"), {{"delivered", false}, {"error", "410"}})).at(0)["status_detail"], "410");
}

TEST_F(OcsfTest, AKindThatIsNotKnownIsNotLost) {
  const auto events =
      events_of({{"v", 1}, {"seq", 7}, {"at", "2026-01-01T12:00:00.000000Z"}, {"kind", "later"}, {"x", 1}});
  ASSERT_EQ(types(events), (Types{"Base Event: Other"}));
  EXPECT_EQ(events[0]["unmapped"], (Json{{"x", 1}}));
}

TEST_F(OcsfTest, WhatIsTooLongIsCutAndSaysSo) {
  Json hold =
      with(example("hold"), {{"reason", std::string(30'000, 'r')}, {"figures", {{"list", std::string(29'000, 'f')}}}});
  const Json event = events_of(hold).at(0);
  EXPECT_EQ(event["metadata"]["is_truncated"], true);
  EXPECT_GT(event["metadata"]["untruncated_size"], 80'000);
  EXPECT_LT(event["status_detail"].get<std::string>().size(), 1'100);
  EXPECT_FALSE(events_of(example("hold")).at(0)["metadata"].contains("is_truncated"));
}

// The length from which events are measured is well chosen: the longest name that goes unmeasured stands in all places.
TEST_F(OcsfTest, WhatIsNotMeasuredIsNotTooLong) {
  for (const char* member : {"target", "reason"}) {
    for (const char* kind : {"plan", "hold", "cancellation", "refusal", "exception", "attempt", "alarm"}) {
      Json record = example(kind);
      record[member] = (member == std::string("target") ? "host:" : "") + std::string(4'000, '\\');
      record[member] = std::string(record[member]).substr(0, 2'000) + "/" + std::string(500, '"');
      events_of(record);
    }
  }
}

// Records of other versions, or damaged ones, may hold anything.
TEST_F(OcsfTest, IsValidWhateverAMemberIs) {
  const std::vector<Json> odd = {nullptr,
                                 true,
                                 7,
                                 -1,
                                 "",
                                 "text",
                                 Json::array(),
                                 {1, "a", nullptr},
                                 Json::object(),
                                 {{"id", 7}, {"x", Json::array()}}};
  for (const auto& [kind, text] : examples_) {
    const Json record = *parse_json(text);
    for (const auto& [member, value] : record.items()) {
      if (member == "kind" || member == "seq" || member == "at") continue;
      for (const Json& instead : odd) {
        SCOPED_TRACE(kind + "." + member + " is " + instead.dump());
        Json changed = record;
        changed[member] = instead;
        const JournalEntry entry{7, changed.dump()};
        const Opening its = opening();
        for (const Json& event : ocsf_events(entry, changed, &its, instead, kSource)) expect_valid(event);
      }
    }
  }
}

TEST_F(OcsfTest, TakesNoTextForMoreThanText) {
  Json plan = example("plan");
  plan["target"] = "arn:\xF0\x9F\x98\x80:::::";
  plan["event"]["principal"] = "\"},{\"x\":\n";
  plan["policy"]["severity"] = "extreme";
  const Json event = events_of(plan, nullptr).at(0);
  EXPECT_EQ(event["severity"], "Unknown");
  EXPECT_EQ(event["evidences"][0]["actor"]["user"]["name"], "\"},{\"x\":\n");
}

}  // namespace
}  // namespace kedge
