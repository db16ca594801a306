#include "agent/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "tests/support/namespaces.h"
#include "tests/support/needs.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SpoolTest : public testing::Test {
 protected:
  void open(SpoolIndex::Options options = {}) {
    spool.reset();
    auto opened = Spool::open(path(), options);
    ASSERT_TRUE(opened) << opened.error().message;
    spool = *std::move(opened);
  }
  std::string path() const { return (place.path() / "spool").string(); }

  std::vector<std::string> take_and_note() {
    auto batch = spool->take(1'000, 1U << 20U);
    EXPECT_TRUE(batch) << batch.error().message;
    if (!batch->events.empty()) EXPECT_TRUE(spool->sent(batch->end));
    return batch->events;
  }

  const TemporaryDirectory place;
  std::unique_ptr<Spool> spool;
};

TEST_F(SpoolTest, GivesBackInOrderWhatItWasGiven) {
  open();
  ASSERT_TRUE(spool->append({"one", "two"}));
  ASSERT_TRUE(spool->append({"three"}));
  EXPECT_EQ(spool->status().events, 3U);
  EXPECT_THAT(take_and_note(), ElementsAre("one", "two", "three"));
  EXPECT_THAT(take_and_note(), IsEmpty());
  EXPECT_EQ(spool->status().events, 0U);
}

TEST_F(SpoolTest, GivesTheSameAgainUntilItWasSent) {
  open();
  ASSERT_TRUE(spool->append({"one", "two"}));
  EXPECT_THAT(spool->take(1, 100)->events, ElementsAre("one"));
  const auto first = spool->take(1, 100);
  EXPECT_THAT(first->events, ElementsAre("one"));
  ASSERT_TRUE(spool->sent(first->end));
  EXPECT_THAT(spool->take(1, 100)->events, ElementsAre("two"));
}

TEST_F(SpoolTest, GoesOnAfterARestartWhereItWas) {
  open();
  ASSERT_TRUE(spool->append({"one", "two", "three"}));
  ASSERT_TRUE(spool->sent(spool->take(2, 100)->end));
  open();
  EXPECT_THAT(take_and_note(), ElementsAre("three"));
  ASSERT_TRUE(spool->append({"four"}));
  open();
  EXPECT_THAT(take_and_note(), ElementsAre("four"));
}

TEST_F(SpoolTest, LeavesOutALineThatACrashCutOff) {
  open();
  ASSERT_TRUE(spool->append({"one"}));
  spool.reset();
  std::ofstream(path() + "/0000000000000001.events", std::ios::app) << "{\"half";
  open();
  ASSERT_TRUE(spool->append({"two"}));
  EXPECT_THAT(take_and_note(), ElementsAre("one", "two"));
}

TEST_F(SpoolTest, SummarisesTheOldestWhenThereIsNoRoom) {
  open({.bytes_max = 10'000, .segment_bytes = 1'000});
  const auto event = [](int i) {
    return R"({"type":"host.mutation","data":{"severity":"high","path":"/)" + std::to_string(i) + "\"}}";
  };
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(spool->append({event(i)}));
  const Spool::Status status = spool->status();
  EXPECT_LE(status.bytes, 10'000U);
  EXPECT_EQ(status.events + status.summarised, 1'000U);
  const SpoolSummary summary = spool->take_summary();
  EXPECT_EQ(summary.events(), status.summarised);
  std::vector<std::string> left;
  for (auto some = take_and_note(); !some.empty(); some = take_and_note()) {
    left.insert(left.end(), some.begin(), some.end());
  }
  ASSERT_EQ(left.size(), status.events);
  for (size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i], event(static_cast<int>(1'000 - left.size() + i)));
}

TEST_F(SpoolTest, KeepsItsSummaryUntilItWasSent) {
  open({.bytes_max = 100, .segment_bytes = 40});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(spool->append({R"({"type":"sensor.lost","data":{}})"}));
  const size_t summarised = spool->status().summarised;
  EXPECT_GT(summarised, 0U);
  EXPECT_EQ(spool->take_summary().events(), summarised);
  spool->summary_not_sent();
  open({.bytes_max = 100, .segment_bytes = 40});
  EXPECT_EQ(spool->take_summary().events(), summarised);
  ASSERT_TRUE(spool->append({R"({"type":"sensor.lost","data":{}})"}));  // and one is given up meanwhile
  const size_t more = spool->status().summarised - summarised;
  spool->summary_sent();
  EXPECT_EQ(spool->status().summarised, more);
  open({.bytes_max = 100, .segment_bytes = 40});
  EXPECT_EQ(spool->status().summarised, more);
}

TEST_F(SpoolTest, SummarisesWhatItCannotWrite) {
  open();
  std::filesystem::remove_all(path());
  EXPECT_FALSE(spool->append({R"({"type":"host.mutation","data":{}})"}));
  EXPECT_EQ(spool->status().summarised, 1U);
}

// On a small disk of its own, in a mount namespace of one thread.
class FullDiskTest : public SpoolTest {
 protected:
  void on_a_small_disk(const std::function<void()>& body) {
    KEDGE_NEEDS(may_make_namespaces());
    std::filesystem::create_directory(path());
    std::thread([&] {
      ASSERT_EQ(unshare(CLONE_NEWNS), 0);
      ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
      ASSERT_EQ(mount("small", path().c_str(), "tmpfs", 0, "size=128k"), 0);
      body();
      spool.reset();
    }).join();
  }
  static std::string event(size_t i) {
    return R"({"type":"host.mutation","data":{"severity":"high","path":"/)" + std::to_string(i) + "\"}}";
  }
  // As much as there is room for.
  void fill() const {
    std::ofstream file(path() + "/filling", std::ios::binary);
    const std::string block(4'096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
};

TEST_F(FullDiskTest, TheOldestIsGivenUpAndTheNewestKept) {
  on_a_small_disk([&] {
    constexpr size_t kEvents = 5'000;
    open({.bytes_max = 64U << 20U, .segment_bytes = 16'000});
    for (size_t i = 0; i < kEvents; ++i) ASSERT_TRUE(spool->append({event(i)})) << i;
    const Spool::Status status = spool->status();
    EXPECT_GT(status.summarised, 0U);
    EXPECT_EQ(status.events + status.summarised, kEvents);
    EXPECT_GT(status.bytes, 50'000U) << "what there is room for is kept";
    open({.bytes_max = 64U << 20U, .segment_bytes = 16'000});
    EXPECT_EQ(spool->status().summarised, status.summarised) << "what is given up is on the disk as a summary";
    std::vector<std::string> left;
    for (auto some = take_and_note(); !some.empty(); some = take_and_note()) {
      left.insert(left.end(), some.begin(), some.end());
    }
    ASSERT_EQ(left.size(), status.events);
    for (size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i], event(kEvents - left.size() + i));
  });
}

TEST_F(FullDiskTest, WhatFindsNoRoomAtAllIsSummarisedAndItGoesOnWhenThereIsSome) {
  on_a_small_disk([&] {
    open();
    ASSERT_TRUE(spool->append({event(0)}));
    fill();
    std::vector<std::string> many;
    for (size_t i = 1; i <= 200; ++i) many.push_back(event(i));
    const auto refused = spool->append(many);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::no_room) << refused.error().message;
    EXPECT_EQ(spool->status().summarised, 200U);
    std::filesystem::remove(path() + "/filling");
    ASSERT_TRUE(spool->append({event(201)}));
    EXPECT_THAT(take_and_note(), ElementsAre(event(0), event(201)));
    open();
    EXPECT_EQ(spool->take_summary().events(), 200U);
  });
}

}  // namespace
}  // namespace kedge
