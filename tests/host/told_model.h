// ToldModel: what a tree is, for somebody who has its baseline and reads the sensor's events, as docs/sensor.md
// explains them, and nothing else.
#pragma once

#include <map>
#include <string>

#include "host/host_event.h"
#include "host/scan.h"

namespace kedge {

class ToldModel {
 public:
  // `baseline` is what was there at first, `root` where the tree lies.
  ToldModel(const Scan& baseline, std::string root);

  // Empty, or what is wrong with it: it tells what was known already.
  std::string take(const HostEvent& event);

  // Its sensor was killed: what it told before may come again.
  void expect_again() { whole_.clear(); }

  // Empty, or a line for each path that is not there as it was told.
  std::string differences(const Scan& now) const;

 private:
  // As far as a watcher can tell it: not how many names a file has.
  static std::string state_of(const FileState& state);
  static std::string state_of(const Json& told);
  bool is_directory(const std::string& path) const;
  std::string state_at(const std::string& path) const;

  const std::string root_;
  std::map<std::string, std::string> baseline_;  // path below the root → state
  std::map<std::string, std::string> told_;      // path → state; empty: it is gone
  std::map<std::string, std::string> whole_;     // path → all that was told of its state
};

}  // namespace kedge
