#include "host/mutation.h"

#include <algorithm>
#include <array>
#include <set>

#include "host/baseline_difference.h"

namespace kedge {
namespace {

constexpr std::array<std::string_view, 10> kNames = {"created",     "deleted",      "moved", "modified",  "mounted",
                                                     "link_target", "capabilities", "mode",  "ownership", "attributes"};

MutationKind kind_of(const std::string& field) {
  if (field == "link") return MutationKind::link_target;
  if (field == "capabilities") return MutationKind::capabilities;
  if (field == "mode") return MutationKind::mode;
  if (field == "owner") return MutationKind::ownership;
  if (field == "links") return MutationKind::attributes;
  return MutationKind::modified;
}

}  // namespace

std::string_view to_string(MutationKind kind) { return kNames.at(static_cast<size_t>(kind)); }

std::vector<MutationKind> kinds_of(const FileState* before, const FileState* after) {
  if (before == nullptr) return {MutationKind::created};
  if (after == nullptr) return {MutationKind::deleted};
  std::set<MutationKind> kinds;
  for (const FieldChange& change : changes_between(*before, *after)) kinds.insert(kind_of(change.field));
  return {kinds.begin(), kinds.end()};
}

}  // namespace kedge
