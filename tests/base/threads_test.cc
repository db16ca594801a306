#include "base/threads.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/waiting.h"

namespace kedge {
namespace {

TEST(Threads, AreCountedWithThoseThatWait) {
  const int before = thread_count();
  EXPECT_GE(before, 1);
  Reply<bool> end;
  std::thread waiting([&] { end.get(std::chrono::minutes(1)); });
  EXPECT_EQ(thread_count(), before + 1);
  end.promise().keep(true);
  waiting.join();
}

}  // namespace
}  // namespace kedge
