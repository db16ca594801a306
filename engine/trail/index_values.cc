#include "trail/index_values.h"

#include <algorithm>

#include "trail/index_file.h"
#include "trail/kept_numbers.h"

namespace kedge {
namespace {

constexpr uint32_t kPackTexts = 1024;
constexpr char kEndOfText = '\xFF';         // in no UTF-8
constexpr size_t kRememberedMost = 50'000;  // texts of a field whose numbers are kept in memory while it grows
constexpr size_t kBeginningsMost = 200'000;

bool has_packs(RecordField field) {
  return field == RecordField::target || field == RecordField::principal || field == RecordField::actor;
}

int64_t kept_as(RecordField field) { return static_cast<int64_t>(field); }

void want(WantedValues& wanted, int64_t number) {
  const auto place = static_cast<size_t>(number);
  if (wanted.size() <= place) wanted.resize(place + 1);
  wanted[place] = true;
}

// The first text behind all that begin so; empty: there is none.
std::string behind(std::string beginning) {
  while (!beginning.empty() && beginning.back() == '\xFF') beginning.pop_back();
  if (!beginning.empty()) ++beginning.back();
  return beginning;
}

void want_in_pack(std::string_view texts, std::string_view part, int64_t first, WantedValues& wanted) {
  size_t counted_to = 0;
  int64_t number = first;
  for (size_t found = texts.find(part); found != std::string_view::npos;) {
    number += std::count(texts.begin() + counted_to, texts.begin() + found, kEndOfText);
    counted_to = found;
    want(wanted, number);
    const size_t end = texts.find(kEndOfText, found);
    if (end == std::string_view::npos) return;
    found = texts.find(part, end);
  }
}

}  // namespace

void want_text(Database& database, RecordField field, std::string_view text, WantedValues& wanted) {
  Query row = database.query("SELECT number FROM value WHERE field = ? AND text = ?", kept_as(field), Blob{text});
  if (row.next()) want(wanted, row.integer(0));
}

void want_part(Database& database, RecordField field, std::string_view part, WantedValues& wanted) {
  Query row = database.query("SELECT pack, texts FROM value_texts WHERE field = ?", kept_as(field));
  while (row.next()) {
    const std::string kept = row.text(1);
    want_in_pack(intact(without_checksum(kept)), part, row.integer(0) * kPackTexts, wanted);
  }
}

bool want_beginning(Database& database, RecordField field, std::string_view beginning, WantedValues& wanted) {
  const std::string end = behind(std::string(beginning));
  if (end.empty()) return false;
  Query row = database.query("SELECT number FROM value WHERE field = ? AND text >= ? AND text < ?", kept_as(field),
                             Blob{beginning}, Blob{end});
  size_t found = 0;
  while (row.next()) {
    if (++found > kBeginningsMost) return false;
    want(wanted, row.integer(0));
  }
  return true;
}

GrowingValues::GrowingValues(Database& database) : database_(database) {
  Query row = database_.query("SELECT field, number FROM value_count");
  while (row.next()) {
    const auto place = static_cast<size_t>(row.integer(0));
    if (place >= fields_.size()) throw SqliteFailure{SQLITE_CORRUPT, SQLITE_CORRUPT, "an unknown field"};
    fields_[place].count = fields_[place].written = static_cast<uint32_t>(row.integer(1));
  }
  for (const RecordField field : kRecordFields) {
    Field& known = fields_[static_cast<size_t>(field)];
    if (!has_packs(field) || known.count % kPackTexts == 0) continue;
    Query pack = database_.query("SELECT texts FROM value_texts WHERE field = ? AND pack = ?", kept_as(field),
                                 known.count / kPackTexts);
    if (!pack.next()) throw SqliteFailure{SQLITE_CORRUPT, SQLITE_CORRUPT, "texts are missing"};
    const std::string kept = pack.text(0);
    known.texts = intact(without_checksum(kept));
  }
}

uint32_t GrowingValues::number_of(RecordField field, const std::string& text) {
  Field& known = fields_[static_cast<size_t>(field)];
  const auto remembered = known.numbers.find(text);
  if (remembered != known.numbers.end()) return remembered->second;
  if (known.numbers.size() >= kRememberedMost) known.numbers.clear();
  {
    Query row = database_.query("SELECT number FROM value WHERE field = ? AND text = ?", kept_as(field), Blob{text});
    if (row.next()) return known.numbers[text] = static_cast<uint32_t>(row.integer(0));
  }
  const uint32_t number = known.count;
  database_.run("INSERT INTO value VALUES (?, ?, ?)", kept_as(field), Blob{text}, number);
  if (has_packs(field)) append_to_pack(field, known, text);
  ++known.count;
  return known.numbers[text] = number;
}

void GrowingValues::append_to_pack(RecordField field, Field& known, const std::string& text) {
  if (known.count % kPackTexts == 0) known.texts.clear();
  known.texts += text + kEndOfText;
  if ((known.count + 1) % kPackTexts == 0) write_pack(field, known, known.count / kPackTexts);
}

void GrowingValues::write_pack(RecordField field, const Field& known, int64_t pack) {
  const std::string kept = with_checksum(known.texts);
  database_.run("INSERT OR REPLACE INTO value_texts VALUES (?, ?, ?)", kept_as(field), pack, Blob{kept});
}

void GrowingValues::write() {
  for (const RecordField field : kRecordFields) {
    Field& known = fields_[static_cast<size_t>(field)];
    if (known.count == known.written) continue;
    if (has_packs(field) && known.count % kPackTexts != 0) write_pack(field, known, known.count / kPackTexts);
    database_.run("INSERT OR REPLACE INTO value_count VALUES (?, ?)", kept_as(field), known.count);
    known.written = known.count;
  }
}

}  // namespace kedge
