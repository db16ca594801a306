// What changes a tree, for the benchmark of the watchers.
#pragma once

#include <string>

namespace kedge {

// So many directories, ten in each but for the last level, and so many empty files in each.
void make_watched(const std::string& directory, int directories, int files);

// What is there before a storm of this kind: "create", "modify", "rename" or "mkfile" (a directory, and a file in it).
void prepare_storm(const std::string& directory, const std::string& kind, int writers);

// So many operations, by so many processes at the same time. The last thing is a file DIRECTORY/done.
void make_storm(const std::string& directory, const std::string& kind, int count, int writers);

[[noreturn]] void fail_watching(const std::string& why);

}  // namespace kedge
