// kedge baseline verify: is a tree what its manifest says?

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "app/command_audit.h"
#include "app/command_baseline.h"
#include "host/package_records.h"

namespace kedge {
namespace {

struct Arguments {
  std::string root, manifest;
  std::vector<std::string> keys;
  bool quick = false, times = false, packages = true;
  unsigned jobs = 1;
  OutputFormat output = OutputFormat::table;
};

struct Verification {
  std::vector<std::string> signed_by;
  std::vector<Difference> differences;
  std::vector<std::string> unread_before;  // by who made the manifest
  std::vector<ScanFault> unread;

  bool same() const {
    return unread.empty() && unread_before.empty() &&
           std::all_of(differences.begin(), differences.end(), [](const Difference& d) { return !d.package.empty(); });
  }
};

// Who signed it, where somebody is asked for; else says what is known. None: it must not be trusted.
std::optional<std::vector<std::string>> checked_signers(const Arguments& arguments, const ReadManifest& read,
                                                        Shell& shell) {
  if (arguments.keys.empty()) {
    shell.err << "kedge: " << arguments.manifest
              << (read.note ? " is signed, and by whom was not verified: give --key\n" : " is unsigned\n");
    return std::vector<std::string>();
  }
  auto keys = read_keys(arguments.keys);
  if (!keys) keys = keys.error().with("--key");
  auto good = keys ? signers(read, *keys) : Result<std::vector<std::string>>(keys.error());
  if (good) return *std::move(good);
  shell.fail(kUsedWrongly, keys ? arguments.manifest + ": " + good.error().message : good.error().message);
  return std::nullopt;
}

nlohmann::json json_of(const Verification& verification) {
  nlohmann::json unread = nlohmann::json::array();
  for (const ScanFault& fault : verification.unread) {
    unread.push_back({{"path", shown_path(fault.path)}, {"reason", fault.reason}});
  }
  for (const std::string& path : verification.unread_before) {
    unread.push_back({{"path", shown_path(path)}, {"reason", "it was not read when the manifest was made"}});
  }
  return {{"same", verification.same()},
          {"signed_by", verification.signed_by},
          {"differences", json_of(verification.differences)},
          {"unread", std::move(unread)}};
}

void tell(const Verification& verification, OutputFormat output, Shell& shell) {
  if (!verification.same()) shell.exit_code = kFoundWrong;
  if (output == OutputFormat::json) {
    shell.out << json_of(verification).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    return;
  }
  if (output == OutputFormat::csv) print(listing_of(verification.differences), output, "", shell.out);
  std::ostream& rest = output == OutputFormat::csv ? shell.err : shell.out;
  if (output == OutputFormat::table) {
    for (const Difference& difference : verification.differences) shell.out << to_text(difference) << "\n";
  }
  for (const ScanFault& fault : verification.unread) {
    rest << "unread " << shown_path(fault.path) << ": " << fault.reason << "\n";
  }
  for (const std::string& path : verification.unread_before) {
    rest << "unread " << shown_path(path) << ": it was not read when the manifest was made\n";
  }
}

void verify(const Arguments& arguments, Shell& shell) {
  const auto read = read_baseline(arguments.manifest, shell);
  if (!read) return;
  auto names = checked_signers(arguments, *read, shell);
  if (!names) return;
  ScanOptions options = scan_options(read->manifest, arguments.jobs);
  if (arguments.quick) options.known = read_seen(arguments.manifest, *read, shell);
  auto scanned = scan(arguments.root, options, shell);
  if (!scanned) return;
  Verification verification{*std::move(names), tree_differences(read->manifest, *scanned, arguments.times), {}, {}};
  if (arguments.packages && has_package_records(arguments.root)) {
    const auto done = mark_package_upgrades(arguments.root, scanned->entries, verification.differences);
    if (!done) shell.err << "kedge: upgrades are not told from other changes: " << done.error().message << "\n";
  }
  for (const FileState& state : read->manifest.entries) {
    if (state.unread) verification.unread_before.push_back(state.path);
  }
  verification.unread = std::move(scanned->faults);
  tell(verification, arguments.output, shell);
}

}  // namespace

void add_baseline_verify(CLI::App& baseline, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command =
      baseline.add_subcommand("verify", "is a tree what its manifest says: one line for each difference");
  add_root_option(*command, arguments->root);
  command->add_option("FILE", arguments->manifest, "the manifest")->required();
  command
      ->add_option("--key", arguments->keys,
                   "asks for a signature of this key: NAME+ID+BASE64, or a file with one on each line")
      ->type_name("KEY")
      ->allow_extra_args(false);
  command->add_flag("--quick", arguments->quick,
                    "reads only files whose inode, size, mtime or ctime is not that of FILE.seen");
  command->add_flag("--times", arguments->times, "also times of change alone");
  command->add_flag("--packages,!--no-packages", arguments->packages,
                    "tells upgrades from other changes by dpkg's records, where there are some (so it is)");
  add_jobs_option(*command, arguments->jobs);
  add_output_option(*command, arguments->output);
  command->callback([arguments, &shell] { verify(*arguments, shell); });
}

}  // namespace kedge
