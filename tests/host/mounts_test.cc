#include "host/mounts.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

TEST(Mounts, AreReadAsTheKernelWritesThem) {
  const auto mounts = parse_mounts(
      "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
      "36 22 98:0 /mnt1 /with\\040space rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue\n"
      "not a line\n");
  ASSERT_EQ(mounts.size(), 2U);
  EXPECT_EQ(mounts.at(22), (Mount{"/", "/", "254:0", "ext4"}));
  EXPECT_EQ(mounts.at(36), (Mount{"/with space", "/mnt1", "98:0", "ext3"}));
}

TEST(Mounts, NothingChangesWhereNothingIsMounted) {
  auto mounts = Mounts::open();
  ASSERT_TRUE(mounts);
  EXPECT_FALSE(mounts->all().empty());
}

TEST(Mounts, WhatHoldsTheKernelsViewIsKnown) {
  EXPECT_TRUE(is_kernels_own("proc"));
  EXPECT_FALSE(is_kernels_own("tmpfs"));
}

}  // namespace
}  // namespace kedge
