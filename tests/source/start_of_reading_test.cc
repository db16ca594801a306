#include "source/start_of_reading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using Kind = ReadingNotice::Kind;
using testing::HasSubstr;

constexpr Watermarks kLog = {10, 100};
const PartitionId kPartition = {"trail", "events", 3};
const Bookmark kBookmark = {49, Time(std::chrono::seconds(7)), sha256("x")};

// Facts as they are in good order: read up to 50, the group told so.
StartFacts facts() {
  return {.partition = kPartition,
          .ledger = "mine",
          .cluster = "c1",
          .position = Position{"c1", 4, 50, kBookmark},
          .group = PartitionOffset{{"events", 3}, 50, "kedge1 mine 4"},
          .log = kLog,
          .topic_known = true,
          .configured = StartAt::latest,
          .permission = Permission::none};
}

StartFacts without_position() {
  StartFacts changed = facts();
  changed.position.reset();
  changed.group.reset();
  return changed;
}

// What a row of the table expects. `from` is where fetching starts; `next` what is claimed.
struct Expected {
  std::optional<Kind> stopped = std::nullopt;
  int64_t from = 0;
  int64_t next = 0;
  bool check = false;
  bool bookmark_gone = false;
  std::optional<Kind> notice = std::nullopt;
};

void expect(const StartFacts& given, const Expected& expected, const char* row) {
  SCOPED_TRACE(row);
  const StartDecision decision = start_of_reading(given);
  if (expected.stopped) {
    const auto* stay = std::get_if<StayStopped>(&decision);
    ASSERT_NE(stay, nullptr);
    EXPECT_EQ(stay->notice.kind, *expected.stopped);
    EXPECT_EQ(stay->notice.partition, kPartition);
    EXPECT_THAT(stay->notice.text, HasSubstr("trail/events[3]"));
    return;
  }
  const auto* start = std::get_if<StartReading>(&decision);
  ASSERT_NE(start, nullptr);
  EXPECT_EQ(start->read_from, expected.from);
  EXPECT_EQ(start->wanted.next, expected.next);
  EXPECT_EQ(start->wanted.cluster, "c1");
  EXPECT_EQ(start->check, expected.check);
  EXPECT_EQ(start->wanted.bookmark, expected.check ? std::optional(kBookmark) : std::nullopt);
  EXPECT_EQ(start->bookmark_gone, expected.bookmark_gone);
  EXPECT_EQ(start->notice ? std::optional(start->notice->kind) : std::nullopt, expected.notice);
}

TEST(StartOfReading, WithAPositionIsAtTheBookmarksRecord) {
  expect(facts(), {.from = 49, .next = 50, .check = true}, "in good order");

  StartFacts given = facts();
  given.group.reset();
  expect(given, {.from = 49, .next = 50, .check = true}, "the group was never told");

  given = facts();
  given.group->offset = 20;
  expect(given, {.from = 49, .next = 50, .check = true}, "the group lags behind the ledger");

  given = facts();
  given.group = PartitionOffset{{"events", 3}, 99, "kedge1 mine 3"};
  expect(given, {.from = 49, .next = 50, .check = true},
         "a greater offset of an older epoch: the position was sought back");

  given = facts();
  given.group = PartitionOffset{{"events", 3}, 99, ""};
  expect(given, {.from = 49, .next = 50, .check = true}, "somebody moved the group's offset by hand: the ledger wins");

  given = facts();
  given.log.high = 50;
  expect(given, {.from = 49, .next = 50, .check = true}, "nothing new in the log");

  given = facts();
  given.position->bookmark.reset();
  expect(given, {.from = 50, .next = 50}, "sought there: nothing to compare");
}

TEST(StartOfReading, WhereTheBookmarkIsGoneIsBehindItOrBehindTheGap) {
  StartFacts given = facts();
  given.log.low = 50;
  expect(given, {.from = 50, .next = 50, .bookmark_gone = true}, "retention took exactly what we had handled");

  given.log = {50, 50};
  expect(given, {.from = 50, .next = 50, .bookmark_gone = true}, "and there is nothing else");

  given.log = {51, 100};
  expect(given, {.from = 51, .next = 51, .notice = Kind::gap}, "retention took one record more");
}

TEST(StartOfReading, OfAnotherLogIsNotUntilItIsAccepted) {
  StartFacts ends_below = facts();
  ends_below.log = {0, 49};
  expect(ends_below, {.stopped = Kind::another_log}, "the log ends below what we have read");

  StartFacts elsewhere = facts();
  elsewhere.cluster = "c2";
  expect(elsewhere, {.stopped = Kind::another_log}, "another cluster");

  ends_below.permission = Permission::accept;
  expect(ends_below, {.from = 0, .next = 0, .notice = Kind::accepted}, "accepted: from its start");
  ends_below.permission = Permission::adopt;
  expect(ends_below, {.stopped = Kind::another_log}, "adopted, which is another matter");
}

TEST(StartOfReading, WhereTheGroupBelongsToAnotherLedgerIsNotUntilItIsAdopted) {
  for (StartFacts given : {facts(), without_position()}) {
    given.group = PartitionOffset{{"events", 3}, 70, "kedge1 theirs 2"};
    expect(given, {.stopped = Kind::foreign_ledger}, "theirs");
    given.permission = Permission::accept;
    expect(given, {.stopped = Kind::foreign_ledger}, "accepted, which is another matter");
    given.permission = Permission::adopt;
    expect(given, {.from = 70, .next = 70, .notice = Kind::accepted}, "adopted");

    given.group->offset = 5;
    expect(given, {.from = 10, .next = 10, .notice = Kind::gap}, "adopted, below the log's start");
    given.group->offset = 101;
    expect(given, {.stopped = Kind::another_log}, "adopted, beyond the log's end");

    given.permission = Permission::none;
    given.group->metadata = "kedge2 what a later version writes";
    expect(given, {.stopped = Kind::foreign_ledger}, "of a version that we do not know");
  }
}

TEST(StartOfReading, WhereTheGroupIsAheadOfOurLedgerIsNot) {
  StartFacts given = facts();
  given.group->offset = 51;
  expect(given, {.stopped = Kind::ledger_behind}, "the same epoch, a greater offset");

  given = facts();
  given.group->metadata = "kedge1 mine 5";
  given.group->offset = 20;
  expect(given, {.stopped = Kind::ledger_behind}, "a greater epoch");

  given = without_position();
  given.group = PartitionOffset{{"events", 3}, 20, "kedge1 mine 1"};
  expect(given, {.stopped = Kind::ledger_behind}, "our ledger knows nothing of it");
  given.permission = Permission::accept;
  expect(given, {.stopped = Kind::ledger_behind}, "accepted, which is another matter");
}

TEST(StartOfReading, WithoutAPositionIsWhereTheGroupStandsAndItIsSaid) {
  StartFacts given = without_position();
  given.group = PartitionOffset{{"events", 3}, 30, ""};
  expect(given, {.from = 30, .next = 30, .notice = Kind::started_at_group}, "inside the log");
  given.group->offset = 100;
  expect(given, {.from = 100, .next = 100, .notice = Kind::started_at_group}, "at its end");
  given.group->offset = 3;
  expect(given, {.from = 10, .next = 10, .notice = Kind::gap}, "below its start");
  given.group->offset = 101;
  expect(given, {.stopped = Kind::another_log}, "beyond its end");
  given.permission = Permission::accept;
  expect(given, {.from = 10, .next = 10, .notice = Kind::accepted}, "beyond its end, accepted");
}

TEST(StartOfReading, OfWhatNobodyReadIsTheBeginningOrAsConfigured) {
  StartFacts given = without_position();
  expect(given, {.from = 10, .next = 10}, "a partition was added to a topic that we read");
  given.topic_known = false;
  expect(given, {.from = 100, .next = 100}, "a new topic, latest");
  given.configured = StartAt::earliest;
  expect(given, {.from = 10, .next = 10}, "a new topic, earliest");
}

TEST(StartOfReading, SaysWhatToDoWhereItIsNot) {
  StartFacts given = facts();
  given.log.high = 20;
  EXPECT_THAT(std::get<StayStopped>(start_of_reading(given)).notice.text, HasSubstr("kedge source accept"));
  given = facts();
  given.group->metadata = "kedge1 theirs 2";
  EXPECT_THAT(std::get<StayStopped>(start_of_reading(given)).notice.text, HasSubstr("kedge source adopt"));
}

TEST(GroupMark, ReadsWhatItWrites) {
  const GroupMark mark = {"0190-ledger", 42};
  EXPECT_EQ(format_group_mark(mark), "kedge1 0190-ledger 42");
  EXPECT_EQ(parse_group_mark(format_group_mark(mark)), mark);
}

TEST(GroupMark, TellsOthersFromOtherVersionsOfOurs) {
  EXPECT_EQ(parse_group_mark(""), std::nullopt);
  EXPECT_EQ(parse_group_mark("{\"some\":\"tool\"}"), std::nullopt);
  for (const char* strange :
       {"kedge", "kedge2 a 1", "kedge1 a", "kedge1 a x", "kedge1  3", "kedge1 a 1 b", "kedge1 a "}) {
    EXPECT_EQ(parse_group_mark(strange), GroupMark()) << strange;
  }
}

}  // namespace
}  // namespace kedge
