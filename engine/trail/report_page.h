// ReportPage: the correction-of-errors document before it is Markdown or HTML: sections of blocks of words.
//
// Nothing in it is marked up. Every text that came from outside stands in a Words as it came; whoever prints the page
// (report_markdown.cc, report_html.cc) escapes all of them alike, in one place.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "trail/phase_chart.h"
#include "trail/report.h"

namespace kedge {

// A piece of a line that looks like one thing.
struct Words {
  enum class Look {
    plain,
    strong,
    value,  // a name or a value, letter by letter: an ARN, an id
  };
  std::string text;
  Look look = Look::plain;

  bool operator==(const Words&) const = default;
};
using Line = std::vector<Words>;

inline Words plain(std::string text) { return {std::move(text), Words::Look::plain}; }
inline Words strong(std::string text) { return {std::move(text), Words::Look::strong}; }
inline Words value(std::string text) { return {std::move(text), Words::Look::value}; }

struct Paragraph {
  Line line;
};

struct Bullets {
  std::vector<Line> items;
};

struct Table {
  struct Column {
    std::string title;
    bool number = false;  // stands to the right
  };
  std::string caption;
  std::vector<Column> columns;  // the first one names its row
  std::vector<std::vector<Line>> rows;
};

// What was there before and is not any more ('-'), and what has come ('+'); ' ' names the place.
struct DifferenceLines {
  struct One {
    char sign = ' ';
    std::string text;
  };
  std::string caption;
  std::vector<One> lines;
};

// A file's text.
struct FileText {
  std::string caption;
  std::vector<std::string> lines;
};

// A place that only people can fill.
struct ForPeople {
  std::string ask;
};

using Block = std::variant<Paragraph, Bullets, Table, DifferenceLines, FileText, PhaseChart, ForPeople>;

struct PageSection {
  int level = 2;  // of its heading, 2 to 4; 1 is the page's
  std::string title;
  std::vector<Block> blocks;
};

struct ReportPage {
  std::string title;
  std::vector<Block> head;  // above the first section
  std::vector<PageSection> sections;
};

// Pure.
ReportPage page_of(const Report&);

std::string to_markdown(const ReportPage&);
// One file that needs no other: its style is inside, it has no script, and nothing in it is fetched.
std::string to_html(const ReportPage&);

}  // namespace kedge
