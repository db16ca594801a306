#include "host/told_entry.h"

#include <gtest/gtest.h>

#include "tests/host/some_tree.h"

namespace kedge {
namespace {

// Of every kind of entry, with names and links that are no text.
TEST(ToldEntry, ReadsBackAsItWasWritten) {
  const SomeTree tree;
  SensorMemory::Facts facts;
  const Scan scan = tree.scan();
  ASSERT_GT(scan.entries.size(), 10U);
  for (const ScannedEntry& entry : scan.entries) {
    const Mutation created{entry.state.path, {MutationKind::created}, std::nullopt, entry, {}, "", false};
    for (const auto& fact : facts_of("/srv/a b", created)) facts.emplace(fact.key, *fact.value);
  }
  auto told = told_entries("/srv/a b", facts);
  ASSERT_EQ(told.size(), scan.entries.size());
  std::sort(told.begin(), told.end(), [](const auto& a, const auto& b) { return path_before(a.path, b.path); });
  for (size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].entry->state, scan.entries[i].state) << scan.entries[i].state.path;
    EXPECT_EQ(told[i].entry->identity, scan.entries[i].identity);
  }
  EXPECT_TRUE(told_entries("/srv/a", facts).empty());
}

TEST(ToldEntry, ADirectoryThatIsGoneTakesAllBelowIt) {
  ScannedEntry directory;
  directory.state.path = "etc/app";
  directory.state.type = FileType::directory;
  const Mutation gone{"etc/app", {MutationKind::deleted}, directory, std::nullopt, {}, "", false};
  const auto facts = facts_of("/", gone);
  ASSERT_EQ(facts.size(), 2U);
  EXPECT_EQ(facts[0].key, "tree / etc/app/");
  EXPECT_TRUE(facts[0].below);
  EXPECT_EQ(facts[1].key, "tree / etc/app");
  EXPECT_TRUE(facts[1].value->is_null());
  const auto told = told_entries("/", {{facts[1].key, *facts[1].value}});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].path, "etc/app");
  EXPECT_FALSE(told[0].entry);
}

TEST(ToldEntry, IsInDoubtFromBeforeItIsToldUntilItIsRemembered) {
  ScannedEntry file;
  file.state.path = "etc/a b";
  Mutation created{"etc/a b", {MutationKind::created}, std::nullopt, file, {}, "", false};
  const auto facts = facts_of("/", created);
  SensorMemory::Facts memory;
  for (const auto& doubt : doubts_about(facts)) memory.emplace(doubt.key, *doubt.value);
  EXPECT_EQ(doubtful_paths("/", memory), std::vector<std::string>{"etc/a b"});
  EXPECT_TRUE(doubtful_paths("/etc", memory).empty());
  EXPECT_TRUE(told_entries("/", memory).empty());
  for (const auto& settled : doubts_settled(facts)) memory.erase(settled.key);
  EXPECT_TRUE(memory.empty());
  created.in_doubt = true;  // and with it what may have been told of what lay below
  const auto again = facts_of("/", created);
  ASSERT_EQ(again.size(), 2U);
  EXPECT_TRUE(again[0].below);
  EXPECT_EQ(again[0].key, doubt_about("/", "etc/a b/").key);
}

TEST(ToldEntry, WhatCannotBeReadIsLeftOut) {
  const Json good = to_json({});
  EXPECT_TRUE(scanned_entry(good, ""));
  for (const char* field : {"type", "uid", "mode", "size", "mtime", "identity"}) {
    Json cut = good;
    cut.erase(field);
    EXPECT_FALSE(scanned_entry(cut, "")) << field;
    cut[field] = "x";
    EXPECT_FALSE(scanned_entry(cut, "")) << field;
  }
  Json digest = good;
  digest["sha256"] = "abc";
  EXPECT_FALSE(scanned_entry(digest, ""));
  EXPECT_TRUE(told_entries("/", {{"tree / a", Json(7)}, {"tree / b\\9", good}}).empty());
}

}  // namespace
}  // namespace kedge
