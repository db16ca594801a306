#include "tests/e2e/spooled_events.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

namespace kedge {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLookAgain(50);

}  // namespace

bool SpooledEvents::wait_for(const std::function<bool(const HostEvent&)>& wanted, std::chrono::seconds timeout) {
  for (const auto end = steady_clock::now() + timeout; steady_clock::now() < end;
       std::this_thread::sleep_for(kLookAgain)) {
    read_more();
    while (passed_ < events_.size()) {
      if (wanted(events_[passed_++])) return true;
    }
  }
  return false;
}

size_t SpooledEvents::count(const std::function<bool(const HostEvent&)>& wanted) const {
  return static_cast<size_t>(std::count_if(events_.begin(), events_.end(), wanted));
}

// A line that is not at its end yet is left for the next time.
void SpooledEvents::read_more() {
  std::error_code not_yet;
  std::set<std::string> segments;
  for (const auto& entry : fs::directory_iterator(directory_, not_yet)) {
    if (entry.path().extension() == ".events") segments.insert(entry.path().string());
  }
  for (const std::string& segment : segments) {
    size_t& read = read_[segment];
    std::ifstream file(segment, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(read));
    for (std::string line; std::getline(file, line) && !file.eof();) {
      read += line.size() + 1;
      auto event = parse_json(line);
      if (!event) continue;  // cut off by a death
      events_.push_back({event->value("type", ""), event->value("subject", ""), event->value("data", Json::object())});
    }
  }
}

}  // namespace kedge
