#include "trail/record_csv.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/hash.h"
#include "base/json.h"
#include "tests/trail/record_examples.h"

namespace kedge {
namespace {

// The fields of one line, read as RFC 4180 says.
std::vector<std::string> fields_of(const std::string& line) {
  EXPECT_TRUE(line.ends_with("\r\n"));
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i + 2 < line.size(); ++i) {
    if (line[i] == '"') {
      if (quoted && line[i + 1] == '"')
        fields.back() += line[i++];
      else
        quoted = !quoted;
    } else if (line[i] == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += line[i];
    }
  }
  return fields;
}

const std::map<std::string, std::string> kExamples = testing::record_examples(KEDGE_SOURCE_DIR);

std::map<std::string, std::string> row_of(const std::string& bytes, const Opening* opening = nullptr) {
  const std::vector<std::string> names = fields_of(record_csv_header());
  const std::vector<std::string> fields = fields_of(record_csv({1, bytes}, *parse_json(bytes), opening));
  EXPECT_EQ(fields.size(), names.size());
  std::map<std::string, std::string> row;
  for (size_t i = 0; i < names.size(); ++i) row[names[i]] = fields.at(i);
  return row;
}

TEST(RecordCsv, HasTheColumnsThatAreDocumented) {
  const std::string page = *read_file(std::string(KEDGE_SOURCE_DIR) + "/docs/audit-export.md");
  const std::string header = record_csv_header();
  EXPECT_NE(page.find("\n" + header.substr(0, header.size() - 2) + "\n"), std::string::npos) << header;
}

TEST(RecordCsv, EachKindOfRecordIsOneLineOfAsManyFields) {
  for (const auto& [kind, bytes] : kExamples) {
    SCOPED_TRACE(kind);
    const auto row = row_of(bytes);
    EXPECT_EQ(row.at("kind"), kind);
    EXPECT_FALSE(row.at("summary").empty());
    EXPECT_EQ(row.at("record_sha256"), sha256(bytes).hex());
  }
}

TEST(RecordCsv, TakesFromTheOpeningWhatTheRecordHasNot) {
  const Opening opening = opening_of(*parse_json(kExamples.at("plan")));
  const auto row = row_of(kExamples.at("outcome"), &opening);
  EXPECT_EQ(row.at("severity"), "high");
  EXPECT_EQ(row.at("principal"), "arn:aws:iam::123456789012:user/alice");
  EXPECT_EQ(row.at("result"), "applied");
  EXPECT_EQ(row.at("writes"), "1");
  EXPECT_EQ(row_of(kExamples.at("outcome")).at("severity"), "");
}

TEST(RecordCsv, WhatSomebodyWroteIsNoFormulaAndNoFurtherLine) {
  Json record = *parse_json(kExamples.at("cancellation"));
  record["reason"] = "=HYPERLINK(\"http://x\",\"a\")\r\nseq,at";
  record["actor"] = "-2+3";
  record["target"] = "+1";
  const std::string bytes = record.dump();
  const std::string line = record_csv({1, bytes}, record, nullptr);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  const auto row = row_of(bytes);
  EXPECT_EQ(row.at("reason"), "'=HYPERLINK(\"http://x\",\"a\")\\u{d}\\u{a}seq,at");
  EXPECT_EQ(row.at("actor"), "'-2+3");
  EXPECT_EQ(row.at("target"), "'+1");
}

}  // namespace
}  // namespace kedge
