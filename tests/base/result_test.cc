#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace kedge {
namespace {

TEST(Result, HoldsAValueThatCanBeMovedOut) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  ASSERT_TRUE(result.ok());
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 7);
}

// Counts how many of it live.
struct Counted {
  explicit Counted(int& count) : living(&count) { ++*living; }
  Counted(const Counted& other) : living(other.living) { ++*living; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*living; }
  int* living;
};

TEST(Result, AValueTakenOutOfATemporaryLivesAsLongAsALoopOverIt) {
  int living = 0;
  const auto list = [&] { return Result<std::vector<Counted>>(std::vector<Counted>(3, Counted(living))); };
  for (const Counted& one : *list()) EXPECT_EQ(*one.living, 3);
  for (const Counted& one : list().value()) EXPECT_EQ(*one.living, 3);
  EXPECT_EQ(living, 0);
}

TEST(Result, ContextStandsInFrontOfTheMessage) {
  const Error error = Error{ErrorCode::not_found, "no such file"}.with("opening the ledger").with("starting");
  EXPECT_EQ(error.message, "starting: opening the ledger: no such file");
  EXPECT_EQ(error.code, ErrorCode::not_found);
}

TEST(Result, OfVoidIsGoodUnlessItHoldsAnError) {
  EXPECT_TRUE(Result<void>().ok());
  EXPECT_FALSE(Result<void>(Error{ErrorCode::limit, "too many"}).ok());
}

}  // namespace
}  // namespace kedge
