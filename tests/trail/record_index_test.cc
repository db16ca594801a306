#include "trail/record_index.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "tests/support/temporary_directory.h"
#include "tests/trail/kept_journal.h"
#include "trail/index_file.h"
#include "trail/index_shapes.h"
#include "trail/record_index_builder.h"

namespace kedge {
namespace {

using testing::KeptJournal;

// Record `seq`, as the trail `of` has it: its target is even or odd.
JournalEntry record(int64_t seq, const std::string& of = "one") {
  return {seq, fmt::format(R"({{"kind":"test","note":"note-{:07}-{}","seq":{},"target":"{}"}})", seq, of, seq,
                           seq % 2 == 0 ? "even" : "odd")};
}

std::vector<JournalEntry> records(int64_t first, int64_t last, const std::string& of = "one") {
  std::vector<JournalEntry> entries;
  for (int64_t seq = first; seq <= last; ++seq) entries.push_back(record(seq, of));
  return entries;
}

std::vector<JournalEntry> joined(std::vector<JournalEntry> entries, const std::vector<JournalEntry>& more) {
  entries.insert(entries.end(), more.begin(), more.end());
  return entries;
}

class RecordIndexTest : public ::testing::Test {
 protected:
  std::unique_ptr<RecordIndexBuilder> builder() {
    auto opened = RecordIndexBuilder::open(directory_.path());
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }

  void build(std::vector<JournalEntry> entries) {
    KeptJournal journal(std::move(entries));
    JournalRecords records(journal);
    const auto progress = builder()->advance(records, SIZE_MAX);
    ASSERT_TRUE(progress) << progress.error().message;
    EXPECT_TRUE(progress->complete);
  }

  std::unique_ptr<RecordIndex> index() {
    auto opened = RecordIndex::open(directory_.path());
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }

  std::vector<int64_t> found(const IndexQuery& query) {
    std::vector<int64_t> all;
    const auto done = index()->search(query, [&](const std::vector<int64_t>& numbers) -> Result<bool> {
      all.insert(all.end(), numbers.begin(), numbers.end());
      return true;
    });
    EXPECT_TRUE(done) << done.error().message;
    return all;
  }

  std::vector<int64_t> with_target(const std::string& target) {
    IndexQuery query;
    query.conditions = {{{RecordField::target}, IndexQuery::How::equal, {target}}};
    return found(query);
  }

  bool may_hold(const std::string& text, int64_t seq) {
    IndexQuery query;
    query.text = text;
    const auto numbers = found(query);
    return std::find(numbers.begin(), numbers.end(), seq) != numbers.end();
  }

  std::string file() { return index_path(directory_.path()); }

  TemporaryDirectory directory_;
};

TEST_F(RecordIndexTest, NamesExactlyTheRecordsWithAValueNewestFirst) {
  build(records(0, 9));
  EXPECT_EQ(with_target("odd"), (std::vector<int64_t>{9, 7, 5, 3, 1}));
  EXPECT_EQ(with_target("neither"), std::vector<int64_t>{});
  IndexQuery query;
  query.conditions = {{{RecordField::target}, IndexQuery::How::part, {"ve"}}};
  query.begin = 3;
  query.end = 8;
  EXPECT_EQ(found(query), (std::vector<int64_t>{6, 4}));
}

// ---- of the fields that make a record's shape
// -------------------------------------------------------------------------

struct Shaped {
  std::string kind, rule, state, guard, severity, target;

  const std::string& at(RecordField field) const {
    switch (field) {
      case RecordField::kind:
        return kind;
      case RecordField::rule:
        return rule;
      case RecordField::state:
        return state;
      case RecordField::guard:
        return guard;
      case RecordField::severity:
        return severity;
      default:
        return target;
    }
  }
};

// Values that are frequent and of which many are never together: a state goes with the kind, a severity with the rule.
Shaped shaped(std::mt19937_64& random) {
  const auto below = [&](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); };
  const size_t kind = below(3), rule = below(5);
  Shaped one{fmt::format("kind-{}", kind), rule == 0 ? "" : fmt::format("rule-{}", rule), "", "", "", ""};
  if (kind == 1) one.state = fmt::format("state-{}", below(3));
  if (kind == 2) one.guard = fmt::format("guard-{}", below(2));
  if (rule > 2) one.severity = rule == 3 ? "high" : "low";
  if (below(2) == 0) one.target = fmt::format("target-{}", below(4));
  return one;
}

JournalEntry record_of(int64_t seq, const Shaped& one) {
  return {seq, fmt::format(R"({{"guard":"{}","kind":"{}","policy":{{"severity":"{}"}},"rule":{{"id":"{}"}},"seq":{},)"
                           R"("target":"{}","to":"{}"}})",
                           one.guard, one.kind, one.severity, one.rule, seq, one.target, one.state)};
}

bool fulfils(const Shaped& one, const IndexQuery::Condition& condition) {
  return std::any_of(condition.fields.begin(), condition.fields.end(), [&](RecordField field) {
    const auto& texts = condition.texts;
    return std::find(texts.begin(), texts.end(), one.at(field)) != texts.end();
  });
}

// Every value of a field that occurs, and one that does not.
std::vector<std::string> values_of(const std::vector<Shaped>& all, RecordField field) {
  std::set<std::string> values = {"of none"};
  for (const Shaped& one : all) values.insert(one.at(field));
  values.erase("");
  return {values.begin(), values.end()};
}

// All pairs of conditions, whether their values are ever together or not, also some that more than one field may
// fulfil; in an index that others went on with.
TEST_F(RecordIndexTest, NamesExactlyTheRecordsThatFulfilTwoConditionsWhicheverTheseAre) {
  std::mt19937_64 random(7);
  std::vector<Shaped> all;
  std::vector<JournalEntry> entries;
  for (int64_t seq = 0; seq < 700; ++seq) entries.push_back(record_of(seq, all.emplace_back(shaped(random))));
  for (const size_t end : {3, 250, 700}) build({entries.begin(), entries.begin() + static_cast<ptrdiff_t>(end)});

  std::vector<IndexQuery::Condition> conditions;
  for (const RecordField field : {RecordField::kind, RecordField::rule, RecordField::state, RecordField::guard,
                                  RecordField::severity, RecordField::target}) {
    for (const std::string& value : values_of(all, field)) {
      conditions.push_back({{field}, IndexQuery::How::equal, {value}});
    }
  }
  conditions.push_back({{RecordField::state, RecordField::guard}, IndexQuery::How::equal, {"state-1", "guard-1"}});
  conditions.push_back({{RecordField::target, RecordField::rule}, IndexQuery::How::equal, {"target-2", "rule-1"}});
  size_t found_some = 0;
  for (const auto& one : conditions) {
    for (const auto& other : conditions) {
      std::vector<int64_t> wanted;
      for (int64_t seq = 699; seq >= 0; --seq) {
        const Shaped& record = all[static_cast<size_t>(seq)];
        if (fulfils(record, one) && fulfils(record, other)) wanted.push_back(seq);
      }
      IndexQuery query;
      query.conditions = {one, other};
      ASSERT_EQ(found(query), wanted) << one.texts[0] << " and " << other.texts[0];
      found_some += wanted.empty() ? 0 : 1;
    }
  }
  EXPECT_GT(found_some, 100U);
  EXPECT_LT(found_some, conditions.size() * conditions.size() - 100);
}

// Then those that came too late are among those that may be wanted, whatever is asked.
TEST_F(RecordIndexTest, MissesNoRecordWhereThereAreTooManyShapes) {
  constexpr auto kMany = static_cast<int64_t>(GrowingShapes::kShapesMost) + 500;
  std::vector<JournalEntry> entries;
  for (int64_t seq = 0; seq < kMany; ++seq) {
    entries.push_back(record_of(seq, {"kind", fmt::format("rule-{}", seq), "", "", "", ""}));
  }
  build(entries);
  for (const int64_t seq : {int64_t{0}, int64_t{29'000}, kMany - 1}) {
    IndexQuery query;
    query.conditions = {{{RecordField::rule}, IndexQuery::How::equal, {fmt::format("rule-{}", seq)}}};
    const auto numbers = found(query);
    EXPECT_TRUE(std::find(numbers.begin(), numbers.end(), seq) != numbers.end()) << seq;
    EXPECT_LE(numbers.size(), 501U);
  }
}

TEST_F(RecordIndexTest, IsDamagedWhereShapesAreMissing) {
  build(records(0, 9));
  {
    Database database(file(), SQLITE_OPEN_READWRITE);
    database.execute("DELETE FROM shape_pack");
  }
  IndexQuery query;
  query.conditions = {{{RecordField::kind}, IndexQuery::How::equal, {"test"}}};
  const auto done = index()->search(query, [](const std::vector<int64_t>&) -> Result<bool> { return true; });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::corrupt);
}

TEST_F(RecordIndexTest, FindsTextsInCompleteStretchesAndInTheNewestOne) {
  build(records(0, kStretchRecords + 1000));
  for (const int64_t seq : {int64_t{0}, int64_t{40'000}, kStretchRecords - 1, kStretchRecords, kStretchRecords + 999}) {
    EXPECT_TRUE(may_hold(fmt::format("note-{:07}", seq), seq)) << seq;
  }
  IndexQuery query;
  query.text = "a text that stands nowhere";
  EXPECT_TRUE(found(query).empty());
  query.text = "note-0040000";
  EXPECT_LE(found(query).size(), 20 * kBlockRecords) << "few blocks are to be looked through";
}

TEST_F(RecordIndexTest, IsTakenFurtherBySmallStepsAndByOthersThanWhoBeganIt) {
  KeptJournal journal(records(0, 1000));
  JournalRecords source(journal);
  for (int step = 0; step < 4; ++step) {
    const auto progress = builder()->advance(source, 300);
    ASSERT_TRUE(progress);
    EXPECT_EQ(progress->complete, step == 3);
    EXPECT_EQ(progress->next, std::min(1001, (step + 1) * 300));
  }
  EXPECT_EQ(with_target("even").size(), 501);
  EXPECT_TRUE(may_hold("note-0000299", 299)) << "the block that two of them wrote";
  EXPECT_TRUE(may_hold("note-0000300", 300));
}

TEST_F(RecordIndexTest, IsSeenAsItWasWhenItWasOpened) {
  build(records(0, 9));
  const auto before = index();
  build(records(0, 19));
  EXPECT_EQ(before->next(), 10);
  int64_t newest = -1;
  ASSERT_TRUE(before->search({}, [&](const std::vector<int64_t>& numbers) -> Result<bool> {
    newest = std::max(newest, numbers.front());
    return true;
  }));
  EXPECT_EQ(newest, 9);
}

TEST_F(RecordIndexTest, IsForItsOwnerAlone) {
  build(records(0, 9));
  EXPECT_EQ(std::filesystem::status(file()).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(RecordIndexTest, IsBuiltByOneProcessAtATime) {
  const auto first = builder();
  const auto second = RecordIndexBuilder::open(directory_.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
}

TEST_F(RecordIndexTest, IsBuiltAnewFromAnotherTrail) {
  build(records(0, 99));
  KeptJournal other(records(0, 49, "two"));
  JournalRecords source(other);
  EXPECT_FALSE(*index()->tells_of(source));
  build(records(0, 49, "two"));
  EXPECT_TRUE(*index()->tells_of(source));
  EXPECT_EQ(with_target("odd").size(), 25);
}

TEST_F(RecordIndexTest, GoesBackToWhatATrailThatWasCutStillHas) {
  build(records(0, 2 * kStretchRecords + 50));
  build(records(0, kStretchRecords + 20));
  EXPECT_EQ(index()->next(), kStretchRecords + 21);
  EXPECT_EQ(with_target("odd").size(), kStretchRecords / 2 + 10);
  EXPECT_TRUE(may_hold("note-0000007-one", 7));
  EXPECT_TRUE(may_hold("note-0065540-one", kStretchRecords + 4));
}

TEST_F(RecordIndexTest, FollowsALedgerThatWasRestored) {
  build(records(0, 250));
  build(joined(records(0, 200), records(251, 260, "restored")));
  EXPECT_EQ(index()->next(), 261);
  EXPECT_EQ(with_target("even").size(), 101 + 5);
}

// The stretch of the last common record is complete in the index, but in the trail it goes on.
TEST_F(RecordIndexTest, AddsToAStretchThatWasCompleteInAnotherTrail) {
  build(joined(records(0, 200), records(kStretchRecords + 9, kStretchRecords + 9)));
  build(records(0, 210));
  EXPECT_EQ(with_target("odd").size(), 105);
  EXPECT_TRUE(may_hold("note-0000100", 100));
  EXPECT_TRUE(may_hold("note-0000205", 205));
}

TEST_F(RecordIndexTest, IsMadeAnewWhenItsFileIsNone) {
  std::ofstream(file()) << std::string(10'000, 'x');
  EXPECT_EQ(RecordIndex::open(directory_.path()).error().code, ErrorCode::not_found);
  build(records(0, 9));
  EXPECT_EQ(with_target("even").size(), 5);
}

// SQLite notices damage to its own structure; the lists in it have checksums.
TEST_F(RecordIndexTest, MissesNoRecordUnnoticedWhereAByteOfItsFileIsDamaged) {
  build(records(0, 600));
  const std::string whole = directory_.read("index.db");
  size_t noticed = 0;
  for (size_t at = 100; at < whole.size(); at += 97) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    directory_.write("index.db", damaged);
    auto opened = RecordIndex::open(directory_.path());
    std::vector<int64_t> numbers;
    IndexQuery query;
    query.conditions = {{{RecordField::target}, IndexQuery::How::part, {"od"}},
                        {{RecordField::kind}, IndexQuery::How::equal, {"test"}}};
    query.text = "note-00";
    const bool well = opened && (*opened)->search(query, [&](const std::vector<int64_t>& some) -> Result<bool> {
      numbers.insert(numbers.end(), some.begin(), some.end());
      return true;
    });
    if (!well) ++noticed;
    const bool complete = numbers.size() >= 300 || (opened && (*opened)->next() < 601);
    ASSERT_TRUE(!well || complete) << "byte " << at;
  }
  EXPECT_GT(noticed, 0U);
}

TEST_F(RecordIndexTest, IsMadeAnewWhereItIsDamaged) {
  build(records(0, 600));
  std::string bytes = directory_.read("index.db");
  for (size_t at = 8192; at < bytes.size(); at += 50) bytes[at] = 'x';
  directory_.write("index.db", bytes);
  build(records(0, 700));
  EXPECT_EQ(with_target("odd").size(), 350);
}

TEST_F(RecordIndexTest, StandsStillBeforeWhatIsNoRecord) {
  auto entries = records(0, 20);
  entries[10].bytes = "not JSON";
  KeptJournal journal(entries);
  JournalRecords source(journal);
  const auto one = builder();
  const auto before = one->advance(source, 1000);
  ASSERT_TRUE(before) << before.error().message;
  EXPECT_EQ(before->next, 10);
  EXPECT_EQ(one->advance(source, 1000).error().code, ErrorCode::corrupt);
  EXPECT_EQ(with_target("even").size(), 5);
}

}  // namespace
}  // namespace kedge
