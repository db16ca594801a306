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
  Exporter(LedgerReader& reader, ExportFormat format, OcsfSource source)
      : reader_(reader), format_(format), source_(std::move(source)), openings_(reader) {}

  bool tells_of_openings() const { return format_ == ExportFormat::csv || format_ == ExportFormat::ocsf; }
  void met(const Json& record) { openings_.met(record); }

  // The lines of one record. `record` is as it stands in the journal.
  Result<std::vector<std::string>> lines_of(const JournalEntry& entry, const Json& record) {
    if (format_ == ExportFormat::jsonl) return std::vector{entry.bytes + "\n"};
    if (format_ == ExportFormat::cloudevents) return std::vector{cloud_event(entry, record, source_.ledger) + "\n"};
    const auto opened = open_record(reader_, entry);
    if (!opened) return opened.error();
    const auto opening = openings_.of(raw_text_at(record, "/remediation"));
    if (!opening) return opening.error();
    if (format_ == ExportFormat::csv) return std::vector{record_csv(entry, *opened, *opening)};
    return ocsf_lines(entry, *opened, *opening);
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
    const auto bytes = reader_.blob(digest);
    if (!bytes) return {};
    const auto document = parse_json(*bytes);
    return document ? *document : Json();
  }

  LedgerReader& reader_;
  const ExportFormat format_;
  const OcsfSource source_;
  Openings openings_;
};

}  // namespace

Result<Exported> export_records(LedgerReader& reader, const RecordFilter& filter, ExportFormat format,
                                const std::string& version,
                                const std::function<Result<void>(std::string_view)>& write) {
  const auto ledger = reader.ledger_id();
  if (!ledger) return ledger.error();
  Exporter exporter(reader, format, {*ledger, version});
  if (format == ExportFormat::csv) {
    if (auto written = write(record_csv_header()); !written) return written.error();
  }
  Exported exported;
  const auto done =
      scan_forwards(reader, {filter.after, filter.from, filter.to}, [&](const JournalEntry& entry) -> Result<bool> {
        const bool wanted = may_pass(filter, entry);
        const bool opens = exporter.tells_of_openings() && entry.bytes.find(R"("kind":"plan")") != std::string::npos;
        if (!wanted && !opens) return true;
        const auto record = parse_json(entry.bytes);
        if (!record) return record.error().with("record " + std::to_string(entry.seq));
        if (opens && opens_remediation(*record)) {
          const auto whole = open_record(reader, entry);
          if (!whole) return whole.error();
          exporter.met(*whole);
        }
        if (!wanted || !passes(filter, *record)) return true;
        const auto lines = exporter.lines_of(entry, *record);
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
