#include "source/handed_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using Kind = ReadingNotice::Kind;
using testing::AllOf;
using testing::HasSubstr;

const Bookmark kBookmark = {49, Time(std::chrono::seconds(7)), sha256("x")};

// Facts as they are in good order: decided up to 50, and the mark says so.
HandedFacts facts() {
  return {.partition = {"this-host", "sensor", 0},
          .ledger = "mine",
          .place = "here",
          .position = Position{"here", 4, 50, kBookmark},
          .mark = DecidedMark{"here", "mine", 4, 50},
          .mark_file = "/var/lib/sensor/decided",
          .permission = Permission::none};
}

HandedStart started(const HandedFacts& given) {
  const auto decision = start_of_handing(given);
  const auto* start = std::get_if<HandedStart>(&decision);
  EXPECT_NE(start, nullptr) << std::get<StayStopped>(decision).notice.text;
  return start == nullptr ? HandedStart() : *start;
}

ReadingNotice stopped(const HandedFacts& given) {
  const auto decision = start_of_handing(given);
  const auto* stay = std::get_if<StayStopped>(&decision);
  EXPECT_NE(stay, nullptr);
  return stay == nullptr ? ReadingNotice() : stay->notice;
}

TEST(HandedStart, GoesOnBehindTheBookmarksEvent) {
  const HandedStart start = started(facts());
  EXPECT_EQ(start.wanted, (Position{"here", 0, 50, kBookmark}));
  EXPECT_TRUE(start.check);
  EXPECT_FALSE(start.notice);
}

TEST(HandedStart, BeginsAtZeroWhereNothingIsKnown) {
  HandedFacts given = facts();
  given.position.reset();
  given.mark.reset();
  EXPECT_EQ(started(given).wanted, (Position{"here", 0, 0, std::nullopt}));
}

TEST(HandedStart, AMarkThatIsBehindTheLedgerSaysNothing) {
  HandedFacts given = facts();
  given.mark->next = 30;
  EXPECT_EQ(started(given).wanted.next, 50);
  given.mark->epoch = 3;
  EXPECT_EQ(started(given).wanted.next, 50);
}

TEST(HandedStart, ALedgerThatKnowsLessThanTheMarkIsAnOlderOne) {
  HandedFacts given = facts();
  given.mark->next = 51;
  const ReadingNotice notice = stopped(given);
  EXPECT_EQ(notice.kind, Kind::ledger_behind);
  EXPECT_EQ(notice.from, 50);
  EXPECT_EQ(notice.to, 51);
  EXPECT_THAT(notice.text, AllOf(HasSubstr("this-host/sensor[0] was decided further than our ledger knows"),
                                 HasSubstr("kedge ledger restore"), HasSubstr("/var/lib/sensor/decided")));
  given = facts();
  given.mark->epoch = 5;
  EXPECT_EQ(stopped(given).kind, Kind::ledger_behind);
  given = facts();
  given.position.reset();
  EXPECT_EQ(stopped(given).kind, Kind::ledger_behind);
}

// A restoration raises the epochs above all that there were.
TEST(HandedStart, ALedgerThatWasRestoredGoesOnBehindTheGap) {
  HandedFacts given = facts();
  given.position->epoch = 1000;
  given.mark->next = 70;
  const HandedStart start = started(given);
  EXPECT_EQ(start.wanted.next, 70);
  EXPECT_FALSE(start.check);
  ASSERT_TRUE(start.notice);
  EXPECT_EQ(start.notice->kind, Kind::gap);
  EXPECT_EQ(start.notice->to - start.notice->from, 20);
}

TEST(HandedStart, WhatAnotherLedgersEngineDecidedIsAdoptedByAPersonAlone) {
  HandedFacts given = facts();
  given.mark->ledger = "theirs";
  given.mark->next = 80;
  const ReadingNotice notice = stopped(given);
  EXPECT_EQ(notice.kind, Kind::foreign_ledger);
  EXPECT_THAT(notice.text, AllOf(HasSubstr("the ledger theirs"), HasSubstr("kedge source adopt")));
  given.permission = Permission::accept;
  EXPECT_EQ(stopped(given).kind, Kind::foreign_ledger);
  given.permission = Permission::adopt;
  const HandedStart start = started(given);
  EXPECT_EQ(start.wanted.next, 80);
  EXPECT_EQ(start.notice->kind, Kind::accepted);
  given.mark->next = 20;  // numbers never go back
  EXPECT_EQ(started(given).wanted.next, 50);
}

TEST(HandedStart, ANewDirectoryIsAGapAndNoReasonToStop) {
  HandedFacts given = facts();
  given.mark.reset();
  given.place = "there";
  const HandedStart start = started(given);
  EXPECT_EQ(start.wanted, (Position{"there", 0, 50, std::nullopt}));
  EXPECT_EQ(start.notice->kind, Kind::gap);
}

TEST(DecidedMark, IsReadAsItWasWritten) {
  const DecidedMark mark{"here", "mine", 7, 1234567890123};
  EXPECT_EQ(parse_mark(format_mark(mark)), mark);
}

TEST(DecidedMark, OfAnotherVersionOrDamagedIsNobodys) {
  for (const char* text :
       {"", "kedge1 here mine 7 8", "kedge2 here mine 7 8\n", "kedge1 here mine 7\n", "kedge1 here mine 7 8 9\n",
        "kedge1 here mine -7 8\n", "kedge1 here mine 7 x\n", "kedge1  mine 7 8\n", "\n"}) {
    EXPECT_EQ(parse_mark(text), DecidedMark()) << text;
  }
  HandedFacts given = facts();
  given.mark = parse_mark("kedge2 here mine 7 8\n");
  EXPECT_THAT(stopped(given).text, HasSubstr("an engine of another version"));
}

}  // namespace
}  // namespace kedge
