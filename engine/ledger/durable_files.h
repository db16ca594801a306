// Files whose content and whose names outlast a crash of the machine.
#pragma once

#include <string>

#include "base/result.h"

namespace kedge {

// The error that errno tells: not_found, conflict (there is one of that name), no_room, or refused.
Error failed_on(const std::string& what, const std::string& path);

std::string directory_of(const std::string& path);

Result<void> sync_file(const std::string& path);
Result<void> sync_directory(const std::string& path);

// Gives the file `from` the name `to`, unless there is one of that name (conflict), and syncs the directory.
Result<void> take_free_name(const std::string& from, const std::string& to);

// Gives the file or directory `from` the name `to`, in the place of what had it. Both directories must be synced.
Result<void> take_name(const std::string& from, const std::string& to);

}  // namespace kedge
