#include "trail/index_writer.h"

#include "trail/index_file.h"

namespace kedge {
namespace {

// The remediation that a record is found by: its own or, of a notice, that of the record which it is about.
Result<std::string> remediation_of(const RecordFields& record, RecordFieldReader& reader, RecordSource& records) {
  const std::string& own = record[RecordField::remediation];
  if (!own.empty() || record[RecordField::kind] != "notice" || !record.about) return own;
  const auto found = records.records(*record.about, 1);
  if (!found) return found.error();
  if (found->empty() || found->front().seq != *record.about) return own;
  const auto other = reader.read(found->front());
  return other ? (*other)[RecordField::remediation] : own;
}

}  // namespace

Result<bool> has_end(RecordSource& records, const IndexEnd& end) {
  const auto found = records.records(end.last, 1);
  if (!found) return found.error();
  return !found->empty() && found->front().seq == end.last && sha256(found->front().bytes) == end.digest;
}

IndexWriter::IndexWriter(Database& database) : database_(database), values_(database), shapes_(database) {
  {
    Query row = database_.query("SELECT next, last, digest FROM cursor");
    if (!row.next()) throw SqliteFailure{SQLITE_CORRUPT, SQLITE_CORRUPT, "it has no cursor"};
    next_ = row.integer(0);
    last_ = row.integer(1);
    last_digest_ = row.digest(2);
  }
  Query complete = database_.query("SELECT 1 FROM stretch WHERE number = ?", last_ / kStretchRecords);
  if (last_ < 0 || complete.next()) return;
  load_piece();
  load_block();
  unfinished_ = true;
}

void IndexWriter::load_piece() {
  for (const IndexedColumn each : kIndexedColumns) {
    Query row =
        database_.query("SELECT value_list, codes FROM piece WHERE id = ?", column_id(last_ / kPieceRecords, each));
    if (row.next()) column(each) = intact(IndexColumn::of(row.text(0), row.text(1)));
  }
}

void IndexWriter::load_block() {
  Query row = database_.query("SELECT places FROM text_block WHERE block = ?", last_ / kBlockRecords);
  if (row.next()) block_ = intact(TextBlock::of(row.text(0)));
}

IndexEnd IndexWriter::end() const { return {last_, last_bytes_.empty() ? last_digest_ : sha256(last_bytes_)}; }

Result<void> IndexWriter::add(const JournalEntry& entry, RecordSource& records) {
  auto record = reader_.read(entry);
  if (!record) return record.error();
  auto remediation = remediation_of(*record, reader_, records);
  if (!remediation) return remediation.error();
  record->texts[static_cast<size_t>(RecordField::remediation)] = *std::move(remediation);
  leave_finished(entry.seq);
  const auto place = static_cast<size_t>(entry.seq % kPieceRecords);
  RecordShape shape{};
  for (const RecordField field : kRecordFields) {
    const std::string& text = (*record)[field];
    if (text.empty()) continue;
    const uint32_t number = values_.number_of(field, text);
    const IndexedColumn its = column_of(field);
    if (its == IndexedColumn::shape) {
      shape[shape_place(field)] = number + 1;
    } else {
      column(its).append(place, number);
    }
  }
  column(IndexedColumn::shape).append(place, shapes_.number_of(shape));
  block_.add(entry.bytes);
  unfinished_ = true;
  last_ = entry.seq;
  last_bytes_ = entry.bytes;
  next_ = entry.seq + 1;
  return {};
}

// What the record `seq` belongs to no more is complete.
void IndexWriter::leave_finished(int64_t seq) {
  if (!unfinished_) return;
  if (last_ / kPieceRecords != seq / kPieceRecords) {
    write_piece();
    columns_ = {};
  }
  if (last_ / kBlockRecords != seq / kBlockRecords) {
    write_block();
    block_ = {};
  }
  if (last_ / kStretchRecords != seq / kStretchRecords) finish_stretch(last_ / kStretchRecords);
}

void IndexWriter::write_piece() {
  for (const IndexedColumn each : kIndexedColumns) {
    const std::string values = column(each).kept_values();
    const std::string codes = column(each).kept_codes();
    database_.run("INSERT OR REPLACE INTO piece VALUES (?, ?, ?)", column_id(last_ / kPieceRecords, each), Blob{values},
                  Blob{codes});
  }
}

void IndexWriter::write_block() {
  const std::string places = block_.kept();
  database_.run("INSERT OR REPLACE INTO text_block VALUES (?, ?)", last_ / kBlockRecords, Blob{places});
}

void IndexWriter::finish_stretch(int64_t stretch) {
  TextStretch turned;
  const int64_t begin = stretch * kStretchBlocks;
  {
    Query row = database_.query("SELECT block, places FROM text_block WHERE block >= ? AND block < ?", begin,
                                begin + kStretchBlocks);
    while (row.next()) {
      turned.add(static_cast<size_t>(row.integer(0) - begin), intact(TextBlock::of(row.text(1))));
    }
  }
  for (uint32_t leaf = 0; leaf < kLeaves; ++leaf) {
    const std::string blocks = turned.kept_leaf(leaf);
    database_.run("INSERT OR REPLACE INTO text_leaf VALUES (?, ?)", stretch * kLeaves + leaf, Blob{blocks});
  }
  database_.run("DELETE FROM text_block WHERE block < ?", begin + kStretchBlocks);
  const IndexEnd reached = end();
  database_.run("INSERT OR REPLACE INTO stretch VALUES (?, ?, ?)", stretch, reached.last, reached.digest);
}

void IndexWriter::write() {
  values_.write();
  shapes_.write();
  if (last_bytes_.empty()) return;  // nothing was added
  write_piece();
  write_block();
  const IndexEnd reached = end();
  database_.run("UPDATE cursor SET next = ?, last = ?, digest = ?", next_, reached.last, reached.digest);
  last_digest_ = reached.digest;
  last_bytes_.clear();
}

void cut_index(Database& database, int64_t stretches) {
  database.run("DELETE FROM piece WHERE id >= ?", stretches * kStretchPieces * kFieldsRoom);
  database.run("DELETE FROM text_block");
  database.run("DELETE FROM text_leaf WHERE id >= ?", stretches * kLeaves);
  database.run("DELETE FROM stretch WHERE number >= ?", stretches);
  database.run("UPDATE cursor SET next = 0, last = -1, digest = x''");
  database.run(
      "UPDATE cursor SET next = s.last + 1, last = s.last, digest = s.digest "
      "FROM (SELECT last, digest FROM stretch ORDER BY number DESC LIMIT 1) AS s");
}

}  // namespace kedge
