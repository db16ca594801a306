// Who asks: the name that stands in records of what people did.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace kedge {

// "alice (uid 1000)", or "uid 1000" for one whom the system has no name for.
std::string actor_of(uid_t);

// The user that runs this process.
std::string own_actor();

// The user whose login this process is part of, as the kernel keeps it whoever they become (loginuid); none: no login,
// as of a daemon, or it is not known.
std::optional<uid_t> login_user();

// Who typed a command: the user that runs it, and who that really is: "root (uid 0), logged in as ann (uid 1000)";
// without a login whom sudo names (SUDO_USER, which anybody can set): "root (uid 0), by sudo of ann".
std::string typing_actor(uid_t user, std::optional<uid_t> login, const std::string& sudo_user);

}  // namespace kedge
