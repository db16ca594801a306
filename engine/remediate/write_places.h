// WritePlaces: how many may write at one endpoint (service, account, region) at once.
//
// Services of which one object is changed by two callers at once answer one of them with a conflict at best, and merge
// what neither meant at worst; so by default one writes, and whoever isolates waits for nobody.
//
// Threads:    thread-safe. Whoever has a place gives it back through the schedule, when its job comes back.
#pragma once

#include <map>
#include <mutex>
#include <string>

namespace kedge {

class WritePlaces {
 public:
  explicit WritePlaces(int per_endpoint) : per_endpoint_(per_endpoint) {}

  // False: all are taken. There is one more for those that isolate.
  bool take(const std::string& endpoint, bool isolates);
  void give_back(const std::string& endpoint);

 private:
  const int per_endpoint_;
  std::mutex mutex_;
  std::map<std::string, int> taken_;
};

}  // namespace kedge
