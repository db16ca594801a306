// Mutation: how an entry of a tree came to differ from what was known of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/scan.h"

namespace kedge {

// The gravest first: the first of a mutation's kinds names it.
enum class MutationKind : uint8_t {
  created,
  deleted,
  moved,        // it came from another path of the tree, and nothing was here before
  modified,     // its content, its type, a device's numbers
  mounted,      // another file system hides what was in this directory
  link_target,  // where a symbolic link leads to
  capabilities,
  mode,
  ownership,
  attributes,  // what is left: the number of hard links
};

std::string_view to_string(MutationKind);  // "created", ..., "link_target"

struct Mutation {
  std::string path;                     // as FileState has it
  std::vector<MutationKind> kinds;      // never empty
  std::optional<ScannedEntry> before;   // none: there was nothing. An inode of 0: it is not known
  std::optional<ScannedEntry> after;    // none: there is nothing. None of both: see in_doubt
  std::vector<std::string> gone_below;  // of a directory that is gone: what was in it, and is gone with it
  std::string moved_from;               // of what was moved; as `path`
  bool restored = false;                // it is as the baseline has it again
  bool in_doubt = false;                // it may have been told, and may be as it is known
};

// What of an entry changed, the gravest first; empty: nothing that a baseline compares. One of both is there.
std::vector<MutationKind> kinds_of(const FileState* before, const FileState* after);

}  // namespace kedge
