#include "source/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"

namespace kedge {
namespace {

std::shared_ptr<const Assignment> assignment() {
  auto made = std::make_shared<Assignment>();
  made->partition = {"trail", "events", 0};
  made->epoch = 7;
  return made;
}

SourceMessage message(int64_t offset, std::string_view value) {
  return {.offset = offset, .timestamp = Time(std::chrono::seconds(offset)), .key = {}, .value = value, .headers = {}};
}

TEST(Batch, KeepsBytesOfItsOwn) {
  Batch batch(nullptr, assignment(), 5);
  {
    std::string value = "a value";
    std::string name = "ce_type";
    std::string header = "x";
    const std::vector<MessageHeader> headers = {{name, header}, {name, ""}};
    SourceMessage original = message(5, value);
    original.key = "a key";
    original.headers = headers;
    batch.append(original);
    value.assign(value.size(), '?');
    name.assign(name.size(), '?');
    header.assign(header.size(), '?');
  }
  const Batch moved = std::move(batch);
  ASSERT_EQ(moved.messages().size(), 1U);
  const SourceMessage& kept = moved.messages()[0];
  EXPECT_EQ(kept.value, "a value");
  EXPECT_EQ(kept.key, "a key");
  ASSERT_EQ(kept.headers.size(), 2U);
  EXPECT_EQ(kept.headers[0].name, "ce_type");
  EXPECT_EQ(kept.headers[0].value, "x");
  EXPECT_EQ(kept.headers[1].value, "");
}

TEST(Batch, MovesThePositionBehindItsLastMessageWhateverIsMissingBetween) {
  Batch batch(nullptr, assignment(), 5);
  EXPECT_EQ(batch.next(), 5);
  batch.append(message(8, "a"));
  batch.append(message(20, "b"));
  batch.seal(Time(std::chrono::seconds(99)));
  EXPECT_EQ(batch.from(), 5);
  EXPECT_EQ(batch.next(), 21);
  EXPECT_EQ(batch.bookmark(), (Bookmark{20, Time(std::chrono::seconds(20)), sha256("b")}));
  EXPECT_EQ(batch.received(), Time(std::chrono::seconds(99)));
  EXPECT_EQ(batch.assignment().epoch, 7U);
}

TEST(Batch, WeighsAtLeastItsBytes) {
  Batch batch(nullptr, assignment(), 0);
  const std::string value(100'000, 'x');
  for (int i = 0; i < 10; ++i) batch.append(message(i, value));
  EXPECT_GE(batch.bytes(), 1'000'000U);
  EXPECT_LT(batch.bytes(), 1'010'000U);
  for (const SourceMessage& each : batch.messages()) EXPECT_EQ(each.value, value);
}

TEST(Batch, TellsATombstoneFromAnEmptyValue) {
  Batch batch(nullptr, assignment(), 0);
  SourceMessage gone = message(0, {});
  gone.tombstone = true;
  batch.append(gone);
  batch.append(message(1, ""));
  EXPECT_TRUE(batch.messages()[0].tombstone);
  EXPECT_FALSE(batch.messages()[1].tombstone);
}

}  // namespace
}  // namespace kedge
