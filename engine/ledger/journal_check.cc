#include "ledger/journal_check.h"

#include <algorithm>

#include "base/bytes.h"
#include "ledger/named_blobs.h"
#include "plan/state.h"

namespace kedge {
namespace {

constexpr size_t kSlice = 1'000;  // records read at once: at most 64 MiB
constexpr size_t kRecordBytesMax = 65'535;

std::string text_in(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int64_t number_in(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : -1;
}

}  // namespace

void add_fault(LedgerCheck& check, std::string part, std::string where, std::string message) {
  if (check.faults.size() < kLedgerFaultsMax) {
    check.faults.push_back({std::move(part), std::move(where), std::move(message)});
  } else {
    ++check.more_faults;
  }
}

void JournalCheck::read_on() {
  for (;;) {
    const std::vector<JournalEntry> entries = tables_.journal(next_, kSlice);
    if (entries.empty()) return;
    for (const JournalEntry& entry : entries) read(entry);
  }
}

void JournalCheck::read(const JournalEntry& entry) {
  ++check_.records;
  check_.head = entry.seq;
  auto record = parse_json(entry.bytes);
  check_number(entry.seq, record ? *record : Json());
  if (!record || !record->is_object()) {
    return fault(entry.seq, "is not a JSON object: {}", record ? "it is another value" : record.error().message);
  }
  check_place(entry, *record);
  for (const NamedBlob& one : open_named_blobs(*record, [this](const std::string& digest) { return blob(digest); })) {
    want_blob(entry.seq, one.digest, one.what);
  }
  take_in(entry.seq, *record);
}

void JournalCheck::begin_at(int64_t seq) {
  told_.begin = seq;
  check_.first = seq;
}

// Numbers that a lost ledger has given are not given again: the record of the restoration says which. And while this
// reads, an engine may let records go.
void JournalCheck::check_number(int64_t seq, const Json& record) {
  const int64_t first = std::exchange(next_, seq + 1);
  if (seq == first) return;
  if (seq <= tables_.journal_begin()) return begin_at(seq);
  const Json stated = {{"first", first}, {"last", seq - 1}};
  if (record.is_object() && text_in(record, "kind") == "restoration" && record.contains("missing") &&
      record["missing"] == stated) {
    return;
  }
  fault(seq, "the records {} to {} are missing before it", first, seq - 1);
}

void JournalCheck::check_place(const JournalEntry& entry, const Json& record) {
  const auto canonical = canonical_json(record);
  if (!canonical || *canonical != entry.bytes) fault(entry.seq, "is not in canonical form: it is not what was written");
  if (entry.bytes.size() > kRecordBytesMax)
    fault(entry.seq, "has {} bytes, and none has more than {}", entry.bytes.size(), kRecordBytesMax);
  if (number_in(record, "v") != 1) fault(entry.seq, "is of a version that is not known here");
  if (number_in(record, "seq") != entry.seq) fault(entry.seq, "says that it is record {}", number_in(record, "seq"));
  if (text_in(record, "kind").empty()) fault(entry.seq, "has no kind");
  const auto at = parse_time(text_in(record, "at"));
  if (!at) return fault(entry.seq, "has no time: {}", at.error().message);
  if (*at < at_) fault(entry.seq, "is of {}, before the record in front of it", format_time(*at));
  at_ = std::max(at_, *at);
  if (entry.seq == told_.begin && entry.seq > 0) told_.since = at_;
}

// ---- blobs ---------------------------------------------------------------------------------------------------------

std::optional<std::string> JournalCheck::blob(const std::string& digest) {
  const auto bytes = from_hex(digest);
  Digest wanted;
  if (!bytes || bytes->size() != wanted.bytes.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), wanted.bytes.begin());
  Query row = db_.query("SELECT bytes FROM blob WHERE day = ? AND digest = ?", day_of(at_), wanted);
  return row.next() ? std::optional(row.text(0)) : std::nullopt;
}

void JournalCheck::want_blob(int64_t seq, const std::string& digest, const std::string& what) {
  if (day_of(at_) < first_day_ || blob(digest)) return;
  fault(seq, "its {} is missing: there is no blob {} of that day", what, digest);
}

// ---- what it tells -------------------------------------------------------------------------------------------------

void JournalCheck::take_in(int64_t seq, const Json& record) {
  const std::string kind = text_in(record, "kind");
  if ((kind == "genesis") != (seq == 0)) fault(seq, "is of kind {}: record 0, and no other, is the genesis", kind);
  if (record.contains("remediation")) take_in_move(seq, record);
  if (kind == "genesis") {
    told_.ledger_id = text_in(record, "ledger");
    told_.incarnation = number_in(record, "incarnation");
  } else if (kind == "restoration") {
    told_.incarnation = number_in(record, "incarnation");
  } else if (kind == "exception") {
    const std::string id = text_in(record, "exception");
    if (text_in(record, "action") == "added") {
      told_.exceptions.insert(id);
    } else {
      told_.exceptions.erase(id);
    }
  } else if (kind == "pause") {
    told_.pauses.insert(text_in(record, "scope"));
  } else if (kind == "resume") {
    told_.pauses.erase(text_in(record, "scope"));
  } else if (kind == "position") {
    take_in_position(record);
  } else if (kind == "redrive") {
    take_in_redrive(record);
  } else if ((kind == "dead_letter" || kind == "rule_failure") && !record.contains("range")) {
    told_.dead_letters.insert(seq);
  }
}

// From where the remediation stood, and by a move that the state table has.
void JournalCheck::check_move(int64_t seq, const std::string& id, const std::string& from, const std::string& to) {
  if (from.empty() || to.empty()) return;
  const auto open = told_.open.find(id);
  if (open != told_.open.end() && open->second != from) {
    fault(seq, "moves {} from {}, and it was {}", id, from, open->second);
  }
  const auto leads_there = [&](const Transition& each) {
    return to_string(each.from) == from && to_string(each.to) == to;
  };
  if (from != to && std::none_of(transitions().begin(), transitions().end(), leads_there)) {
    fault(seq, "moves {} from {} to {}, which no move does", id, from, to);
  }
}

// What has ended is forgotten: an undo tells it again.
void JournalCheck::take_in_move(int64_t seq, const Json& record) {
  const std::string id = text_in(record, "remediation");
  if (text_in(record, "kind") == "plan") {
    if (text_in(record, "disposition") != "joined") told_.open[id] = text_in(record, "state");
    return;
  }
  const std::string to = text_in(record, "to");
  check_move(seq, id, text_in(record, "from"), to);
  const auto state = parse_state(to);
  if (state && is_end(*state)) {
    told_.open.erase(id);
  } else if (!to.empty()) {
    told_.open[id] = to;
  }
}

void JournalCheck::take_in_position(const Json& record) {
  const auto now = record.find("now");
  if (now == record.end() || !now->is_object()) return;
  const PartitionId id{text_in(record, "source"), text_in(record, "topic"),
                       static_cast<int32_t>(number_in(record, "partition"))};
  told_.positions[id] = {number_in(*now, "epoch"), number_in(*now, "next")};
}

// One that failed again stays.
void JournalCheck::take_in_redrive(const Json& record) {
  if (text_in(record, "outcome") == "failed") return;
  const auto numbers = record.find("numbers");
  if (numbers == record.end() || !numbers->is_array()) {
    told_.dead_letters_known = false;
    return;
  }
  for (const Json& number : *numbers) {
    if (number.is_number_integer()) told_.dead_letters.erase(number.get<int64_t>());
  }
}

}  // namespace kedge
