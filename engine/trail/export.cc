#include "trail/export.h"

#include <vector>

#include "base/json.h"
#include "trail/cloud_event.h"
#include "trail/journal_scan.h"
#include "trail/ocsf.h"
#include "trail/opening.h"
#include "trail/record_csv.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

class Exporter {
 public:
  Exporter(const Trail& trail, ExportFormat format, OcsfSource source)
      : trail_(trail), format_(format), source_(std::move(source)), openings_(trail) {}

  // Every record that the walk comes to, wanted or not.
  void pass(const JournalEntry& entry) {
    if (format_ == ExportFormat::csv || format_ == ExportFormat::ocsf) openings_.pass(entry);
  }

  // The lines of one record. `record` is as it stands in the trail; of no meaning to JSON Lines.
  Result<std::vector<std::string>> lines_of(const JournalEntry& entry, Json record) {
    if (format_ == ExportFormat::jsonl) return std::vector{entry.bytes + "\n"};
    if (format_ == ExportFormat::cloudevents) return std::vector{cloud_event(entry, record, source_.ledger) + "\n"};
    put_back_parts(trail_, record);
    const auto opening = record.contains("policy") ? Result<const Opening*>(nullptr)  // it says itself what was found
                                                   : openings_.of(raw_text_at(record, "/remediation"));
    if (!opening) return opening.error();
    if (format_ == ExportFormat::csv) return std::vector{record_csv(entry, record, *opening)};
    return ocsf_lines(entry, record, *opening);
  }

 private:
  std::vector<std::string> ocsf_lines(const JournalEntry& entry, const Json& record, const Opening* opening) {
    std::vector<std::string> lines;
    for (const Json& event : ocsf_events(entry, record, opening, event_of(record), source_)) {
      lines.push_back(event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    }
    return lines;
  }

  // The document of the event that led to this record, where one did and it is still kept.
  Json event_of(const Json& record) {
    const std::string digest = raw_text_at(record, "/event/document_sha256");
    if (digest.empty()) return {};
    const auto bytes = trail_.blob(digest);
    if (!bytes) return {};
    const auto document = parse_json(*bytes);
    return document ? *document : Json();
  }

  const Trail& trail_;
  const ExportFormat format_;
  const OcsfSource source_;
  Openings openings_;
};

}  // namespace

Result<Exported> export_records(const Trail& trail, const RecordFilter& filter, ExportFormat format,
                                const std::string& version,
                                const std::function<Result<void>(std::string_view)>& write) {
  const auto ledger = trail.ledger_id();
  if (!ledger) return ledger.error();
  Exporter exporter(trail, format, {*ledger, version, trail.log_origin()});
  if (format == ExportFormat::csv) {
    if (auto written = write(record_csv_header()); !written) return written.error();
  }
  Exported exported;
  const auto done = scan_forwards(
      trail.records(), {filter.after, filter.from, filter.to}, [&](const JournalEntry& entry) -> Result<bool> {
        exporter.pass(entry);
        if (!may_pass(filter, entry)) return true;
        const bool looks_into_it = format != ExportFormat::jsonl || looks_into_records(filter);
        auto record = looks_into_it ? parse_record(entry) : Result<Json>(Json());
        if (!record) return record.error();
        if (looks_into_it && !passes(filter, *record)) return true;
        const auto lines = exporter.lines_of(entry, *std::move(record));
        if (!lines) return lines.error();
        for (const std::string& line : *lines) {
          if (auto written = write(line); !written) return written.error();
        }
        if (exported.records++ == 0) exported.first = entry.seq;
        exported.lines += static_cast<int64_t>(lines->size());
        exported.last = entry.seq;
        return true;
      });
  if (!done) return done.error();
  return exported;
}

}  // namespace kedge
