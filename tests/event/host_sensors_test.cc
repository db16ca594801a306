// What other sensors write becomes an event that rules can name, date and place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/time.h"
#include "event/decoder.h"

namespace kedge {
namespace {

using testing::HasSubstr;

class HostSensors : public testing::Test {
 protected:
  const Event& decode(const Json& document, Format format = Format::automatic) {
    text_ = document.dump();
    decoder_.emplace(Decoder::Options{.format = format});
    events_.clear();
    poison_ = decoder_->decode({text_, {}}, events_);
    EXPECT_FALSE(poison_) << poison_->message;
    EXPECT_EQ(events_.size(), 1U);
    return events_.at(0);
  }
  std::string refused(const Json& document, Format format) {
    text_ = document.dump();
    Decoder decoder({.format = format});
    std::vector<Event> events;
    const auto poison = decoder.decode({text_, {}}, events);
    if (!poison) return "accepted";
    EXPECT_EQ(poison->reason, PoisonReason::wrong_envelope);
    return poison->message;
  }

 private:
  std::string text_;
  std::optional<Decoder> decoder_;
  std::vector<Event> events_;
  std::optional<Poison> poison_;
};

Json falco_alert() {
  return {{"hostname", "web1"},
          {"output", "a file below /usr/bin was opened for writing"},
          {"output_fields", {{"fd.name", "/usr/bin/ssh"}, {"user.name", "root"}, {"proc.exepath", "/usr/bin/cp"}}},
          {"priority", "Error"},
          {"rule", "Write below binary dir"},
          {"source", "syscall"},
          {"time", "2026-03-01T10:00:00.123456789Z"}};
}

Json wazuh_alert() {
  return {{"timestamp", "2026-03-01T10:00:00.123+0530"},
          {"rule", {{"level", 7}, {"id", "550"}, {"description", "Integrity checksum changed."}}},
          {"agent", {{"id", "003"}, {"name", "web2"}}},
          {"manager", {{"name", "siem"}}},
          {"id", "1772359200.4711"},
          {"decoder", {{"name", "syscheck_integrity_changed"}}},
          {"syscheck",
           {{"path", "/etc/hosts"},
            {"event", "modified"},
            {"audit", {{"user", {{"name", "ann"}}}, {"process", {{"name", "/usr/bin/vim"}}}}}}}};
}

TEST_F(HostSensors, FalcosAlertIsNamedByItsRule) {
  const Event& event = decode(falco_alert());
  EXPECT_EQ(event.source, "falco");
  EXPECT_EQ(event.detail_type, "Write below binary dir");
  EXPECT_EQ(event.time, "2026-03-01T10:00:00.123456789Z");
  EXPECT_EQ(event.resources, R"(["host:web1"])");
  EXPECT_EQ(event.id, "");
  EXPECT_EQ(Json::parse(event.detail), falco_alert());
  EXPECT_EQ(provenance_of(event).principal, "root");
  EXPECT_EQ(provenance_of(event).agent, "/usr/bin/cp");
}

TEST_F(HostSensors, WazuhsAlertHasATimeThatCanBeRead) {
  const Event& event = decode(wazuh_alert());
  EXPECT_EQ(event.source, "wazuh");
  EXPECT_EQ(event.detail_type, "syscheck_integrity_changed");
  EXPECT_EQ(event.id, "1772359200.4711");
  EXPECT_EQ(event.time, "2026-03-01T10:00:00.123+05:30");
  EXPECT_TRUE(parse_time(event.time).ok());
  EXPECT_EQ(event.resources, R"(["host:web2"])");
  EXPECT_EQ(provenance_of(event).principal, "ann");
  EXPECT_EQ(provenance_of(event).agent, "/usr/bin/vim");
}

TEST_F(HostSensors, OsquerysSecondsAreATime) {
  Json result = {{"name", "pack_fim_file_events"},
                 {"hostIdentifier", "web3"},
                 {"calendarTime", "Sun Mar  1 10:00:00 2026 UTC"},
                 {"unixTime", 1772359200},
                 {"columns", {{"target_path", "/etc/passwd"}, {"action", "UPDATED"}}},
                 {"action", "added"}};
  for (const Json& seconds : {Json(1772359200), Json("1772359200")}) {
    result["unixTime"] = seconds;
    const Event& event = decode(result);
    EXPECT_EQ(event.source, "osquery");
    EXPECT_EQ(event.detail_type, "pack_fim_file_events");
    EXPECT_EQ(event.time, "2026-03-01T10:00:00.000000Z");
    EXPECT_EQ(event.resources, R"(["host:web3"])");
  }
  for (const Json& none : {Json("long ago"), Json(-1), Json(1.5), Json(999'999'999'999'999), Json(nullptr)}) {
    result["unixTime"] = none;
    EXPECT_FALSE(parse_time(decode(result).time).ok()) << none;
  }
}

TEST_F(HostSensors, AuditdIsReadAsItsLibraryAndAsAuditbeatWriteIt) {
  const Event& record = decode({{"@timestamp", "2026-03-01T10:00:00.123Z"},
                                {"sequence", 42},
                                {"record_type", "syscall"},
                                {"summary", {{"action", "changed-file-permissions-of"}}}});
  EXPECT_EQ(record.source, "auditd");
  EXPECT_EQ(record.detail_type, "syscall");
  EXPECT_EQ(record.resources, "[]") << "the library does not know the host";
  const Event& beat = decode({{"@timestamp", "2026-03-01T10:00:00.123Z"},
                              {"event", {{"module", "file_integrity"}, {"action", {"updated"}}}},
                              {"host", {{"name", "web4"}}},
                              {"file", {{"path", "/etc/cron.d/x"}}}});
  EXPECT_EQ(beat.source, "auditd");
  EXPECT_EQ(beat.detail_type, "file_integrity");
  EXPECT_EQ(beat.time, "2026-03-01T10:00:00.123Z");
  EXPECT_EQ(beat.resources, R"(["host:web4"])");
}

TEST_F(HostSensors, TetragonsEventIsNamedByItsKind) {
  for (const char* kind : {"process_exec", "process_exit", "process_kprobe", "process_tracepoint", "process_uprobe",
                           "process_lsm", "process_loader"}) {
    const Event& event = decode({{kind, {{"process", {{"binary", "/usr/bin/vi"}}}}},
                                 {"node_name", "node-\"5\""},
                                 {"time", "2026-03-01T10:00:00.123456789Z"}});
    EXPECT_EQ(event.source, "tetragon");
    EXPECT_EQ(event.detail_type, kind);
    EXPECT_EQ(Json::parse(event.resources), Json::parse(R"(["host:node-\"5\""])")) << "quotes stay quoted";
  }
}

TEST_F(HostSensors, ASourceThatIsSetToOneTakesNoOther) {
  EXPECT_EQ(decode(falco_alert(), Format::falco).source, "falco");
  EXPECT_THAT(refused(wazuh_alert(), Format::falco),
              HasSubstr("this is a Wazuh alert; the source's format is 'falco'"));
  EXPECT_THAT(refused(falco_alert(), Format::cloudtrail), HasSubstr("this is a Falco alert"));
  EXPECT_THAT(refused({{"a", 1}}, Format::osquery), HasSubstr("the marks of no known envelope"));
}

TEST_F(HostSensors, PlainJsonStaysPlain) {
  EXPECT_EQ(decode(falco_alert(), Format::json).source, "json");
  EXPECT_EQ(decode({{"rule", "x"}, {"time", "2026-03-01T10:00:00Z"}}).source, "json");
}

}  // namespace
}  // namespace kedge
