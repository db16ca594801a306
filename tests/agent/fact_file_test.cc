#include "agent/fact_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class FactFileTest : public testing::Test {
 protected:
  const SensorMemory::Facts& reopen() {
    file.reset();
    auto opened = FactFile::open(path());
    EXPECT_TRUE(opened) << opened.error().message;
    file = *std::move(opened);
    return file->earlier();
  }
  std::string path() const { return (place.path() / "known").string(); }

  const TemporaryDirectory place;
  std::unique_ptr<FactFile> file;
};

TEST_F(FactFileTest, KnowsTheLastOfEachKeyAfterARestart) {
  EXPECT_THAT(reopen(), IsEmpty());
  ASSERT_TRUE(file->append({{"a", Json(1), false}, {"b", Json{{"x", "y"}}, false}}));
  ASSERT_TRUE(file->append({{"a", Json(2), false}, {"c", Json(3), false}, {"c", std::nullopt, false}}));
  EXPECT_THAT(reopen(), ElementsAre(Pair("a", Json(2)), Pair("b", Json{{"x", "y"}})));
  EXPECT_THAT(reopen(), ElementsAre(Pair("a", Json(2)), Pair("b", Json{{"x", "y"}})));
}

TEST_F(FactFileTest, ForgetsAllBelowAKey) {
  reopen();
  ASSERT_TRUE(file->append({{"tree / etc", Json(1), false},
                            {"tree / etc/a", Json(1), false},
                            {"tree / etc/b/c", Json(1), false},
                            {"tree / etcetera", Json(1), false}}));
  ASSERT_TRUE(file->append({{"tree / etc/", std::nullopt, true}}));
  EXPECT_THAT(reopen(), ElementsAre(Pair("tree / etc", Json(1)), Pair("tree / etcetera", Json(1))));
}

TEST_F(FactFileTest, LeavesOutALineThatACrashCutOff) {
  reopen();
  ASSERT_TRUE(file->append({{"a", Json(1), false}}));
  std::ofstream(path(), std::ios::app) << R"({"k":"b","v")";
  EXPECT_THAT(reopen(), ElementsAre(Pair("a", Json(1))));
  ASSERT_TRUE(file->append({{"c", Json(3), false}}));
  EXPECT_THAT(reopen(), ElementsAre(Pair("a", Json(1)), Pair("c", Json(3))));
}

TEST_F(FactFileTest, ALineThatCannotBeReadCostsNoOther) {
  reopen();
  ASSERT_TRUE(file->append({{"a", Json(1), false}}));
  std::ofstream(path(), std::ios::app) << "\x01\xff\n[]\n{}\n{\"k\":7}\n{\"k\":\"b\",\"v\":2}\n";
  EXPECT_THAT(reopen(), ElementsAre(Pair("a", Json(1)), Pair("b", Json(2))));
}

TEST_F(FactFileTest, DoesNotGrowWithWhatItHasForgotten) {
  reopen();
  const Json value(std::string(10'000, 'x'));
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(file->append({{"a", value, false}}));
  EXPECT_LT(std::filesystem::file_size(path()), 1'500'000U);
  EXPECT_THAT(reopen(), ElementsAre(Pair("a", value)));
}

TEST_F(FactFileTest, GoesOnWhereItCannotBeWrittenAnew) {
  reopen();
  ASSERT_TRUE(file->append({{"a", Json(1), false}}));
  std::ofstream(path(), std::ios::app) << R"({"k":"b","v")";
  std::filesystem::create_directory(path() + ".new");
  EXPECT_THAT(reopen(), ElementsAre(Pair("a", Json(1))));
  ASSERT_TRUE(file->append({{"c", Json(3), false}}));
  EXPECT_THAT(reopen(), ElementsAre(Pair("a", Json(1)), Pair("c", Json(3))));
}

// Every length at which a crash may leave the file.
TEST_F(FactFileTest, EachCutOfTheFileKeepsTheWholeLines) {
  reopen();
  ASSERT_TRUE(file->append({{"a", Json(1), false}, {"b", Json(2), false}, {"a", Json(3), false}}));
  const std::string whole = place.read("known");
  for (size_t length = 0; length <= whole.size(); ++length) {
    size_t unreadable = 0;
    const auto facts = parse_facts(std::string_view(whole).substr(0, length), unreadable);
    EXPECT_EQ(unreadable, 0U);
    const auto lines = std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length), '\n');
    EXPECT_EQ(facts.size(), std::min<size_t>(static_cast<size_t>(lines), 2)) << length;
  }
}

}  // namespace
}  // namespace kedge
