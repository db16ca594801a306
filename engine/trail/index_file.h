// The file of the derived index over the trail: <data>/index.db, SQLite in WAL mode, never synced at a commit: after a
// crash it is as it was some commits ago. It may be deleted: all in it comes from the records.
//
//   cursor        one row: records below `next` are in it; `last` is the newest of them, `digest` the SHA-256 of its
//   bytes value         the dictionary: the number of each text that a field has had, counted from 0 for each field
//   value_count   how many these are
//   value_texts   the texts of fields that are searched by a part, many to a row, in the order of their numbers
//   shape_pack    the shapes that records have had (index_shapes.h), many to a row, in the order of their numbers
//   shape_count   how many these are
//   piece         for a piece and a column (id = piece * 16 + column) what it holds (index_column.h): fields that are
//                 not of a shape have columns of their own, all others that of the shapes
//   stretch       the stretches that are complete, each with its last record, as in the cursor
//   text_block    the texts of each block in the others (index_text.h)
//   text_leaf     those of the complete ones, turned over (id = stretch * kLeaves + leaf)
//
// Lists of numbers are as kept_numbers.h says.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "ledger/sqlite.h"
#include "trail/record_field.h"

namespace kedge {

std::string index_path(const std::string& directory);

inline constexpr int64_t kFieldsRoom = 16;  // for the fields of a piece
enum class IndexedColumn : uint8_t { target, remediation, principal, actor, shape };
inline constexpr std::array kIndexedColumns = {IndexedColumn::target, IndexedColumn::remediation,
                                               IndexedColumn::principal, IndexedColumn::actor, IndexedColumn::shape};
IndexedColumn column_of(RecordField field);  // the shapes' for what is of a shape
inline int64_t column_id(int64_t piece, IndexedColumn column) {
  return piece * kFieldsRoom + static_cast<int64_t>(column);
}

// These throw SqliteFailure: SQLITE_CANTOPEN where there is none, SQLITE_NOTADB where it is none of ours or of another
// version.
std::unique_ptr<Database> open_index_for_reading(const std::string& path);
// Makes it if it is not there.
std::unique_ptr<Database> open_index_for_writing(const std::string& path);

// The failure says that the file is to be made anew.
bool is_damaged(const SqliteFailure& failure);
Error index_error(const SqliteFailure& failure);

// What was kept in the file. What is not whole is the file's damage.
template <class T>
T intact(Result<T> kept) {
  if (!kept) throw SqliteFailure{SQLITE_CORRUPT, SQLITE_CORRUPT, kept.error().message};
  return *std::move(kept);
}

}  // namespace kedge
