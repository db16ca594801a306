// Tables: dead letters, how many there are of a source and rule, and ranges of those that were too many.
#include "ledger/stored_json.h"
#include "ledger/tables.h"

namespace kedge {
namespace {

// In `spent`. No rule's id holds a space.
std::string scope_of(const std::string& source, const std::string& rule) {
  return "dead-letter " + rule + " " + source;
}

DeadLetter read_letter(const Query& row) {
  DeadLetter letter;
  letter.number = row.integer(0);
  letter.source = row.text(1);
  letter.topic = row.text(2);
  letter.partition = static_cast<int32_t>(row.integer(3));
  letter.offset = row.integer(4);
  letter.index = static_cast<uint32_t>(row.integer(5));
  letter.reason = row.text(6);
  letter.message = row.text(7);
  letter.rule = row.text(8);
  letter.rule_version = row.text(9);
  letter.key = row.text(10);
  letter.value = row.text(11);
  letter.value_bytes = row.integer(12);
  letter.value_digest = row.digest(13);
  letter.headers = stored_json(row.text(14));
  letter.at = row.time(15);
  letter.redrives = row.integer(16);
  return letter;
}

}  // namespace

Tables::Total Tables::dead_letter_total(const std::string& source, const std::string& rule) {
  Query row = db_.query("SELECT letters, bytes FROM dead_letter_total WHERE source = ? AND rule = ?", source, rule);
  return row.next() ? Total{row.integer(0), row.integer(1)} : Total{};
}

int64_t Tables::dead_letters_within(const std::string& source, const std::string& rule, int64_t minute) {
  Query row = db_.query("SELECT number FROM spent WHERE scope = ? AND slot = ?", scope_of(source, rule), minute);
  return row.next() ? row.integer(0) : 0;
}

void Tables::put(const DeadLetter& l) {
  db_.run("INSERT INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", l.number, l.source,
          l.topic, l.partition, l.offset, l.index, l.reason, l.message, l.rule, l.rule_version, Blob{l.key},
          Blob{l.value}, l.value_bytes, l.value_digest, stored_text(l.headers), l.at, l.redrives);
  db_.run(
      "INSERT INTO dead_letter_total VALUES (?, ?, 1, ?)"
      " ON CONFLICT DO UPDATE SET letters = letters + 1, bytes = bytes + excluded.bytes",
      l.source, l.rule, int64_t(l.value.size()));
  const std::string scope = scope_of(l.source, l.rule);
  db_.run("DELETE FROM spent WHERE scope = ? AND slot < ?", scope, minute_of(l.at));
  db_.run("INSERT INTO spent VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET number = number + 1", scope, minute_of(l.at));
}

bool Tables::erase_dead_letter(int64_t number) {
  std::string source;
  std::string rule;
  int64_t bytes = 0;
  {
    Query row = db_.query("SELECT source, rule, length(value) FROM dead_letter WHERE number = ?", number);
    if (!row.next()) return false;
    source = row.text(0);
    rule = row.text(1);
    bytes = row.integer(2);
  }
  db_.run("DELETE FROM dead_letter WHERE number = ?", number);
  db_.run("UPDATE dead_letter_total SET letters = letters - 1, bytes = bytes - ? WHERE source = ? AND rule = ?", bytes,
          source, rule);
  return true;
}

void Tables::note_failed_redrive(int64_t number, const RedriveDeadLetter::Failure& failure) {
  db_.run("UPDATE dead_letter SET redrives = redrives + 1, reason = ?, message = ?, rule_version = ? WHERE number = ?",
          failure.reason, failure.message, failure.rule_version, number);
}

std::vector<DeadLetter> Tables::dead_letters(const LedgerReader::DeadLetterFilter& filter) {
  std::vector<DeadLetter> letters;
  Query row = db_.query(
      "SELECT * FROM dead_letter WHERE number > ?1 AND (?2 = '' OR source = ?2) AND (?3 = '' OR rule = ?3)"
      " ORDER BY number LIMIT ?4",
      filter.after, filter.source, filter.rule, int64_t(filter.limit));
  while (row.next()) letters.push_back(read_letter(row));
  return letters;
}

std::optional<DeadLetter> Tables::dead_letter(int64_t number) {
  Query row = db_.query("SELECT * FROM dead_letter WHERE number = ?", number);
  return row.next() ? std::optional(read_letter(row)) : std::nullopt;
}

bool Tables::widen_range(const DeadLetter& l) {
  db_.run(
      "UPDATE dead_letter_range SET first = min(first, ?1), last = max(last, ?1), count = count + 1"
      " WHERE source = ?2 AND topic = ?3 AND partition = ?4 AND rule = ?5",
      l.offset, l.source, l.topic, l.partition, l.rule);
  return db_.changes() > 0;
}

void Tables::put(const DeadLetterRange& range) {
  db_.run(
      "INSERT INTO dead_letter_range (source, topic, partition, rule, first, last, count, since)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      range.source, range.topic, range.partition, range.rule, range.first, range.last, range.count, range.since);
}

int64_t Tables::erase_dead_letter_ranges(const PartitionId& partition, int64_t from) {
  db_.run("DELETE FROM dead_letter_range WHERE source = ? AND topic = ? AND partition = ? AND first >= ?",
          partition.source, partition.topic, partition.partition, from);
  return db_.changes();
}

std::vector<DeadLetterRange> Tables::dead_letter_ranges() {
  std::vector<DeadLetterRange> ranges;
  Query row = db_.query(
      "SELECT source, topic, partition, rule, first, last, count, since FROM dead_letter_range ORDER BY number");
  while (row.next()) {
    ranges.push_back({row.text(0), row.text(1), static_cast<int32_t>(row.integer(2)), row.text(3), row.integer(4),
                      row.integer(5), row.integer(6), row.time(7)});
  }
  return ranges;
}

}  // namespace kedge
