// A process that dies at a chosen call: one of those by which files get and lose their names, or are synced. The test
// program's own rename(), fsync() and so on stand in front of the C library's, for SQLite too.
#pragma once

#include <functional>

namespace kedge {

// Runs it in a child of this process, which dies, without a word, at its `call`-th such call (1: the first), before the
// call has done anything. False: it came to its end before.
bool dies_at(int call, const std::function<void()>& act);

}  // namespace kedge
