// SCHEMA.md and RECORDS.md tell what the code does: no table, no kind of record and no member is missing in them.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include "base/files.h"
#include "base/json.h"
#include "ledger/schema.h"
#include "tests/ledger/change_maker.h"
#include "tests/ledger/memory_ledger.h"

namespace kedge {
namespace {

std::string document(const std::string& name) {
  return *read_file(std::string(KEDGE_SOURCE_DIR) + "/engine/ledger/" + name);
}

// The text of each section "### `name`", by name.
std::map<std::string, std::string> sections(const std::string& text) {
  std::map<std::string, std::string> found;
  const std::regex heading("### `([a-z_]+)`");
  for (auto at = std::sregex_iterator(text.begin(), text.end(), heading); at != std::sregex_iterator(); ++at) {
    const auto begin = static_cast<size_t>(at->position());
    found[(*at)[1]] = text.substr(begin, text.find("\n##", begin + 1) - begin);
  }
  return found;
}

TEST(Schema, TellsOfEveryTableAndOfNoOther) {
  Database database(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  ASSERT_TRUE(migrate(database, ":memory:", ledger_migrations()).ok());
  std::set<std::string> tables;
  Query row = database.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  while (row.next()) tables.insert(row.text(0));
  std::set<std::string> told;
  const std::string text = document("SCHEMA.md");
  for (const auto& [name, section] : sections(text)) told.insert(name);
  EXPECT_EQ(tables, told);
}

// What the document tells once for all records, or once for all that are about a remediation.
bool is_told_for_all(const std::string& member, const Json& record) {
  const std::set<std::string> all = {"v", "seq", "at", "kind"};
  const std::set<std::string> of_remediations = {"remediation", "rule", "target", "from", "to"};
  return all.contains(member) || (record.contains("remediation") && of_remediations.contains(member));
}

TEST(Records, TellOfEveryKindAndOfEveryMember) {
  FakeClock clock;
  SqliteLedgerOptions options;
  options.dead_letters_max = 20;
  options.suppressions_per_minute = 3;
  MemoryLedger ledger(clock, options);
  ChangeMaker maker(1, clock);
  for (int i = 0; i < 12'000; ++i) {
    clock.advance(maker.pause());
    maker.set_wall_clock(ledger.now());
    const Change change = maker.next(ledger);
    ledger.apply({&change, 1});
  }
  const std::string text = document("RECORDS.md");
  const std::map<std::string, std::string> told = sections(text);
  const std::vector<JournalEntry> journal = *ledger.journal(0, SIZE_MAX);
  std::set<std::string> kinds = {"restoration"};  // no Change makes it: restoration_test.cc
  for (const JournalEntry& entry : journal) {
    const Json record = *parse_json(entry.bytes);
    const std::string kind = record["kind"];
    kinds.insert(kind);
    ASSERT_TRUE(told.contains(kind)) << kind;
    for (const auto& [member, value] : record.items()) {
      if (is_told_for_all(member, record)) continue;
      ASSERT_NE(told.at(kind).find("`" + member + "`"), std::string::npos) << kind << " has " << member;
    }
  }
  for (const auto& [kind, section] : told) EXPECT_TRUE(kinds.contains(kind)) << kind << " was not written in this test";
}

TEST(Records, HaveAnExampleOfEachKind) {
  const std::string text = document("RECORDS.md");
  for (const auto& [kind, section] : sections(text)) {
    const size_t begin = section.find("```json\n");
    ASSERT_NE(begin, std::string::npos) << kind;
    const auto example = parse_json(section.substr(begin + 8, section.find("```", begin + 8) - begin - 8));
    ASSERT_TRUE(example.ok()) << kind << ": " << example.error().message;
    EXPECT_EQ((*example)["kind"], kind);
    EXPECT_EQ((*example)["v"], 1);
  }
}

}  // namespace
}  // namespace kedge
