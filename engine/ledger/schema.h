// The tables of the ledger's file and the way from each version of them to the next. SCHEMA.md tells what they hold.
#pragma once

#include <span>
#include <string>

#include "ledger/sqlite.h"

namespace kedge {

inline constexpr int kApplicationId = 0x6B656467;  // "kedg": how file(1) and we know the file

// Step i leads from version i to i + 1; version 0 is an empty file.
std::span<const char* const> ledger_migrations();
int ledger_schema_version();

// Brings the file to the newest version, in one transaction. Refused: a file of something else, and one that a newer
// engine wrote.
Result<void> upgrade(Database&, const std::string& path, std::span<const char* const> migrations);

// The same, after a copy beside it: PATH.v1 of a file of version 1, in the place of one from an earlier attempt. The
// copy has its name only when it is whole.
Result<void> migrate(Database&, const std::string& path, std::span<const char* const> migrations);

// For readers: the version must be exactly ours; for who upgrades what he reads, no older than `oldest`.
Result<void> check_version(Database&, const std::string& path, int oldest, int newest);
inline Result<void> check_version(Database& database, const std::string& path, int version) {
  return check_version(database, path, version, version);
}

}  // namespace kedge
