#include "app/audit_log.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "app/kept_outside.h"
#include "audit/key_file.h"
#include "base/json.h"

namespace kedge {
namespace {

bool is_last_of(const LogWriter& log, const JournalEntry& entry) {
  return entry.seq + 1 == static_cast<int64_t>(log.size()) && entry.bytes == log.last_entry();
}

// `kedge ledger restore` says so in a record of its own.
bool goes_on_behind(int64_t last, const JournalEntry& entry) {
  const auto record = parse_json(entry.bytes);
  return entry.seq == last + 1 && record && record->is_object() && record->value("kind", Json()) == "restoration";
}

}  // namespace

Result<std::optional<std::string>> not_of_this_ledger(const LogWriter& log, LedgerReader& reader) {
  if (log.size() == 0) return std::optional<std::string>();
  const auto last = static_cast<int64_t>(log.size()) - 1;
  const auto head = reader.journal_head();
  if (!head) return head.error();
  if (last > *head) {
    return std::optional(fmt::format(
        "the audit log has record {}, and the ledger ends with {}: the ledger is older than what it did. End the "
        "daemon and put the newest backup in its place by `kedge ledger restore`",
        last, *head));
  }
  const auto first = reader.journal(0, 1);
  if (!first) return first.error();
  // What could tell is gone; and so is what the log needs next, as the follower will say.
  if (!first->empty() && first->front().seq > last + 1) return std::optional<std::string>();
  const auto entries = reader.journal(last, 1);
  if (!entries) return entries.error();
  if (!entries->empty() && (is_last_of(log, entries->front()) || goes_on_behind(last, entries->front()))) {
    return std::optional<std::string>();
  }
  return std::optional(
      fmt::format("record {} of the ledger is not the one in the audit log: the ledger is another one, or was put back "
                  "and went on by itself. Give each ledger a log of its own, or put back the one that the log was made "
                  "of",
                  last));
}

AuditLog::AuditLog(AuditOptions options, std::unique_ptr<LogWriter> writer, LedgerReader& reader, Clock& clock,
                   std::function<bool()> in_doubt)
    : options_(std::move(options)),
      writer_(std::move(writer)),
      follower_(reader, *writer_, clock,
                {.blobs = options_.blobs, .publish_every = options_.publish_every, .in_doubt = std::move(in_doubt)}) {}

Result<std::unique_ptr<AuditLog>> AuditLog::start(const AuditOptions& options, const std::string& data,
                                                  LedgerReader& reader, Clock& clock, std::function<bool()> in_doubt) {
  auto writer = open_log(options, data);
  if (!writer) return writer.error();
  auto older = not_of_this_ledger(**writer, reader);
  if (!older) return older.error().with("comparing the ledger with the audit log");
  std::unique_ptr<AuditLog> started(new AuditLog(options, *std::move(writer), reader, clock, std::move(in_doubt)));
  started->older_ledger_ = *std::move(older);
  if (started->older_ledger_) {
    spdlog::error("{}", *started->older_ledger_);
  } else {
    started->follower_.start();
  }
  return started;
}

Result<std::unique_ptr<LogWriter>> open_log(const AuditOptions& options, const std::string& data) {
  LogWriter::Options log;
  log.directory = options.directory.empty() ? data + "/audit" : options.directory;
  log.head_file = data + "/audit-head";
  for (size_t i = 0; i < options.keys.size(); ++i) {
    auto key = read_signing_key(options.keys[i]);
    if (!key) return key.error().with(fmt::format("audit.keys[{}]", i));
    log.keys.push_back(*std::move(key));
  }
  auto disk = open_log_disk(log.directory, data);
  if (!disk) return disk.error().with("audit.directory");
  std::vector<VerifierKey> keys;
  for (const SigningKey& key : log.keys) keys.push_back(key.verifier());
  const std::string directory = log.directory;
  auto writer = LogWriter::open(std::move(log), *std::move(disk));
  if (!writer) return writer.error().with("audit");
  if (auto extends = check_extends_kept(**writer, directory, options.publish_to, keys); !extends)
    return extends.error();
  return writer;
}

std::optional<std::string> AuditLog::stops_effects() const {
  if (older_ledger_) return older_ledger_;
  return options_.stops_effects || follower_.status().of_ledger ? trouble() : std::nullopt;
}

std::optional<RaiseAlarm> AuditLog::alarm() {
  if (options_.stops_effects || stops_effects()) return std::nullopt;
  const auto why = trouble();
  if (why.has_value() == alarmed_) return std::nullopt;
  alarmed_ = why.has_value();
  RaiseAlarm alarm;
  alarm.kind = "audit-log";
  alarm.message = why ? "effects go on while " + *why + " (audit.on_failure: continue)"
                      : "the audit log has caught up: it has what was done meanwhile";
  alarm.details = {{"trouble", alarmed_}};
  return alarm;
}

std::optional<std::string> AuditLog::trouble() const {
  if (older_ledger_) return older_ledger_;
  const AuditFollower::Status status = follower_.status();
  if (status.held) return std::nullopt;  // whoever is in doubt stops effects, and says why
  if (status.of_ledger && status.trouble) return "the audit log cannot be continued: " + *status.trouble;
  if (status.trouble) return "the audit log cannot be written: " + *status.trouble;
  if (status.records_behind > options_.behind_records) {
    return fmt::format("the audit log is {} records behind the ledger ({} are allowed)", status.records_behind,
                       options_.behind_records);
  }
  if (status.behind_for > options_.behind_for) {
    return fmt::format("the audit log is {} behind the ledger ({} are allowed)",
                       format_duration(std::chrono::floor<std::chrono::seconds>(status.behind_for)),
                       format_duration(options_.behind_for));
  }
  return std::nullopt;
}

}  // namespace kedge
