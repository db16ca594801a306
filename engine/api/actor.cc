#include "api/actor.h"

#include <pwd.h>
#include <unistd.h>

#include <vector>

namespace kedge {

std::string actor_of(uid_t uid) {
  const std::string number = "uid " + std::to_string(uid);
  std::vector<char> buffer(16U << 10U);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return number;
  return std::string(found->pw_name) + " (" + number + ")";
}

std::string own_actor() { return actor_of(getuid()); }

}  // namespace kedge
