// What a sensor has told of a tree's entries, as facts of its memory (SensorMemory), and back.
//
//   tree ROOT PATH   → {"type":"file","mode":493,...,"identity":[device,inode,seconds,nanoseconds]}, or null: it is
//   gone mount ROOT PATH  → true: another file system hides what was in the directory
//
//   doubt tree ROOT PATH  → true: it was about to be told anew, and whether it was is not known
//
// Both paths as visible() writes them. Values: nothing here touches a disk.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "host/mutation.h"
#include "host/sensor_memory.h"

namespace kedge {

// What is to be remembered when the mutation is known as KnownTree::accept() makes it known.
std::vector<SensorMemory::Fact> facts_of(const std::string& root, const Mutation&);

// What is to be remembered of such facts before the events that they go with are handed on; and with the facts, as
// nothing of them is in doubt any more.
std::vector<SensorMemory::Fact> doubts_about(const std::vector<SensorMemory::Fact>& facts);
std::vector<SensorMemory::Fact> doubts_settled(const std::vector<SensorMemory::Fact>& facts);
SensorMemory::Fact doubt_about(const std::string& root, const std::string& path);
std::vector<std::string> doubtful_paths(const std::string& root, const SensorMemory::Facts& facts);

struct ToldEntry {
  std::string path;
  std::optional<ScannedEntry> entry;  // none: it is gone
  bool is_mounted = false;
};
// Those of a root, in no order; facts that cannot be read are left out: what they were about is told again.
std::vector<ToldEntry> told_entries(const std::string& root, const SensorMemory::Facts& facts);

Json to_json(const ScannedEntry&);
Result<ScannedEntry> scanned_entry(const Json&, std::string path);

}  // namespace kedge
