// kedge baseline: a tree's known good state. Here: what its commands share, and diff.

#include "app/command_baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <thread>

#include "base/files.h"
#include "host/baseline_seen.h"

namespace kedge {
namespace {

struct Arguments {
  std::string before, after;
  bool times = false;
  OutputFormat output = OutputFormat::table;
};

std::vector<FileState> states_of(const Scan& scan) {
  std::vector<FileState> states;
  states.reserve(scan.entries.size());
  for (const ScannedEntry& entry : scan.entries) states.push_back(entry.state);
  return states;
}

// Those entries of a scan whose state the manifest has.
std::vector<ScannedEntry> in_manifest(const Manifest& manifest, const Scan& scan) {
  std::vector<ScannedEntry> entries;
  auto known = manifest.entries.begin();
  for (const ScannedEntry& entry : scan.entries) {
    while (known != manifest.entries.end() && path_before(known->path, entry.state.path)) ++known;
    if (known != manifest.entries.end() && *known == entry.state) entries.push_back(entry);
  }
  return entries;
}

void diff(const Arguments& arguments, Shell& shell) {
  const auto before = read_baseline(arguments.before, shell);
  if (!before) return;
  const auto after = read_baseline(arguments.after, shell);
  if (!after) return;
  const auto found = differences(before->manifest.entries, after->manifest.entries, arguments.times);
  if (!found.empty()) shell.exit_code = kFoundWrong;
  if (arguments.output != OutputFormat::table) return print(listing_of(found), arguments.output, "", shell.out);
  for (const Difference& difference : found) shell.out << to_text(difference) << "\n";
}

void add_diff(CLI::App& baseline, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = baseline.add_subcommand("diff", "what differs between two manifests");
  command->add_option("OLD", arguments->before, "a manifest")->required();
  command->add_option("NEW", arguments->after, "a manifest")->required();
  command->add_flag("--times", arguments->times, "also times of change alone");
  add_output_option(*command, arguments->output);
  command->callback([arguments, &shell] { diff(*arguments, shell); });
}

}  // namespace

void add_root_option(CLI::App& command, std::string& root) {
  command.add_option("--root", root, "the tree's directory")->type_name("DIR")->required();
}

void add_jobs_option(CLI::App& command, unsigned& jobs) {
  jobs = std::max(1U, std::thread::hardware_concurrency());
  command.add_option("--jobs", jobs, "threads that read (as many as there are processors)")
      ->check(CLI::Range(1U, 256U));
}

std::optional<ReadManifest> read_baseline(const std::string& path, Shell& shell) {
  const auto text = read_file(path, kManifestBytesMax);
  auto read = text ? parse_manifest(*text, path) : Result<ReadManifest>(text.error());
  if (read) return *std::move(read);
  shell.fail(kUsedWrongly, read.error().message);
  return std::nullopt;
}

decltype(ScanOptions::known) read_seen(const std::string& path, const ReadManifest& manifest, Shell& shell) {
  const std::string name = path + ".seen";
  const auto text = read_file(name, kManifestBytesMax);
  auto read = text ? SeenFiles::parse(*text, name, manifest) : Result<SeenFiles>(text.error());
  if (!read) {
    shell.err << "kedge: every file is read: " << read.error().message << "\n";
    return nullptr;
  }
  const auto seen = std::make_shared<const SeenFiles>(*std::move(read));
  return [seen](const std::string& of, const FileIdentity& identity, uint64_t size, FileTime mtime) {
    return seen->find(of, identity, size, mtime);
  };
}

ScanOptions scan_options(const Manifest& manifest, unsigned jobs) {
  ScanOptions options;
  options.excludes = manifest.excludes;
  options.all_file_systems = manifest.all_file_systems;
  options.threads = jobs;
  return options;
}

std::optional<Scan> scan(const std::string& root, const ScanOptions& options, Shell& shell) {
  auto scanned = scan_tree(root, options);
  if (!scanned) {
    shell.fail(kNotReached, scanned.error().message);
    return std::nullopt;
  }
  for (const std::string& path : scanned->not_entered) {
    shell.err << "kedge: " << shown_path(path) << " is another file system, and was not entered\n";
  }
  return *std::move(scanned);
}

std::optional<Digest> write_baseline(const std::string& path, const Manifest& manifest, const Scan& scan, Time begun,
                                     const std::optional<SigningKey>& key, Shell& shell) {
  std::string text = to_text(manifest);
  const Digest digest = sha256(text);
  if (key) text += note_lines(text, *key);
  auto done = write_file_atomically(path, text);
  if (done) done = write_file_atomically(path + ".seen", seen_text(digest, in_manifest(manifest, scan), begun));
  if (done) return digest;
  shell.fail(kNotReached, done.error().message);
  return std::nullopt;
}

std::vector<Difference> tree_differences(const Manifest& manifest, const Scan& scan, bool times) {
  std::vector<Difference> found = differences(manifest.entries, states_of(scan), times);
  std::vector<std::string> unread;
  for (const ScanFault& fault : scan.faults) unread.push_back(fault.path);
  for (const FileState& state : manifest.entries) {
    if (state.unread) unread.push_back(state.path);
  }
  const auto follows = [&](const Difference& difference) {
    return difference.kind != Difference::Kind::modified &&
           std::any_of(unread.begin(), unread.end(),
                       [&](const std::string& path) { return is_at_or_below(difference.path, path); });
  };
  if (!unread.empty()) found.erase(std::remove_if(found.begin(), found.end(), follows), found.end());
  return found;
}

void say_faults(const Scan& scan, Shell& shell) {
  for (const ScanFault& fault : scan.faults) {
    shell.err << "kedge: unread " << shown_path(fault.path) << ": " << fault.reason << "\n";
  }
}

Listing listing_of(const std::vector<Difference>& differences) {
  Listing listing{{{"kind", "KIND"}, {"path", "PATH"}, {"changes", "CHANGES"}, {"package", "PACKAGE"}}, {}};
  const nlohmann::json rows = json_of(differences);
  for (const nlohmann::json& row : rows) {
    listing.rows.push_back({row["kind"], row["path"], row["changes"], row["package"]});
  }
  return listing;
}

nlohmann::json json_of(const std::vector<Difference>& differences) {
  nlohmann::json all = nlohmann::json::array();
  for (const Difference& difference : differences) {
    nlohmann::json changes = nlohmann::json::array();
    for (const FieldChange& change : difference.changes) {
      changes.push_back({{"field", change.field}, {"before", change.before}, {"after", change.after}});
    }
    nlohmann::json package = nullptr;
    if (!difference.package.empty()) package = difference.package;
    all.push_back({{"kind", to_string(difference.kind)},
                   {"path", shown_path(difference.path)},
                   {"changes", std::move(changes)},
                   {"package", std::move(package)}});
  }
  return all;
}

void add_baseline(CLI::App& app, Shell& shell) {
  CLI::App* const command = app.add_subcommand("baseline", "a tree's known good state");
  command->require_subcommand(1);
  add_baseline_create(*command, shell);
  add_baseline_verify(*command, shell);
  add_diff(*command, shell);
  add_baseline_accept(*command, shell);
}

}  // namespace kedge
