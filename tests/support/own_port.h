// A port of loopback for a server that is started by its number, perhaps more than once.
#pragma once

#include "base/descriptor.h"

namespace kedge {

// Nobody listens on it when it is made, and as long as it lives no other OwnPort of this machine is the same. It is
// beyond the ports that the system gives to clients, and to servers which ask for any: one of those may be taken again
// as soon as it is let go. Not to be copied.
class OwnPort {
 public:
  OwnPort();  // throws std::runtime_error where all are taken

  int number() const { return number_; }

 private:
  Descriptor claim_;  // a name that one process has at a time, until it ends
  int number_ = 0;
};

}  // namespace kedge
