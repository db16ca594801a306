// kedge baseline create: reads a tree and writes its manifest.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "app/command_baseline.h"
#include "audit/key_file.h"
#include "base/clock.h"

namespace kedge {
namespace {

struct Arguments {
  std::string root, output, key, previous;
  std::vector<std::string> excludes;
  bool all_file_systems = false;
  unsigned jobs = 1;
};

Manifest manifest_for(const Arguments& arguments) {
  Manifest manifest;
  manifest.all_file_systems = arguments.all_file_systems;
  std::vector<std::string>& excludes = manifest.excludes;
  excludes = default_excludes(arguments.root);
  excludes.insert(excludes.end(), arguments.excludes.begin(), arguments.excludes.end());
  std::sort(excludes.begin(), excludes.end());
  excludes.erase(std::unique(excludes.begin(), excludes.end()), excludes.end());
  return manifest;
}

// What is signed anew without being read again was signed by the same key before.
bool may_be_taken_over(const ReadManifest& previous, const SigningKey& key, const Arguments& arguments, Shell& shell) {
  const auto good = signers(previous, {key.verifier()});
  if (good) return true;
  shell.fail(kUsedWrongly, fmt::format("{}: {}: what is to be signed with {} is taken over only from what it signed",
                                       arguments.previous, good.error().message, arguments.key));
  return false;
}

void say_made(const Arguments& arguments, const Scan& scan, const Digest& digest, Shell& shell) {
  uint64_t files = 0;
  uint64_t bytes = 0;
  for (const ScannedEntry& entry : scan.entries) {
    if (entry.state.type != FileType::file) continue;
    ++files;
    bytes += entry.state.size;
  }
  shell.out << fmt::format("{}: {} entries, {} files of {} bytes, sha256 {}\n", arguments.output, scan.entries.size(),
                           files, bytes, digest.hex());
}

void create(const Arguments& arguments, Shell& shell) {
  std::optional<SigningKey> key;
  if (!arguments.key.empty()) {
    auto read = read_signing_key(arguments.key);
    if (!read) return shell.fail(kUsedWrongly, read.error().message);
    key = *std::move(read);
  }
  Manifest manifest = manifest_for(arguments);
  ScanOptions options = scan_options(manifest, arguments.jobs);
  std::optional<ReadManifest> previous;
  if (!arguments.previous.empty()) {
    previous = read_baseline(arguments.previous, shell);
    if (!previous || (key && !may_be_taken_over(*previous, *key, arguments, shell))) return;
    options.known = read_seen(arguments.previous, *previous, shell);
  }
  const Time begun = SystemClock().now();
  const auto scanned = scan(arguments.root, options, shell);
  if (!scanned) return;
  for (const ScannedEntry& entry : scanned->entries) manifest.entries.push_back(entry.state);
  const auto digest = write_baseline(arguments.output, manifest, *scanned, begun, key, shell);
  if (!digest) return;
  say_made(arguments, *scanned, *digest, shell);
  if (key) shell.out << "signed by " << key->verifier().name() << "\n";
  if (!key) shell.err << "kedge: it is unsigned: who can write it can change it; --key signs it\n";
  if (!scanned->faults.empty()) shell.exit_code = kFoundWrong;
  say_faults(*scanned, shell);
}

}  // namespace

void add_baseline_create(CLI::App& baseline, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = baseline.add_subcommand("create", "reads a tree and writes its manifest");
  add_root_option(*command, arguments->root);
  command->add_option("--output", arguments->output, "the manifest; beside it, FILE.seen is for --previous and --quick")
      ->type_name("FILE")
      ->required();
  command->add_option("--key", arguments->key, "signs it: a key's file, as `kedge audit keygen` makes it")
      ->type_name("FILE");
  command
      ->add_option("--previous", arguments->previous,
                   "an earlier manifest of this tree: files that have not changed since are not read again")
      ->type_name("FILE");
  command
      ->add_option("--exclude", arguments->excludes,
                   "leaves out what matches, with what is in it: 'var/log/*'; * also stands for a slash")
      ->type_name("GLOB");
  command->add_flag("--all-file-systems", arguments->all_file_systems, "also enters what is mounted in the tree");
  add_jobs_option(*command, arguments->jobs);
  command->callback([arguments, &shell] { create(*arguments, shell); });
}

}  // namespace kedge
