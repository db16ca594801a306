// Reads a tree: the state of every entry, with the digest of every file.
//
// Nothing but files and directories is ever opened, nor is a symbolic link followed, also while somebody changes the
// tree: each name is taken hold of (O_PATH) in its own directory, looked at, and only what was looked at is opened.
// A file that changes while it is read is read again a few times. The scan is no snapshot of a tree that changes:
// each entry is as it was at one moment of the scan.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "host/file_state.h"

namespace kedge {

// What shows on this host alone that a file is still the one that was read: nobody can set a ctime, short of setting
// the clock.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  FileTime ctime;

  bool operator==(const FileIdentity&) const = default;
};

struct ScannedEntry {
  FileState state;
  FileIdentity identity;
};

struct ScanOptions {
  // Patterns of fnmatch(3) over whole paths below the root, in which * and ? also stand for a slash: "var/log/*",
  // "*.pyc". What matches is left out, with what is in it.
  std::vector<std::string> excludes;
  // Otherwise a directory on another file system than the root is an entry, and what is in it is not.
  bool all_file_systems = false;
  unsigned threads = 1;
  // The state in which a file was read before, when its identity, size and mtime are the same now; its content is not
  // read then. Asked from any of the threads. None: all is read.
  std::function<const FileState*(const std::string& path, const FileIdentity&, uint64_t size, FileTime mtime)> known;
  // Whether that is so of most files: each is looked at by its name first, and not taken hold of where it is known.
  bool most_are_known = false;
  // For tests: called by the scan's threads when a file is open and nothing of it is read.
  std::function<void(const std::string& path)> before_reading;
};

struct ScanFault {
  std::string path;
  std::string reason;  // "Permission denied", "it changes while it is read"

  bool operator==(const ScanFault&) const = default;
};

struct Scan {
  std::vector<ScannedEntry> entries;     // in the order of path_before()
  std::vector<ScanFault> faults;         // each of an entry that is `unread`, or that is not there at all
  std::vector<std::string> not_entered;  // directories on other file systems
};

// An error (not_found, refused, unavailable) only where `root` itself cannot be read. `root` may be a symbolic link.
Result<Scan> scan_tree(const std::string& root, const ScanOptions& options);

// What of a tree is to be read again.
struct ScanPart {
  enum class Depth : uint8_t {
    entry,      // what the path names, and nothing that is in it
    directory,  // and the entries of it, if it is a directory
    tree,       // and all that is below it
  };
  std::string path;  // below the root
  Depth depth = Depth::entry;
};

// The same of parts alone, one after another in the caller's thread. What a path names is looked for in its own
// directories, never through a link: where these do not lead to it, there is no entry. Where it lies on a file system
// that is not entered, the place where that begins is in `not_entered`. A path that stands in several parts comes once
// for each.
Result<Scan> scan_parts(const std::string& root, const std::vector<ScanPart>& parts, const ScanOptions& options);

// Whether the path, or what it lies in, matches one of the patterns.
bool is_excluded(const std::string& path, const std::vector<std::string>& patterns);

// What nobody means by a running system's tree: where `root` is this system's own root, the contents of /dev, /proc,
// /run, /sys, /tmp and /var/tmp.
std::vector<std::string> default_excludes(const std::string& root);

}  // namespace kedge
