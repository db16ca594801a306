// kedge audit export, as somebody who types it sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "base/json.h"
#include "tests/app/typed.h"

namespace kedge {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class CommandAuditExport : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    ASSERT_EQ(type("pause -c @kedge.yaml --reason first").exit_code, kGood);
    ASSERT_EQ(type("resume -c @kedge.yaml").exit_code, kGood);
  }

  Typed typed(const std::string& options) { return type("audit export -c @kedge.yaml --format " + options); }

  static std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }
};

TEST_F(CommandAuditExport, PrintsEachFormatAndNothingElse) {
  for (const char* format : {"jsonl", "cloudevents", "ocsf"}) {
    const Typed done = typed(format);
    EXPECT_EQ(done.exit_code, kGood) << done.err;
    EXPECT_EQ(done.err, "");
    ASSERT_EQ(lines(done.out).size(), 3) << "genesis, pause, resume";
    for (const std::string& line : lines(done.out)) EXPECT_TRUE(parse_json(line)) << line;
  }
  EXPECT_THAT(typed("csv").out, StartsWith("seq,at,kind,"));
}

TEST_F(CommandAuditExport, TakesTheFiltersOfList) {
  const Typed done = typed("jsonl --kind pause --actor uid --from 2026-01-01 --to 9999-12-31T00:00:00Z");
  EXPECT_EQ(done.exit_code, kGood) << done.err;
  ASSERT_EQ(lines(done.out).size(), 1);
  EXPECT_EQ((*parse_json(done.out))["reason"], "first");
  EXPECT_EQ(typed("jsonl --to 2020-01-01").out, "");
}

TEST_F(CommandAuditExport, GoesOnBehindANumber) {
  ASSERT_EQ(lines(typed("jsonl --after 1").out).size(), 1);
  EXPECT_EQ((*parse_json(typed("jsonl --after 1").out))["kind"], "resume");
  EXPECT_EQ(typed("jsonl --after 2").out, "");
}

TEST_F(CommandAuditExport, WritesAFileWholeAndSaysWhatIsInIt) {
  const Typed done = typed("csv --output-file @trail.csv");
  EXPECT_EQ(done.exit_code, kGood);
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(done.err, "@trail.csv: 3 records, number 0 to 2\n");
  EXPECT_EQ(*read_file(path("trail.csv")), typed("csv").out);
  EXPECT_EQ(std::filesystem::status(path("trail.csv")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
      << "it tells what the ledger tells, which is nobody else's";
  EXPECT_EQ(typed("jsonl --rule nobody --output-file @trail.csv").err, "@trail.csv: no record matches\n");
  EXPECT_EQ(*read_file(path("trail.csv")), "") << "what was there is replaced";
}

TEST_F(CommandAuditExport, LeavesNothingBehindWhenItFails) {
  std::filesystem::create_directories(path("made.csv"));
  EXPECT_THAT(typed("csv --output-file @made.csv").err,
              HasSubstr("--output-file: cannot write @made.csv: Is a directory"));
  const Typed done = typed("csv --output-file @nowhere/trail.csv");
  EXPECT_EQ(done.exit_code, kUsedWrongly);
  EXPECT_EQ(done.err,
            "kedge: --output-file: cannot write @nowhere/trail.csv: No such file or directory; @nowhere must be a "
            "directory that may be written to\n");
  EXPECT_FALSE(std::filesystem::exists(path("nowhere")));
}

TEST_F(CommandAuditExport, WritesIntoWhatIsNoPlainFile) {
  const Typed done = typed("jsonl --output-file /dev/null");
  EXPECT_EQ(done.exit_code, kGood) << done.err;
  EXPECT_EQ(done.err, "/dev/null: 3 records, number 0 to 2\n");
  EXPECT_FALSE(std::filesystem::is_regular_file("/dev/null"));
  EXPECT_THAT(typed("jsonl --output-file /dev/full").err, HasSubstr("cannot write /dev/full: No space left on device"));
}

TEST_F(CommandAuditExport, ReplacesTheFileBehindALinkNotTheLink) {
  write("real.csv", "old");
  std::filesystem::create_symlink(path("real.csv"), path("link.csv"));
  EXPECT_EQ(typed("csv --output-file @link.csv").exit_code, kGood);
  EXPECT_TRUE(std::filesystem::is_symlink(path("link.csv")));
  EXPECT_THAT(*read_file(path("real.csv")), StartsWith("seq,"));
}

TEST_F(CommandAuditExport, SaysWhatWouldBeRight) {
  EXPECT_EQ(typed("ocsff").err,
            "kedge: --format: 'ocsff' (did you mean 'ocsf'?) is none of: ocsf, csv, jsonl, cloudevents; `kedge audit "
            "export --help` tells more\n");
  EXPECT_THAT(type("audit export -c @kedge.yaml").err, StartsWith("kedge: --format is required; "));
  EXPECT_EQ(typed("csv --from yesterday").err,
            "kedge: --from: 'yesterday' is not a time; it should look like 2026-01-31T12:00:00Z, or like 2026-01-31\n");
  EXPECT_EQ(typed("csv --from 2026-02-01 --to 2026-01-01").err,
            "kedge: --from 2026-02-01 is not before --to 2026-01-01\n");
  EXPECT_THAT(typed("csv --kind plam").err,
              StartsWith("kedge: --kind: there is no kind 'plam' (did you mean 'plan'?)"));
  EXPECT_THAT(typed("csv --severity hgh").err, StartsWith("kedge: --severity: "));
}

}  // namespace
}  // namespace kedge
