// What dpkg's records below a root say that files hold: an upgrade changes files, and is no mutation where they hold
// what the package says.
//
// The records lie on the host that is looked at, and say nothing of modes and owners: they tell an upgrade from a
// mutation on a host whose dpkg is not the enemy's, and prove nothing beyond that.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "host/baseline_difference.h"
#include "host/scan.h"

namespace kedge {

bool has_package_records(const std::string& root);

// Sets `package` of each difference that an upgrade explains:
//   - a file whose content is new, and nothing else of it, and whose MD5 is the one in PACKAGE.md5sums, or in the
//   status
//     file for configuration (conffiles), of a package that is installed, or unpacked and not yet configured;
//   - a new file of which that is so, that is root's, that only root may write, without setuid, setgid or capabilities;
//   - dpkg's own tables (status, PACKAGE.md5sums, PACKAGE.list and so on; never its scripts: see MaintainerWork).
// Diversions and a merged /usr are followed. The MD5 is taken of a file that has the SHA-256 of the scan. An error
// where the records cannot be read.
Result<void> mark_package_upgrades(const std::string& root, const std::vector<ScannedEntry>& now,
                                   std::vector<Difference>& differences);

// Which package that is installed, or half-way so, has a file, a directory or a link at each of these paths, as
// PACKAGE.list says: path → "NAME VERSION". Paths that no package has are not in it. A path that several have (a
// directory) is the first one's.
Result<std::map<std::string, std::string>> package_owners(const std::string& root, const std::set<std::string>& paths);

// Whether a package ("NAME" or "NAME:ARCHITECTURE") has files on the host. True where the records cannot be read.
bool is_package_there(const std::string& root, const std::string& package);

// Whether dpkg is at work below the root, or apt has more for it to do: somebody holds the lock of its database, or
// that of its frontends. Until they are free, its records say less than what is there.
bool is_dpkg_at_work(const std::string& root);

}  // namespace kedge
