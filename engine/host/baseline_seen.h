// What one host saw when a manifest was made, so that the next scan need not read what has not changed since: of each
// file its device, inode and ctime. It lies beside the manifest (FILE.seen), is of this host alone, and is never
// compared. Who can write it can keep a file from being read again: it is as much to be guarded as the manifest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "host/manifest.h"
#include "host/scan.h"

namespace kedge {

// Files whose ctime is not well before `begun`, the time by the host's clock at which the scan began, are left out:
// they may have been changed once more within the same tick of the clock.
std::string seen_text(const Digest& manifest, const std::vector<ScannedEntry>& entries, Time begun);

// Looks files up as ScanOptions::known does. For any threads.
class SeenFiles {
 public:
  // `manifest` must outlive it. An error (invalid) names NAME:LINE; a text that was written for another manifest is
  // one.
  static Result<SeenFiles> parse(std::string_view text, const std::string& name, const ReadManifest& manifest);

  const FileState* find(const std::string& path, const FileIdentity&, uint64_t size, FileTime mtime) const;

 private:
  struct Seen {
    const FileState* state;
    FileIdentity identity;
  };
  std::vector<Seen> seen_;  // in the order of path_before()
};

}  // namespace kedge
