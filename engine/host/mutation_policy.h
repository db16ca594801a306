// What a mutation means: which part of a system it touches, how grave that is, and which technique of MITRE ATT&CK it
// is known as. A value without I/O: the same mutation and the same policy give the same answer.
//
// The default policy is quiet about what a healthy server does by itself (logs, caches, lock files, the tables that are
// rebuilt); see docs/sensor.md, which lists it. What Python has compiled is told when it is other than it was: whether
// its source is, too, is for the caller to see (is_judged_by_its_source).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "host/mutation.h"

namespace kedge {

enum class MutationCategory : uint8_t {
  binary,
  library,
  configuration,
  boot,
  credentials,
  persistence,
  loader,
  data,     // none of these
  network,  // of ports: what listens
  process,  // of what runs
};
enum class MutationSeverity : uint8_t { informational, low, medium, high, critical };

std::string_view to_string(MutationCategory);
std::string_view to_string(MutationSeverity);
Result<MutationCategory> parse_mutation_category(std::string_view);
Result<MutationSeverity> parse_mutation_severity(std::string_view);

struct Meaning {
  MutationCategory category = MutationCategory::data;
  MutationSeverity severity = MutationSeverity::low;
  std::vector<std::string> techniques;  // "T1554"; the first is what it is, others come with it
  bool quiet = false;                   // nobody is told

  bool operator==(const Meaning&) const = default;
};

// A line of the policy: what a path that matches means.
struct MeaningOfPaths {
  std::vector<std::string> patterns;  // as ScanOptions has them, over the path in the system: "etc/cron.d/*"
  Meaning meaning;
};

class MutationPolicy {
 public:
  MutationPolicy() = default;  // the defaults alone

  // `own`: looked at before the defaults; the first line that matches counts.
  explicit MutationPolicy(std::vector<MeaningOfPaths> own) : own_(std::move(own)) {}

  // What is gone below a directory counts as much as the directory: the gravest of all. Raised above what its path
  // means: a file that gains setuid, setgid or capabilities, and content that is older than its change claims.
  Meaning meaning_of(const Mutation&) const;

  // What its path alone means.
  Meaning meaning_of(const std::string& path) const;

  // Whether nobody is told of it, whatever it holds: it need not be read.
  bool is_quiet(const std::string& path) const;

  // Whether it has the name of what Python has compiled, and no line of one's own says what that means.
  bool is_judged_by_its_source(const std::string& path) const;

 private:
  Meaning usual_meaning(const std::string& path, const FileState& state) const;
  const MeaningOfPaths* own_line(const std::string& path) const;

  std::vector<MeaningOfPaths> own_;
};

// Of the default policy, in the order in which they are looked at, behind what is quiet: what the documentation lists.
const std::vector<MeaningOfPaths>& default_meanings();

}  // namespace kedge
