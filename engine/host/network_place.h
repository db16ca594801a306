// NetworkPlace: a network namespace of this machine, and how something is done within it.
//
// A container has one of its own. The packet filter of the machine's never sees its processes' sockets, and neither
// does who asks there for what is connected: whatever holds for a cgroup has to hold in each place in which it runs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"

namespace kedge {

class NetworkPlace {
 public:
  // The calling thread's own.
  static Result<NetworkPlace> ours();
  // What `path` leads to, like /proc/PID/ns/net. `not_found`: it is gone.
  static Result<NetworkPlace> at(const std::string& path, std::string text);

  // On the calling thread where the place is ours, else on a thread that is there for as long. The error that it cannot
  // be entered, or that of `body`. Needs CAP_SYS_ADMIN.
  Result<void> in(const std::function<Result<void>()>& body) const;

  uint64_t number() const { return number_; }
  bool is_ours() const { return ours_; }
  int descriptor() const { return space_.get(); }
  // Behind what is told of it: empty where it is ours, " in the network namespace of process 4711".
  const std::string& text() const { return text_; }

 private:
  NetworkPlace(Descriptor space, uint64_t number, bool ours, std::string text)
      : space_(std::move(space)), number_(number), ours_(ours), text_(std::move(text)) {}

  Descriptor space_;
  uint64_t number_;
  bool ours_;
  std::string text_;
};

// Ours, and each other one in which a thread of the cgroup, or of one below it, is. `refused`: some cannot be seen, as
// it takes CAP_SYS_PTRACE.
Result<std::vector<NetworkPlace>> network_places_of(const std::string& cgroup_folder);

// Ours, and each other one in which a process is or that is mounted somewhere (by `ip netns`, by what runs containers).
// What cannot be seen is left out.
Result<std::vector<NetworkPlace>> network_places();

}  // namespace kedge
