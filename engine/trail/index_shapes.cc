#include "trail/index_shapes.h"

#include <algorithm>

#include "trail/index_file.h"
#include "trail/kept_numbers.h"

namespace kedge {
namespace {

constexpr size_t kPackShapes = 1024;

[[noreturn]] void fail(const char* message) { throw SqliteFailure{SQLITE_CORRUPT, SQLITE_CORRUPT, message}; }

void add_pack(const std::vector<uint32_t>& numbers, std::vector<RecordShape>& shapes) {
  if (numbers.size() % kShapeFields.size() != 0) fail("a shape is not whole");
  for (auto at = numbers.begin(); at != numbers.end(); at += kShapeFields.size()) {
    std::copy_n(at, kShapeFields.size(), shapes.emplace_back().begin());
  }
}

}  // namespace

std::vector<RecordShape> read_shapes(Database& database) {
  std::vector<RecordShape> shapes;
  {
    Query row = database.query("SELECT shapes FROM shape_pack ORDER BY pack");
    while (row.next()) add_pack(intact(numbers_of<uint32_t>(row.text(0))), shapes);
  }
  Query count = database.query("SELECT number FROM shape_count");
  if (!count.next() || count.integer(0) != static_cast<int64_t>(shapes.size())) fail("shapes are missing");
  if (shapes.empty()) shapes.emplace_back();
  return shapes;
}

GrowingShapes::GrowingShapes(Database& database) : database_(database), shapes_(read_shapes(database)) {
  for (uint32_t number = kAnyShape + 1; number < shapes_.size(); ++number) numbers_[shapes_[number]] = number;
  written_ = shapes_.size() == 1 ? 0 : shapes_.size();
}

uint32_t GrowingShapes::number_of(const RecordShape& shape) {
  const auto known = numbers_.find(shape);
  if (known != numbers_.end()) return known->second;
  if (shapes_.size() > kShapesMost) return kAnyShape;
  const auto number = static_cast<uint32_t>(shapes_.size());
  shapes_.push_back(shape);
  numbers_[shape] = number;
  return number;
}

void GrowingShapes::write() {
  if (shapes_.size() == written_) return;
  for (size_t pack = written_ / kPackShapes; pack * kPackShapes < shapes_.size(); ++pack) {
    std::vector<uint32_t> numbers;
    const size_t end = std::min(shapes_.size(), (pack + 1) * kPackShapes);
    for (size_t at = pack * kPackShapes; at < end; ++at) {
      numbers.insert(numbers.end(), shapes_[at].begin(), shapes_[at].end());
    }
    const std::string bytes = kept(numbers);
    database_.run("INSERT OR REPLACE INTO shape_pack VALUES (?, ?)", static_cast<int64_t>(pack), Blob{bytes});
  }
  database_.run("UPDATE shape_count SET number = ?", static_cast<int64_t>(shapes_.size()));
  written_ = shapes_.size();
}

}  // namespace kedge
