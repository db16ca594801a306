#include "trail/record_index.h"

#include <algorithm>
#include <optional>

#include "trail/index_column.h"
#include "trail/index_file.h"
#include "trail/index_shapes.h"
#include "trail/index_text.h"
#include "trail/index_values.h"
#include "trail/kept_numbers.h"

namespace kedge {
namespace {

// A condition whose texts were looked up.
struct Wanted {
  struct Column {
    IndexedColumn column;
    WantedValues values;
    std::vector<uint8_t> codes;  // of the piece that is looked at: which are wanted; empty: none is
  };
  std::vector<Column> columns;  // one of them has a wanted value
};

// None where the dictionary does not help.
std::optional<WantedValues> look_up(Database& database, const IndexQuery::Condition& condition, RecordField field) {
  WantedValues values;
  for (const std::string& text : condition.texts) {
    if (condition.how == IndexQuery::How::equal) want_text(database, field, text, values);
    if (condition.how == IndexQuery::How::part) want_part(database, field, text, values);
    if (condition.how == IndexQuery::How::beginning && !want_beginning(database, field, text, values)) return {};
  }
  return values;
}

bool is_wanted(const WantedValues& values, uint32_t number) { return number < values.size() && values[number]; }

// The conditions of a question, as what is wanted of columns.
class WantedColumns {
 public:
  WantedColumns(Database& database, const std::vector<IndexQuery::Condition>& conditions) : database_(database) {
    for (const IndexQuery::Condition& condition : conditions) {
      if (!condition.fields.empty()) add(condition);
    }
    if (narrowed_) wanted_.push_back({{{IndexedColumn::shape, std::move(fitting_), {}}}});
  }

  std::vector<Wanted> taken() { return std::move(wanted_); }

 private:
  // What is asked of shapes alone narrows those that fit; what may be fulfilled by others, too, stands by itself.
  void add(const IndexQuery::Condition& condition) {
    Wanted wanted;
    WantedValues shapes;
    for (const RecordField field : condition.fields) {
      auto values = look_up(database_, condition, field);
      if (!values) return;
      if (const IndexedColumn column = column_of(field); column != IndexedColumn::shape) {
        wanted.columns.push_back({column, *std::move(values), {}});
      } else {
        add_shapes(field, *values, shapes);
      }
    }
    if (!wanted.columns.empty()) {
      if (!shapes.empty()) wanted.columns.push_back({IndexedColumn::shape, std::move(shapes), {}});
      wanted_.push_back(std::move(wanted));
      return;
    }
    for (size_t number = 0; number < fitting_.size(); ++number) fitting_[number] = fitting_[number] && shapes[number];
    narrowed_ = true;
  }

  void add_shapes(RecordField field, const WantedValues& values, WantedValues& wanted) {
    if (shapes_.empty()) {
      shapes_ = read_shapes(database_);
      fitting_.assign(shapes_.size(), true);
    }
    wanted.resize(shapes_.size());
    wanted[kAnyShape] = true;
    for (size_t number = kAnyShape + 1; number < shapes_.size(); ++number) {
      const uint32_t value = shapes_[number][shape_place(field)];
      if (value != 0 && is_wanted(values, value - 1)) wanted[number] = true;
    }
  }

  Database& database_;
  std::vector<Wanted> wanted_;
  std::vector<RecordShape> shapes_;  // read when they are needed
  WantedValues fitting_;             // of these: what the conditions on shapes alone allow
  bool narrowed_ = false;
};

// The parts of a question that are asked of each piece, and of each stretch.
class Search {
 public:
  Search(Database& database, const IndexQuery& query)
      : database_(database),
        places_(text_places(query.text)),
        wanted_(WantedColumns(database, query.conditions).taken()) {}

  // None: no record of the piece is wanted.
  std::optional<PieceBits> in_piece(int64_t piece) {
    for (Wanted& wanted : wanted_) {
      if (!may_occur(piece, wanted)) return {};
    }
    PieceBits bits;
    if (!add_text(piece, bits)) return {};
    for (auto wanted = wanted_.begin(); wanted != wanted_.end(); ++wanted) {
      bits &= matching(piece, *wanted);
      if (!bits.empty()) continue;
      std::rotate(wanted_.begin(), wanted, wanted + 1);  // it may do so again: the columns of others are not read then
      return {};
    }
    return bits;
  }

 private:
  // Which of a column's values are wanted, by their codes; empty: none is.
  static std::vector<uint8_t> wanted_codes(std::string_view kept_values, const WantedValues& wanted) {
    const std::vector<uint32_t> values = intact(numbers_of<uint32_t>(kept_values));
    std::vector<uint8_t> codes(values.size() + 1, 0);
    bool any = false;
    for (size_t i = 0; i < values.size(); ++i) {
      if (!is_wanted(wanted, values[i])) continue;
      codes[i + 1] = 1;
      any = true;
    }
    if (!any) codes.clear();
    return codes;
  }

  bool may_occur(int64_t piece, Wanted& wanted) {
    bool any = false;
    for (Wanted::Column& each : wanted.columns) {
      each.codes.clear();
      if (each.values.empty()) continue;
      Query row = database_.query("SELECT value_list FROM piece WHERE id = ?", column_id(piece, each.column));
      if (row.next()) each.codes = wanted_codes(row.text(0), each.values);
      any = any || !each.codes.empty();
    }
    return any;
  }

  PieceBits matching(int64_t piece, const Wanted& wanted) {
    PieceBits bits;
    for (const Wanted::Column& each : wanted.columns) {
      if (each.codes.empty()) continue;
      Query row = database_.query("SELECT codes FROM piece WHERE id = ?", column_id(piece, each.column));
      if (row.next()) bits |= intact(records_with(row.text(0), each.codes));
    }
    return bits;
  }

  // The blocks of the piece that may hold the text. False: there is none.
  bool add_text(int64_t piece, PieceBits& bits) {
    const int64_t stretch = piece / kStretchPieces;
    if (stretch != blocks_of_) {
      blocks_ = places_.empty() ? StretchBlocks::all() : blocks_with_text(stretch);
      blocks_of_ = stretch;
    }
    const auto first = static_cast<size_t>(piece % kStretchPieces * kPieceBlocks);
    bool any = false;
    for (size_t block = 0; block < kPieceBlocks; ++block) {
      if (!blocks_.has(first + block)) continue;
      any = true;
      bits.set_block(block);
    }
    return any;
  }

  StretchBlocks blocks_with_text(int64_t stretch) {
    Query complete = database_.query("SELECT 1 FROM stretch WHERE number = ?", stretch);
    return complete.next() ? by_leaves(stretch) : by_blocks(stretch);
  }

  StretchBlocks by_leaves(int64_t stretch) {
    StretchBlocks blocks = StretchBlocks::all();
    for (const uint32_t place : places_) {
      Query row = database_.query("SELECT blocks FROM text_leaf WHERE id = ?", stretch * kLeaves + place / kLeafPlaces);
      if (!row.next()) throw SqliteFailure{SQLITE_CORRUPT, SQLITE_CORRUPT, "a leaf of texts is missing"};
      blocks = intact(TextStretch::narrowed(row.text(0), place, blocks));
      if (blocks.empty()) break;
    }
    return blocks;
  }

  StretchBlocks by_blocks(int64_t stretch) {
    StretchBlocks blocks;
    const int64_t begin = stretch * kStretchBlocks;
    Query row = database_.query("SELECT block, places FROM text_block WHERE block >= ? AND block < ?", begin,
                                begin + kStretchBlocks);
    while (row.next()) {
      const TextBlock block = intact(TextBlock::of(row.text(1)));
      const auto has = [&](uint32_t place) { return block.has(place); };
      if (std::all_of(places_.begin(), places_.end(), has)) blocks.set(static_cast<size_t>(row.integer(0) - begin));
    }
    return blocks;
  }

  Database& database_;
  const std::vector<uint32_t> places_;
  std::vector<Wanted> wanted_;  // what told last that there is nothing in a piece comes first
  int64_t blocks_of_ = -1;
  StretchBlocks blocks_;
};

// The wanted records of a block, as far as they are in [begin, end), in descending order.
std::vector<int64_t> numbers_in(const PieceBits& bits, int64_t piece, int64_t block, int64_t begin, int64_t end) {
  std::vector<int64_t> numbers;
  for (int64_t place = (block + 1) * kBlockRecords - 1; place >= block * kBlockRecords; --place) {
    const int64_t number = piece * kPieceRecords + place;
    if (number >= begin && number < end && bits.has(static_cast<size_t>(place))) numbers.push_back(number);
  }
  return numbers;
}

// Numbers may be missing, whole pieces of them: only those that are there are looked at.
std::optional<int64_t> newest_piece_below(Database& database, int64_t piece) {
  Query row = database.query("SELECT max(id) FROM piece WHERE id < ?", piece * kFieldsRoom);
  if (!row.next() || row.is_null(0)) return {};
  return row.integer(0) / kFieldsRoom;
}

}  // namespace

Result<std::unique_ptr<RecordIndex>> RecordIndex::open(const std::string& directory) {
  try {
    std::unique_ptr<RecordIndex> index(new RecordIndex(open_index_for_reading(index_path(directory))));
    index->database_->run("BEGIN");
    Query row = index->database_->query("SELECT next, last, digest FROM cursor");
    if (!row.next()) return Error{ErrorCode::not_found, "index.db has no cursor"};
    index->next_ = row.integer(0);
    index->end_ = {row.integer(1), row.digest(2)};
    return index;
  } catch (const SqliteFailure& failure) {
    return Error{ErrorCode::not_found, index_error(failure).message};
  }
}

Result<bool> RecordIndex::tells_of(RecordSource& records) const {
  return end_.last < 0 ? Result<bool>(true) : has_end(records, end_);
}

Result<void> RecordIndex::search(const IndexQuery& query, const Visit& visit) {
  const int64_t end = std::min(query.end, next_);
  try {
    Search search(*database_, query);
    auto piece = newest_piece_below(*database_, (end + kPieceRecords - 1) / kPieceRecords);
    for (; piece && (*piece + 1) * kPieceRecords > query.begin; piece = newest_piece_below(*database_, *piece)) {
      const auto bits = search.in_piece(*piece);
      if (!bits) continue;
      for (int64_t block = kPieceBlocks - 1; block >= 0; --block) {
        const std::vector<int64_t> numbers = numbers_in(*bits, *piece, block, query.begin, end);
        if (numbers.empty()) continue;
        const auto more = visit(numbers);
        if (!more) return more.error();
        if (!*more) return {};
      }
    }
    return {};
  } catch (const SqliteFailure& failure) {
    return index_error(failure);
  }
}

}  // namespace kedge
