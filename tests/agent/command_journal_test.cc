// What a host knows of the commands that it has begun, whatever happens between.
#include "agent/command_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

struct CommandJournalTest : testing::Test {
  std::string path() const { return (place.path() / "journal").string(); }
  std::unique_ptr<CommandJournal> open() const { return CommandJournal::open(path(), options).value(); }
  CommandJournal::Entry entry(const std::string& id) { return {id, "digest of " + id, clock.now() + seconds(20), {}}; }

  const TemporaryDirectory place;
  FakeClock clock;
  CommandJournal::Options options;
};

TEST_F(CommandJournalTest, KnowsAfterARestartWhatHadBegunAndHowItEnded) {
  {
    const auto journal = open();
    ASSERT_TRUE(journal->begin(entry("one"), clock.now()));
    ASSERT_TRUE(journal->end("one", "outcome\nof one"));
    ASSERT_TRUE(journal->begin(entry("two"), clock.now()));
  }
  const auto journal = open();
  ASSERT_NE(journal->find("one"), nullptr);
  EXPECT_EQ(journal->find("one")->digest, "digest of one");
  EXPECT_EQ(journal->find("one")->outcome, "outcome\nof one");
  EXPECT_EQ(journal->find("one")->expires, clock.now() + seconds(20));
  EXPECT_EQ(journal->find("three"), nullptr);
  ASSERT_EQ(journal->unfinished().size(), 1U);
  EXPECT_EQ(journal->unfinished()[0].id, "two");
}

TEST_F(CommandJournalTest, IsOnTheDiskWhenACommandBegins) {
  const auto journal = open();
  ASSERT_TRUE(journal->begin(entry("one"), clock.now()));
  EXPECT_THAT(place.read("journal"), HasSubstr("\"id\":\"one\""));
  struct stat found {};
  ASSERT_EQ(stat(path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(CommandJournalTest, LeavesOutALineThatWasCutOff) {
  {
    const auto journal = open();
    ASSERT_TRUE(journal->begin(entry("one"), clock.now()));
  }
  std::ofstream(path(), std::ios::app) << "{\"begun\":{\"id\":\"tw";
  {
    const auto journal = open();
    EXPECT_EQ(journal->size(), 1U);
    ASSERT_TRUE(journal->begin(entry("three"), clock.now()));
  }
  EXPECT_EQ(open()->size(), 2U);
}

TEST_F(CommandJournalTest, RefusesAFileThatIsNotWhatWasWritten) {
  for (const char* const line : {"nonsense", "{}", "{\"ended\":{\"id\":\"one\",\"outcome\":\"x\"}}",
                                 "{\"begun\":{\"id\":\"one\",\"digest\":\"d\",\"expires\":\"soon\"}}"}) {
    place.write("journal", std::string("{\"forgotten\":\"1970-01-01T00:00:00.000000Z\"}\n") + line + "\n");
    const auto journal = CommandJournal::open(path(), options);
    ASSERT_FALSE(journal) << line;
    EXPECT_EQ(journal.error().code, ErrorCode::corrupt);
    EXPECT_THAT(journal.error().message, HasSubstr("journal:2: "));
  }
}

TEST_F(CommandJournalTest, ForgetsWhatHasLongExpiredAndRemembersUntilWhen) {
  auto journal = open();
  const Time expires = entry("").expires;
  ASSERT_TRUE(journal->begin(entry("one"), clock.now()));
  clock.advance(seconds(20) + options.slack);
  ASSERT_TRUE(journal->begin(entry("two"), clock.now()));
  EXPECT_NE(journal->find("one"), nullptr);
  EXPECT_EQ(journal->forgotten(), Time{});
  clock.advance(seconds(1));
  ASSERT_TRUE(journal->begin(entry("three"), clock.now()));
  EXPECT_EQ(journal->find("one"), nullptr);
  EXPECT_NE(journal->find("two"), nullptr);
  EXPECT_EQ(journal->forgotten(), expires);
  journal.reset();
  clock.advance(minutes(60));
  journal = open();
  ASSERT_TRUE(journal->begin(entry("four"), clock.now()));
  EXPECT_EQ(journal->forgotten(), clock.now() - minutes(60) + seconds(20));
}

TEST_F(CommandJournalTest, IsBoundedInNumberAndBytes) {
  options.entries_max = 2;
  {
    const auto journal = open();
    ASSERT_TRUE(journal->begin(entry("one"), clock.now()));
    ASSERT_TRUE(journal->begin(entry("two"), clock.now()));
    const auto more = journal->begin(entry("three"), clock.now());
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, ErrorCode::limit);
    EXPECT_EQ(journal->find("three"), nullptr);
  }
  options = {};
  options.bytes_max = 4'000;
  const auto journal = open();
  ASSERT_TRUE(journal->end("one", std::string(4'000, 'x'))) << "what has happened is kept, however large";
  EXPECT_FALSE(journal->begin(entry("three"), clock.now()));
}

TEST_F(CommandJournalTest, ItsFileDoesNotGrowForEver) {
  const auto journal = open();
  for (int i = 0; i < 200; ++i) {
    const std::string id = "command " + std::to_string(i);
    ASSERT_TRUE(journal->begin(entry(id), clock.now()));
    ASSERT_TRUE(journal->end(id, std::string(50'000, 'x')));
    clock.advance(minutes(11));
  }
  EXPECT_LE(journal->size(), 2U);
  EXPECT_LT(place.read("journal").size(), 2U << 20U);
}

}  // namespace
}  // namespace kedge
