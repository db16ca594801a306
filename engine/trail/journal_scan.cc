#include "trail/journal_scan.h"

#include <algorithm>

#include "base/json.h"

namespace kedge {
namespace {
constexpr int64_t kPiece = 1000;
}

Result<void> scan_backwards(LedgerReader& reader,
                            const std::function<bool(const JournalEntry&, const nlohmann::json&)>& visit) {
  const auto head = reader.journal_head();
  if (!head) return head.error();
  for (int64_t end = *head + 1; end > 0;) {
    const int64_t begin = std::max<int64_t>(0, end - kPiece);
    const auto entries = reader.journal(begin, static_cast<size_t>(end - begin));
    if (!entries) return entries.error();
    for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry) {
      const auto record = parse_json(entry->bytes);
      if (!record) {
        return Error{ErrorCode::corrupt, "record " + std::to_string(entry->seq) + ": " + record.error().message};
      }
      if (!visit(*entry, *record)) return {};
    }
    end = begin;
  }
  return {};
}

}  // namespace kedge
