// Who signs a call.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"

namespace kedge {

// The secret key and the session token stand in no log, no error and no record: there is deliberately no way to print
// a Credentials.
struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;    // empty for long-lived keys
  std::optional<Time> expires;  // none: they do not

  bool operator==(const Credentials&) const = default;
};

}  // namespace kedge
