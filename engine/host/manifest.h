// The manifest of a tree: a text that mtree(5) reads, with what only kedge needs in comments.
//
//   #mtree
//   #kedge baseline 1
//   #exclude var/log/\052
//   #accepted time=2026-11-29T16:00:00.000000Z owner=alice reason=new\040key by=root\040(uid\0400)
//             previous=SHA256 differences=1 path=etc/ssh                                          (in one line)
//   . type=dir uid=0 gid=0 mode=0755
//   ./bin type=link uid=0 gid=0 mode=0777 time=1700000000.000000000 link=usr/bin
//   ./usr/bin/ping type=file uid=0 gid=0 mode=0755 nlink=1 size=90568 time=1669... sha256digest=HEX
//   #capability 0100000200200000...
//   ./dev/null type=char uid=0 gid=0 mode=0666 device=native,1,3
//   #end 4
//   #note kedge baseline 1
//   #note sha256 HEX
//   #note
//   #note — NAME SIGNATURE
//
// One line for each entry, in the order of path_before(); "#capability" and "#unread" are of the entry above them. The
// last lines are there when it is signed: a signed note (c2sp.org/signed-note) behind "#note ", whose digest is that of
// all bytes before it. The same tree and the same options make the same bytes. What is read must be, byte for byte,
// what would be written: a manifest has one text.
//
// Values: nothing here touches a disk or has threads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/note.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/time.h"
#include "host/file_state.h"

namespace kedge {

inline constexpr size_t kManifestBytesMax = 2U << 30U;  // some ten million entries
inline constexpr size_t kPathBytesMax = 64U << 10U;     // of one entry

// A planned change: who said that the tree is right as it was then.
struct Acceptance {
  Time time;
  std::string owner, reason;  // as they were typed
  std::string by;             // who typed them, as the system knew them; empty: it was not kept
  Digest previous;            // of the manifest that was renewed, without its note
  uint64_t differences = 0;
  std::vector<std::string> paths;  // with what lies in them; empty: all of the tree

  bool operator==(const Acceptance&) const = default;
};

struct Manifest {
  std::vector<std::string> excludes;  // patterns, see scan.h
  bool all_file_systems = false;
  std::vector<Acceptance> acceptances;  // the oldest first
  std::vector<FileState> entries;       // the root first

  bool operator==(const Manifest&) const = default;
};

struct ReadManifest {
  Manifest manifest;
  Digest digest;             // of its text without the note
  std::optional<Note> note;  // none: unsigned. Its digest is right, its signatures are not verified

  bool operator==(const ReadManifest&) const = default;
};

// Without a note.
std::string to_text(const Manifest&);

// The note over a manifest's text as the lines that stand below it, signed by `key`.
std::string note_lines(std::string_view manifest_text, const SigningKey& key);

// Errors (invalid) begin with "NAME:LINE: "; a text that was cut off, or whose note is about another digest, is one.
Result<ReadManifest> parse_manifest(std::string_view text, const std::string& name);

// The names of the keys among `keys` that signed it. An error (refused) where none did, where a signature of one of
// them is not good, and where it is unsigned.
Result<std::vector<std::string>> signers(const ReadManifest&, const std::vector<VerifierKey>& keys);

}  // namespace kedge
