// ThreadWatch: says when the process has got more threads than it should need.
//
// Before 2.10.0 the client library keeps a thread for every broker address that it ever saw, so where brokers come and
// go under new names (as they do in Kubernetes) threads only grow. Nothing but a restart takes them away again.
#pragma once

#include <optional>
#include <string>

namespace kedge {

// Belongs to one thread.
class ThreadWatch {
 public:
  explicit ThreadWatch(int bound) : bound_(bound) {}

  // What there is to say, once at the bound and once at each doubling after it.
  std::optional<std::string> look(int threads, size_t brokers) {
    if (threads <= bound_) return std::nullopt;
    while (threads > bound_) bound_ *= 2;
    return "the process has " + std::to_string(threads) + " threads, and the Kafka client knows " +
           std::to_string(brokers) +
           " brokers: where brokers come and go, this library keeps a thread for each that it ever saw (2.10.0 mends "
           "it); restart kedge when it is convenient";
  }

 private:
  int bound_;
};

}  // namespace kedge
