#include "api/actor.h"

#include <pwd.h>
#include <unistd.h>

#include <fstream>
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

std::optional<uid_t> login_user() {
  constexpr uid_t kNobody = 0xffffffff;
  uid_t user = kNobody;
  std::ifstream file("/proc/self/loginuid");
  return file >> user && user != kNobody ? std::optional(user) : std::nullopt;
}

std::string typing_actor(uid_t user, std::optional<uid_t> login, const std::string& sudo_user) {
  const std::string own = actor_of(user);
  if (login) return *login == user ? own : own + ", logged in as " + actor_of(*login);
  return sudo_user.empty() ? own : own + ", by sudo of " + sudo_user;
}

}  // namespace kedge
