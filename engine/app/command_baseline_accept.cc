// kedge baseline accept: a planned change becomes part of the known good state, with who planned it and why.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "app/command_audit.h"
#include "app/command_baseline.h"
#include "audit/key_file.h"
#include "base/clock.h"

namespace kedge {
namespace {

struct Arguments {
  std::string root, manifest, owner, reason, key;
  std::vector<std::string> paths, verifiers;
  unsigned jobs = 1;
};

// As people type a path: "/etc/ssh/", "./etc/ssh" and "etc/ssh" are one, below the root.
std::string below_root(std::string path) {
  while (path.starts_with("./") || path.starts_with('/')) path.erase(0, path[0] == '/' ? 1 : 2);
  while (path.ends_with('/')) path.pop_back();
  return path == "." ? "" : path;
}

bool lies_in_any(const std::string& path, const std::vector<std::string>& paths) {
  return paths.empty() ||
         std::any_of(paths.begin(), paths.end(), [&](const std::string& each) { return is_at_or_below(path, each); });
}

// The key that renews a signed manifest, which must be good; an unsigned one stays so.
Result<std::optional<SigningKey>> renewing_key(const Arguments& arguments, const ReadManifest& read) {
  if (!read.note && arguments.key.empty()) return std::optional<SigningKey>();
  if (!read.note) return Error{ErrorCode::refused, "it is unsigned: `kedge baseline create --key FILE` signs one"};
  if (arguments.key.empty()) return Error{ErrorCode::refused, "it is signed: --key FILE signs it again"};
  auto key = read_signing_key(arguments.key);
  if (!key) return key.error();
  auto verifiers = read_keys(arguments.verifiers);
  if (!verifiers) return verifiers.error().with("--verifier");
  verifiers->push_back(key->verifier());
  const auto good = signers(read, *verifiers);
  if (!good) return good.error();
  return std::optional(*std::move(key));
}

// The old states outside of the accepted paths, the new ones in them.
std::vector<FileState> renewed(const Manifest& manifest, const Scan& scan, const std::vector<std::string>& paths) {
  std::vector<FileState> entries;
  for (const FileState& state : manifest.entries) {
    if (!lies_in_any(state.path, paths)) entries.push_back(state);
  }
  for (const ScannedEntry& entry : scan.entries) {
    if (lies_in_any(entry.state.path, paths)) entries.push_back(entry.state);
  }
  std::sort(entries.begin(), entries.end(),
            [](const FileState& a, const FileState& b) { return path_before(a.path, b.path); });
  return entries;
}

// What differs in the accepted paths; none where something in them could not be read.
std::optional<std::vector<Difference>> accepted_differences(const Manifest& manifest, const Scan& scan,
                                                            const std::vector<std::string>& paths, Shell& shell) {
  const bool unread = std::any_of(scan.faults.begin(), scan.faults.end(),
                                  [&](const ScanFault& fault) { return lies_in_any(fault.path, paths); });
  if (unread) {
    say_faults(scan, shell);
    shell.fail(kFoundWrong, "what cannot be read cannot be accepted");
    return std::nullopt;
  }
  std::vector<Difference> found = tree_differences(manifest, scan, true);
  found.erase(std::remove_if(found.begin(), found.end(),
                             [&](const Difference& difference) { return !lies_in_any(difference.path, paths); }),
              found.end());
  return found;
}

void accept(const Arguments& arguments, Shell& shell) {
  if (arguments.owner.empty() || arguments.reason.empty()) {
    return shell.fail(kUsedWrongly, "--owner and --reason say who answers for the change, and why it is right");
  }
  const auto read = read_baseline(arguments.manifest, shell);
  if (!read) return;
  const auto key = renewing_key(arguments, *read);
  if (!key) return shell.fail(kUsedWrongly, arguments.manifest + ": " + key.error().message);
  std::vector<std::string> paths;
  for (const std::string& path : arguments.paths) paths.push_back(below_root(path));

  const Time begun = SystemClock().now();
  const auto scanned = scan(arguments.root, scan_options(read->manifest, arguments.jobs), shell);
  if (!scanned) return;
  const auto found = accepted_differences(read->manifest, *scanned, paths, shell);
  if (!found) return;
  if (found->empty()) {
    shell.out << "nothing differs there: " << arguments.manifest << " stays as it is\n";
    return;
  }
  Manifest manifest = read->manifest;
  manifest.entries = renewed(read->manifest, *scanned, paths);
  manifest.acceptances.push_back(
      {begun, arguments.owner, arguments.reason, shell.user, read->digest, found->size(), paths});
  if (const auto whole = parse_manifest(to_text(manifest), arguments.manifest); !whole) {
    return shell.fail(kUsedWrongly, "a path lies in a directory that is not accepted: " + whole.error().message);
  }
  const auto digest = write_baseline(arguments.manifest, manifest, *scanned, begun, *key, shell);
  if (!digest) return;
  for (const Difference& difference : *found) shell.out << "accepted: " << to_text(difference) << "\n";
  shell.out << fmt::format("{}: {} {} accepted, sha256 {}\n", arguments.manifest, found->size(),
                           found->size() == 1 ? "difference" : "differences", digest->hex());
}

}  // namespace

void add_baseline_accept(CLI::App& baseline, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = baseline.add_subcommand("accept", "makes a planned change part of the manifest");
  add_root_option(*command, arguments->root);
  command->add_option("--baseline", arguments->manifest, "the manifest, which is renewed")
      ->type_name("FILE")
      ->required();
  command->add_option("--owner", arguments->owner, "who answers for the change")->required();
  command->add_option("--reason", arguments->reason, "why it is right")->required();
  command->add_option("--path", arguments->paths, "only this path, and what lies in it")->type_name("PATH");
  command->add_option("--key", arguments->key, "signs it again: the file of the key that signed it")->type_name("FILE");
  command
      ->add_option("--verifier", arguments->verifiers,
                   "where another key signed it so far: what verifies that, NAME+ID+BASE64 or a file")
      ->type_name("KEY");
  add_jobs_option(*command, arguments->jobs);
  command->callback([arguments, &shell] { accept(*arguments, shell); });
}

}  // namespace kedge
