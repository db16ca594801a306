#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace kedge {
namespace {

TEST(Result, HoldsAValueThatCanBeMovedOut) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  ASSERT_TRUE(result.ok());
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 7);
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
