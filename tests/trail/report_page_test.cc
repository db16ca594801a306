#include "trail/report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <regex>
#include <sstream>

#include "tests/trail/report_fixture.h"

namespace kedge {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::sample_report;

std::string markdown(const Report& report) { return to_markdown(page_of(report)); }
std::string html(const Report& report) { return to_html(page_of(report)); }

// Every tag of a page, in order: what a text from outside must not change.
std::vector<std::string> tags(const std::string& page) {
  static const std::regex kTag("<[^>]*>");
  std::vector<std::string> found;
  for (std::sregex_iterator tag(page.begin(), page.end(), kTag), end; tag != end; ++tag) {
    if (tag->str().starts_with("<meta") || tag->str().starts_with("<rect") || tag->str().starts_with("<text")) continue;
    found.push_back(tag->str());
  }
  return found;
}

const std::vector<std::string>& hostile_texts() {
  static const std::vector<std::string> kTexts = {
      "<script>alert(1)</script>",
      "\"><img src=x onerror=alert(1)>",
      "</title></style></pre></code>",
      "' onmouseover='x",
      "<!-- ",
      "&lt;b&gt; &#x3c;",
      "a | b |\n| c | d |",
      "``` \n# heading\n```",
      "`code` ``two`` `",
      "[a link](http://example.com) ![picture](http://example.com/x.png)",
      "http://example.com www.example.com <http://example.com>",
      "**strong** _soft_ ~~gone~~",
      "- item\n1. item\n> quote\n---\n    code",
      "\\",
      "\x1b[2J\r\n\u202etxt.exe",
      "\xff\xfe",
  };
  return kTexts;
}

TEST(ReportPage, HasTheSixSectionsInTheirOrder) {
  const std::string text = markdown(sample_report("photos"));
  size_t last = 0;
  for (const char* title : {"# Correction of errors: photos\n", "\n## What happened\n", "\n## Data\n", "\n## Impact\n",
                            "\n## Contributing factors\n", "\n## What was learned\n", "\n## How to prevent it\n"}) {
    const size_t at = text.find(title);
    ASSERT_NE(at, std::string::npos) << title;
    EXPECT_GE(at, last) << title;
    last = at;
  }
}

TEST(ReportPage, TellsWhatHappenedInPlainWords) {
  const std::string text = markdown(sample_report("photos"));
  EXPECT_THAT(text, HasSubstr("At 2026-01-31 10:50:57.000 UTC `photos` changed `arn:aws:s3:::photos` by `photos`"));
  EXPECT_THAT(text, HasSubstr("kedge heard of it 2.90 s later. The rule `aws.s3.public-bucket` found: **photos** "
                              "(severity high, mode enforce)."));
  EXPECT_THAT(text, HasSubstr("The guard `flap` held it: photos"));
  EXPECT_THAT(text, HasSubstr("`photos` approved it: photos"));
  EXPECT_THAT(text,
              HasSubstr("put right by 2 calls, 8.31 s after the change, and then read back as it should be, 9.21 s "
                        "after it."));
}

TEST(ReportPage, ShowsWhatTheRecordKnowsOfTheCauses) {
  const std::string text = markdown(sample_report("photos"));
  EXPECT_THAT(text, HasSubstr("| `flap` | hold | photos |"));
  EXPECT_THAT(text, HasSubstr("| `photos` | Terraform | `photos` | 3 |")) << "the opponent";
  EXPECT_THAT(text, HasSubstr("| `aws.s3.remove_public_grants` | 1 | retry | `photos` | photos |"));
  EXPECT_THAT(text, HasSubstr("| `photos` | confirmed | 3 |"));
  EXPECT_THAT(text, HasSubstr("And 2 more, not shown here."));
  EXPECT_THAT(text, HasSubstr("- {\n")) << "the statement that is gone, as a difference";
}

// Absent is not zero: nothing is said of a principal that nobody named.
TEST(ReportPage, SaysWhatTheEventDoesNotTell) {
  Report report = sample_report("photos");
  report.same_actor = {};
  EXPECT_THAT(markdown(report), HasSubstr("No rule found anything else that the same principals did, from "));
  Json& plan = report.stories[0].plan;
  plan["event"] = {{"principal", ""}, {"session", ""}, {"address", ""}, {"agent", ""}, {"id", "an-id"}};
  for (Json& record : report.stories[0].records) {
    if (record["kind"] == "plan") record = plan;
  }
  const std::string text = markdown(report);
  EXPECT_THAT(text, HasSubstr("What else the same principals did cannot be told: no event names one."));
  EXPECT_THAT(text, Not(HasSubstr("No rule found anything else")));
  EXPECT_THAT(text, HasSubstr("No event tells who caused it."));
  EXPECT_THAT(text, Not(HasSubstr("Who caused it**")));
}

TEST(ReportPage, TellsNoTimeFromNoTimeInBetween) {
  Report report = sample_report("photos");
  Json& times = report.stories[0].plan["times"];
  times["happened"] = "";
  EXPECT_THAT(markdown(report),
              HasSubstr("kedge heard of it at 2026-01-31 10:50:59.900 UTC; when it happened the event "
                        "does not tell. The rule "));
  times["happened"] = times["received"];
  EXPECT_THAT(markdown(report), HasSubstr("kedge heard of it at the same moment. The rule "));
  times["received"] = "";
  EXPECT_THAT(markdown(report), HasSubstr("When kedge heard of it is not on record. The rule "));
}

TEST(ReportPage, MarksThePlacesThatOnlyPeopleCanFill) {
  const std::string text = markdown(sample_report("photos"));
  EXPECT_THAT(text, HasSubstr("_To be written by people: why could this change be made? (first why)_"));
  EXPECT_THAT(text, HasSubstr("(fifth why)"));
  EXPECT_THAT(text, HasSubstr("| \\[to be written\\] | prevent | \\[who\\] | \\[when\\] |"));
  EXPECT_THAT(html(sample_report("photos")), HasSubstr("<b>To be written by people</b>"));
}

TEST(ReportPage, SaysOfWhatDidNotEndWellThatItIsNotProven) {
  Report report = sample_report("photos");
  report.stories[0].state = "failed";
  EXPECT_THAT(markdown(report), HasSubstr("`arn:aws:s3:::photos`: **not proven**"));
  report.stories[0].state = "held";
  EXPECT_THAT(markdown(report), HasSubstr("`arn:aws:s3:::photos`: **not over**"));
  report.stories[0].state = "confirmed";
  EXPECT_THAT(markdown(report), Not(HasSubstr("not proven")));
}

TEST(ReportPage, SaysWhenItDidNotReadAll) {
  Report report = sample_report("photos");
  EXPECT_THAT(markdown(report), Not(HasSubstr("The search ended")));
  report.stopped_early = true;
  EXPECT_THAT(markdown(report), HasSubstr("**The search ended at its limit of 200000 records"));
}

TEST(ReportPage, IsOneDocumentAboutSeveralRemediations) {
  Report report = sample_report("photos");
  report.stories.push_back(testing::sample_story("films"));
  const std::string text = markdown(report);
  EXPECT_THAT(text, HasSubstr("# Correction of errors: films, photos\n"));
  EXPECT_THAT(text, HasSubstr("\n### arn:aws:s3:::photos\n"));
  EXPECT_THAT(text, HasSubstr("\n### arn:aws:s3:::films\n"));
}

TEST(ReportPage, HoldsItsTextsOfAnOldStoryWithoutABeginning) {
  Report report = sample_report("photos");
  report.stories[0].plan = nullptr;
  report.stories[0].event = nullptr;
  EXPECT_THAT(markdown(report), HasSubstr("is no longer kept: how it began is not known here."));
  EXPECT_THAT(html(report), HasSubstr("</html>"));
}

TEST(ReportHtml, KeepsItsStructureWhateverComesFromOutside) {
  const std::vector<std::string> plain = tags(html(sample_report("x")));
  for (const std::string& text : hostile_texts()) {
    std::vector<std::string> hostile = tags(html(sample_report(text)));
    // A difference has a line for each line of the text.
    for (const char* tag : {"<del>", "</del>"}) {
      std::erase(hostile, tag);
    }
    std::vector<std::string> expected = plain;
    for (const char* tag : {"<del>", "</del>"}) std::erase(expected, tag);
    EXPECT_EQ(hostile, expected) << text;
  }
}

TEST(ReportHtml, KeepsItsStructureUnderRandomTexts) {
  const std::vector<std::string> plain = tags(html(sample_report("x")));
  std::mt19937 random(7);
  const std::string alphabet = "<>&\"'`|\\/=-!#[]()*_ abc:.;{}";
  for (int i = 0; i < 50; ++i) {
    std::string text;
    while (text.size() < 24) text += alphabet[random() % alphabet.size()];
    EXPECT_EQ(tags(html(sample_report(text))), plain) << text;
  }
}

TEST(ReportHtml, NeedsNothingFromOutside) {
  const std::string page = html(sample_report("x"));
  for (const char* outside : {"<script", "<link", "src=", "@import", "url("})
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(ReportHtml, NamesItsChartsForThoseWhoDoNotSeeThem) {
  const std::string page = html(sample_report("x"));
  EXPECT_THAT(page, HasSubstr("<svg role=\"img\" aria-labelledby=\"chart-1-title chart-1-told\""));
  EXPECT_THAT(page,
              HasSubstr("<desc id=\"chart-1-told\">detection 2.90 s, evaluation 100.0 ms, response 5.30 s, recovery "
                        "12.0 ms, confirmation 900.0 ms; 9.21 s together.</desc>"));
}

// What each line of a page is to a reader of Markdown: a heading, a row with so many cells, a block of code as a whole,
// or text.
std::vector<std::string> shape(const std::string& page) {
  static const std::regex kFence("(`{3,})[a-z]*");
  std::vector<std::string> lines;
  std::istringstream text(page);
  std::string fence;
  for (std::string line; std::getline(text, line);) {
    std::smatch match;
    if (!fence.empty()) {
      if (line == fence) fence.clear();
    } else if (std::regex_match(line, match, kFence)) {
      fence = match[1];
      lines.emplace_back("code");
    } else if (line.starts_with("|")) {
      const std::string unescaped = std::regex_replace(line, std::regex(R"(\\.)"), "");
      lines.push_back(std::to_string(std::count(unescaped.begin(), unescaped.end(), '|')) + " bars");
    } else {
      const bool construct = line.starts_with("#") || line.starts_with("- ");
      lines.push_back(line.empty() ? "" : construct ? line.substr(0, 2) : "text");
    }
  }
  if (!fence.empty()) lines.emplace_back("code without an end");
  return lines;
}

TEST(ReportMarkdown, KeepsItsLinesWhateverComesFromOutside) {
  const std::vector<std::string> plain = shape(markdown(sample_report("x")));
  for (const std::string& text : hostile_texts()) EXPECT_EQ(shape(markdown(sample_report(text))), plain) << text;
}

TEST(ReportMarkdown, FencesCodeWithMoreBackticksThanItHolds) {
  const std::string page = markdown(sample_report("a```b"));
  EXPECT_THAT(page, HasSubstr("````a```b````"));
  EXPECT_THAT(page, HasSubstr("````diff\n"));
}

TEST(ReportMarkdown, MakesNoLinkOfAText) {
  const std::string page = markdown(sample_report("see http://example.com [x](y) <z> www.example.com"));
  EXPECT_THAT(page, HasSubstr("see http\\://example.com \\[x\\](y) \\<z\\> www\\.example.com"));
}

}  // namespace
}  // namespace kedge
