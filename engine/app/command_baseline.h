// What the commands below `kedge baseline` share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/output.h"
#include "host/baseline_difference.h"
#include "host/manifest.h"
#include "host/scan.h"

namespace kedge {

void add_baseline_create(CLI::App& baseline, Shell&);
void add_baseline_verify(CLI::App& baseline, Shell&);
void add_baseline_accept(CLI::App& baseline, Shell&);

void add_root_option(CLI::App& command, std::string& root);
void add_jobs_option(CLI::App& command, unsigned& jobs);

// Those that can fail say what is wrong, with its exit code, and give nothing.

std::optional<ReadManifest> read_baseline(const std::string& path, Shell&);

// What of `path`.seen lets a scan leave unread, if it is there and is the manifest's; else all is read, and that is
// said. `manifest` must outlive what comes back.
decltype(ScanOptions::known) read_seen(const std::string& path, const ReadManifest& manifest, Shell&);

// As the manifest's tree was scanned.
ScanOptions scan_options(const Manifest&, unsigned jobs);
std::optional<Scan> scan(const std::string& root, const ScanOptions&, Shell&);

// The manifest of `scan` under its name, signed if there is a key, and beside it what this host saw since `begun`.
std::optional<Digest> write_baseline(const std::string& path, const Manifest&, const Scan&, Time begun,
                                     const std::optional<SigningKey>&, Shell&);

// What differs in the tree; nothing is said of what one of the two could not read.
std::vector<Difference> tree_differences(const Manifest&, const Scan&, bool times);

// "unread etc/shadow: Permission denied", each on a line.
void say_faults(const Scan&, Shell&);

Listing listing_of(const std::vector<Difference>&);
nlohmann::json json_of(const std::vector<Difference>&);

}  // namespace kedge
