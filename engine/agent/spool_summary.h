// SpoolSummary: what there was to say of events that are not kept: how many, when, of what kind, and the gravest of
// them by their paths. A value.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "base/result.h"

namespace kedge {

class SpoolSummary {
 public:
  // An event, as cloud_event() writes it. What cannot be read counts as an event of the type "unreadable".
  void add(std::string_view event);
  void add(const SpoolSummary&);

  bool empty() const { return events_ == 0; }
  size_t events() const { return events_; }

  // {"events", "from", "to", "by_type", "by_severity", "by_category", "gravest": [{"severity", "path"}]}
  Json to_json() const;
  static Result<SpoolSummary> from_json(const Json&);

 private:
  void keep_path(int rank, std::string path);

  size_t events_ = 0;
  std::string from_, to_;  // the first's and the last's time
  std::map<std::string, size_t> by_type_, by_severity_, by_category_;
  std::set<std::pair<int, std::string>> gravest_;  // the gravest first; at most kPathsMax
};

}  // namespace kedge
