// What a test does when a program that it needs is not on this machine.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/result.h"

// KEDGE_NEEDS(result): goes on when the Result holds a value. ErrorCode::not_found says that a component is not
// installed: the test is then skipped, with the reason, or fails where nothing may be skipped (KEDGE_TEST_ALL=1, as
// `./dev test --all` sets it). Any other error fails the test. In the body of a test, or in SetUp.
#define KEDGE_NEEDS(result)                                                                                   \
  if (!(result)) {                                                                                            \
    if ((result).error().code == ::kedge::ErrorCode::not_found && std::getenv("KEDGE_TEST_ALL") == nullptr) { \
      GTEST_SKIP() << (result).error().message;                                                               \
    }                                                                                                         \
    FAIL() << (result).error().message;                                                                       \
  }                                                                                                           \
  static_cast<void>(0)
