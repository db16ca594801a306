// What a request to AWS's APIs asks for, as it is read off the wire. It shares nothing with the engine's own code, so
// that it can be held against it.
#pragma once

#include <string>

#include "tests/support/http_receiver.h"

namespace kedge {

struct Call {
  bool changes = false;  // it would change something; so does whatever is not known to only read
  std::string name;      // "PUT acl", "RevokeSecurityGroupIngress"
  std::string target;    // the bucket, the group's id, the trail; empty: none
  std::string subject;   // what of the target: "reports acl", "sg-1 sgr-2"; writes of one subject have one effect
  std::string mark;      // of the attempt, from the user agent; empty: none
};

Call call_of(const HttpReceiver::Request&);

}  // namespace kedge
