// kedge audit export: the trail for other programs.

#include <fmt/format.h>

#include <cerrno>
#include <map>
#include <memory>
#include <ostream>

#include "app/command_audit.h"
#include "app/opened_trail.h"
#include "app/output.h"
#include "app/output_file.h"
#include "app/record_filter_options.h"
#include "app/version.h"
#include "trail/export.h"

namespace kedge {
namespace {

struct Arguments {
  TrailOptions trail;
  RecordFilterOptions filter;
  std::string format;
  std::string output_file;
};

const std::map<std::string, ExportFormat>& formats() {
  static const std::map<std::string, ExportFormat> kFormats = {{"ocsf", ExportFormat::ocsf},
                                                               {"csv", ExportFormat::csv},
                                                               {"jsonl", ExportFormat::jsonl},
                                                               {"cloudevents", ExportFormat::cloudevents}};
  return kFormats;
}

// The standard output, to which no line is lost in silence.
class Lines {
 public:
  explicit Lines(std::ostream& out) : out_(out) {}

  Result<void> print(std::string_view line) {
    return written([&] { out_ << line; });
  }
  Result<void> finish() {
    return written([&] { out_.flush(); });
  }

  // Whoever reads wanted no more (`| head`), and needs no telling.
  bool closed() const { return closed_; }

 private:
  template <class Write>
  Result<void> written(Write&& write) {
    errno = 0;
    write();
    if (out_.good()) return {};
    closed_ = errno == EPIPE;
    return Error{ErrorCode::refused, "cannot write to the standard output"};
  }

  std::ostream& out_;
  bool closed_ = false;
};

void print_trail(const OpenedTrail& trail, const RecordFilter& filter, ExportFormat format, Shell& shell) {
  Lines lines(shell.out);
  const auto exported =
      export_records(*trail, filter, format, kVersion, [&](std::string_view line) { return lines.print(line); });
  const auto done = exported ? lines.finish() : Result<void>(exported.error());
  if (done) return;
  if (lines.closed()) {
    shell.exit_code = kFoundWrong;
  } else {
    trail.fail(done.error(), shell);
  }
}

void tell(const Exported& exported, const std::string& file, std::ostream& err) {
  if (exported.records == 0) {
    err << file << ": no record matches\n";
    return;
  }
  err << fmt::format("{}: {} {}, number {} to {}", file, exported.records, exported.records == 1 ? "record" : "records",
                     exported.first, exported.last);
  if (exported.lines != exported.records) err << fmt::format(", as {} events", exported.lines);
  err << "\n";
}

void export_trail(const Arguments& arguments, Shell& shell) {
  const auto filter = read_filter(arguments.filter);
  if (!filter) return shell.fail(kUsedWrongly, filter.error().message);
  const auto trail = OpenedTrail::open(arguments.trail, shell);
  if (!trail) return;
  const ExportFormat format = formats().at(arguments.format);
  if (arguments.output_file.empty()) return print_trail(*trail, *filter, format, shell);
  auto file = OutputFile::open(arguments.output_file);
  if (!file) return shell.fail(kUsedWrongly, "--output-file: " + file.error().message);
  const auto exported =
      export_records(**trail, *filter, format, kVersion, [&](std::string_view line) { return file->write(line); });
  if (!exported) return trail->fail(exported.error(), shell);
  if (const auto finished = file->finish(); !finished) return shell.fail(finished.error());
  tell(*exported, arguments.output_file, shell.err);
}

}  // namespace

void add_audit_export(CLI::App& audit, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = audit.add_subcommand(
      "export", "the records for other programs (a SIEM, a bus, a spreadsheet), oldest first, all of them");
  add_trail_options(*command, arguments->trail);
  command
      ->add_option("--format", arguments->format,
                   "ocsf (OCSF 1.8.0), cloudevents (1.0) or jsonl (the records as they are): a document a line; or csv")
      ->check(one_of({"ocsf", "csv", "jsonl", "cloudevents"}))
      ->type_name("FORMAT")
      ->required();
  command->add_option("--output-file", arguments->output_file, "where to; there whole, or not at all")
      ->type_name("FILE");
  command
      ->add_option("--after", arguments->filter.filter.after, "only records with a number above this: go on from there")
      ->type_name("NUMBER");
  add_filter_options(*command, arguments->filter);
  command->callback([arguments, &shell] { export_trail(*arguments, shell); });
}

}  // namespace kedge
