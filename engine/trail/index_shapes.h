// The shapes of records: which kind, rule, state, guard and severity one has. There are few, however many records there
// are, so the derived index keeps a number for each that has occurred, and for each record the number of its own. What
// is asked of these fields is looked up among the shapes: values that are frequent, but never in one record, are found
// to have none without a look at any record.
//
// Functions and classes here throw SqliteFailure.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "ledger/sqlite.h"
#include "trail/index_values.h"
#include "trail/record_field.h"

namespace kedge {

inline constexpr std::array kShapeFields = {RecordField::kind, RecordField::rule, RecordField::state,
                                            RecordField::guard, RecordField::severity};

// By kShapeFields: the number of the field's value in the dictionary, counted from 1; 0: it has none.
using RecordShape = std::array<uint32_t, kShapeFields.size()>;

// The place of the field in a shape; kShapeFields.size(): it has none.
constexpr size_t shape_place(RecordField field) {
  size_t place = 0;
  while (place < kShapeFields.size() && kShapeFields[place] != field) ++place;
  return place;
}

// This one's records may have any shape: those that came when there were too many shapes.
inline constexpr uint32_t kAnyShape = 0;

// By their numbers. The first is kAnyShape, and means nothing.
std::vector<RecordShape> read_shapes(Database& database);

class GrowingShapes {
 public:
  static constexpr size_t kShapesMost = 30'000;

  explicit GrowingShapes(Database& database);

  uint32_t number_of(const RecordShape& shape);
  // What is not in the file yet; to be called before a commit.
  void write();

 private:
  Database& database_;
  std::vector<RecordShape> shapes_;
  std::map<RecordShape, uint32_t> numbers_;
  size_t written_ = 0;
};

}  // namespace kedge
