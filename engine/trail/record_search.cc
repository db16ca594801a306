#include "trail/record_search.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace kedge {
namespace {

// So many of a block are read one by one; more of them with all that lies between them.
constexpr size_t kOneByOneMost = 8;

// The records with these numbers, which descend, and maybe others between them.
Result<bool> visit_these(RecordSource& records, const std::vector<int64_t>& numbers, const VisitRecord& visit) {
  if (numbers.size() > kOneByOneMost) return scan_backwards(records, numbers.back(), numbers.front() + 1, visit);
  for (const int64_t number : numbers) {
    const auto more = scan_backwards(records, number, number + 1, visit);
    if (!more || !*more) return more;
  }
  return true;
}

}  // namespace

Result<void> RecordSearch::newest_first(IndexQuery query, const VisitRecord& visit) {
  const auto end = records_.end();
  if (!end) return end.error();
  query.end = std::min(query.end, *end);
  if (index_) {
    const auto ours = index_->tells_of(records_);
    if (!ours) return ours.error();
    if (!*ours) index_.reset();
  }
  const int64_t indexed = index_ ? std::min(index_->next(), query.end) : query.begin;
  auto more = scan_backwards(records_, std::max(indexed, query.begin), query.end, visit);
  if (more && *more && index_) {
    query.end = indexed;
    more = by_index(query, visit);
  }
  return more ? Result<void>() : more.error();
}

Result<bool> RecordSearch::by_index(const IndexQuery& query, const VisitRecord& visit) {
  int64_t reached = query.end;        // records from there on were looked at
  std::optional<Result<bool>> ended;  // by `visit` or the records
  const auto searched = index_->search(query, [&](const std::vector<int64_t>& numbers) -> Result<bool> {
    const auto more = visit_these(records_, numbers, visit);
    reached = numbers.back();
    if (more && *more) return true;
    ended = more;
    return false;
  });
  if (ended) return *ended;
  if (searched) return true;
  spdlog::warn("the records before {} are looked at one by one: {}", reached, searched.error().message);
  return scan_backwards(records_, query.begin, reached, visit);
}

}  // namespace kedge
