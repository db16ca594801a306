// kedge audit report ID...: the correction of errors, as far as the record knows it.

#include "app/command_audit.h"

#include <iostream>
#include <memory>

#include "app/opened_trail.h"
#include "app/output.h"
#include "base/clock.h"
#include "base/files.h"
#include "trail/report.h"
#include "trail/report_page.h"

namespace kedge {
namespace {

struct Arguments {
  TrailOptions trail;
  std::vector<std::string> ids;
  std::string format = "markdown";
  std::string output_file;
};

void run(const Arguments& arguments, Shell& shell) {
  const auto trail = OpenedTrail::open(arguments.trail, shell);
  if (!trail) return;
  RecordSearch search = trail->search(shell);
  SystemClock clock;
  const auto report = gather_report(**trail, search, arguments.ids, clock.now());
  if (!report) return trail->fail(report.error(), shell);
  const ReportPage page = page_of(*report);
  const std::string text = arguments.format == "html" ? to_html(page) : to_markdown(page);
  if (arguments.output_file.empty()) {
    shell.out << text;
    return;
  }
  if (const auto written = write_file_atomically(arguments.output_file, text); !written) {
    return shell.fail(kNotReached, "--output-file: " + written.error().message);
  }
  shell.err << arguments.output_file << " is written\n";
}

}  // namespace

void add_audit_report(CLI::App& audit, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = audit.add_subcommand(
      "report", "the correction of errors: one document about the incident that these remediations are");
  add_trail_options(*command, arguments->trail);
  command->add_option("ID", arguments->ids, "the remediations' ids, or their beginnings")->required();
  command->add_option("--format", arguments->format, "markdown or html")
      ->check(one_of({"markdown", "html"}))
      ->type_name("FORMAT");
  command->add_option("--output-file", arguments->output_file, "instead of printing it")->type_name("FILE");
  command->callback([arguments, &shell] { run(*arguments, shell); });
}

}  // namespace kedge
