// What differs between two states of a tree.
#pragma once

#include <string>
#include <vector>

#include "host/file_state.h"

namespace kedge {

struct FieldChange {
  std::string field;  // "sha256", "mode", "owner", ...
  std::string before, after;

  bool operator==(const FieldChange&) const = default;
};

struct Difference {
  enum class Kind : uint8_t { added, removed, modified };
  Kind kind = Kind::modified;
  std::string path;
  std::vector<FieldChange> changes;  // of what is modified
  std::string package;  // "NAME VERSION", where it is what this installed package says (see package_records.h)

  bool operator==(const Difference&) const = default;
};

std::string_view to_string(Difference::Kind);

// Both in the order of path_before(), as is what comes back. Times are compared only when `times` is set: a time alone
// changes for no harm. Nothing is said about content that one of the two could not read.
std::vector<Difference> differences(const std::vector<FileState>& before, const std::vector<FileState>& after,
                                    bool times = false);

// What differs between two states of one entry; empty: nothing that is compared.
std::vector<FieldChange> changes_between(const FileState& before, const FileState& after, bool times = false);

// "sha256 0a1b2c3d4e5f…→…, mode 0755→4755": for people, digests shortened.
std::string to_text(const std::vector<FieldChange>&);
// "modified usr/bin/x: sha256 ...", one line without its end.
std::string to_text(const Difference&);

}  // namespace kedge
