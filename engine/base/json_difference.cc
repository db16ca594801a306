#include "base/json_difference.h"

#include "base/json.h"

namespace kedge {
namespace {

struct Collector {
  Json entries = Json::array();
  size_t more = 0;

  void add(const std::string& path, const Json* expected, const Json* found) {
    if (entries.size() >= kDifferencesMax) {
      ++more;
      return;
    }
    Json entry = {{"path", path.empty() ? "/" : path}};
    if (expected) entry["expected"] = *expected;
    if (found) entry["found"] = *found;
    entries.push_back(std::move(entry));
  }
};

std::string below(const std::string& path, const std::string& key) {
  std::string escaped;  // RFC 6901 §3
  for (const char c : key) escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return path + "/" + escaped;
}

void compare(const Json& expected, const Json& found, const std::string& path, Collector& into);

void compare_objects(const Json& expected, const Json& found, const std::string& path, Collector& into) {
  for (const auto& [key, value] : expected.items()) {
    const auto other = found.find(key);
    if (other == found.end()) {
      into.add(below(path, key), &value, nullptr);
    } else {
      compare(value, *other, below(path, key), into);
    }
  }
  for (const auto& [key, value] : found.items()) {
    if (!expected.contains(key)) into.add(below(path, key), nullptr, &value);
  }
}

void compare_arrays(const Json& expected, const Json& found, const std::string& path, Collector& into) {
  for (size_t i = 0; i < std::max(expected.size(), found.size()); ++i) {
    const std::string place = below(path, std::to_string(i));
    if (i >= expected.size()) {
      into.add(place, nullptr, &found[i]);
    } else if (i >= found.size()) {
      into.add(place, &expected[i], nullptr);
    } else {
      compare(expected[i], found[i], place, into);
    }
  }
}

void compare(const Json& expected, const Json& found, const std::string& path, Collector& into) {
  if (expected == found) return;
  if (expected.is_object() && found.is_object()) return compare_objects(expected, found, path, into);
  if (expected.is_array() && found.is_array()) return compare_arrays(expected, found, path, into);
  into.add(path, &expected, &found);
}

}  // namespace

nlohmann::json difference(const nlohmann::json& expected, const nlohmann::json& found) {
  Collector collector;
  compare(expected, found, "", collector);
  if (collector.more > 0) collector.entries.push_back({{"more", collector.more}});
  return std::move(collector.entries);
}

}  // namespace kedge
