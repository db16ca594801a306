// A report as Markdown (CommonMark, with the tables of GitHub's).
//
// Values stand as code, whose fence is longer than any run of backticks in it; in other words every character that
// could begin a construct has a backslash in front. Nothing that came from outside can begin a line with a construct,
// or a link.
#include <fmt/format.h>

#include <algorithm>

#include "trail/record_text.h"
#include "trail/report_page.h"

namespace kedge {
namespace {

std::string fence_for(std::string_view text, size_t least) {
  size_t longest = 0;
  size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(std::max(least, longest + 1), '`');
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : printable(text)) {
    if (std::string_view("\\`*_[]<>|~&#!$@").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  replace_all(result, "://", "\\://");  // no address is made a link
  replace_all(result, "www.", "www\\.");
  const size_t digits = result.find_first_not_of("0123456789");
  const bool numbered = digits != std::string::npos && digits > 0 && (result[digits] == '.' || result[digits] == ')');
  if (numbered && (digits + 1 == result.size() || result[digits + 1] == ' ')) result.insert(digits, "\\");  // no list
  if (!result.empty() && std::string_view("-+=").find(result[0]) != std::string_view::npos) result.insert(0, "\\");
  return result;
}

// `in_table`: a bar would end the cell, also in code.
std::string code(std::string_view text, bool in_table) {
  std::string shown = printable(text);
  if (shown.find_first_not_of(' ') == std::string::npos) return "";
  if (in_table) replace_all(shown, "|", "\\|");
  const std::string fence = fence_for(shown, 1);
  const bool needs_room = shown.front() == '`' || shown.back() == '`' || shown.front() == ' ';
  return fence + (needs_room ? " " : "") + shown + (needs_room ? " " : "") + fence;
}

std::string print(const Line& line, bool in_table = false) {
  std::string text;
  for (const Words& one : line) {
    if (one.text.empty()) continue;
    switch (one.look) {
      case Words::Look::plain:
        text += escaped(one.text);
        break;
      case Words::Look::strong:
        text += "**" + escaped(one.text) + "**";
        break;
      case Words::Look::value:
        text += code(one.text, in_table);
    }
  }
  return text;
}

// Printable lines in a block of code.
std::string block(std::string_view language, const std::vector<std::string>& lines) {
  std::string body;
  for (const std::string& line : lines) body += printable(line) + "\n";
  const std::string fence = fence_for(body, 3);
  return fmt::format("{}{}\n{}{}\n", fence, language, body, fence);
}

struct Printer {
  std::string operator()(const Paragraph& one) const { return print(one.line) + "\n"; }

  std::string operator()(const Bullets& one) const {
    std::string text;
    for (const Line& item : one.items) text += "- " + print(item) + "\n";
    return text;
  }

  std::string operator()(const Table& one) const {
    std::string text = "**" + escaped(one.caption) + "**\n\n|";
    for (const Table::Column& column : one.columns) text += " " + escaped(column.title) + " |";
    text += "\n|";
    for (const Table::Column& column : one.columns) text += column.number ? "--:|" : "---|";
    text += "\n";
    for (const auto& row : one.rows) {
      text += "|";
      for (const Line& cell : row) text += " " + print(cell, true) + " |";
      text += "\n";
    }
    return text;
  }

  std::string operator()(const DifferenceLines& one) const {
    std::vector<std::string> lines;
    for (const auto& line : one.lines) lines.push_back(std::string(1, line.sign) + " " + line.text);
    return "**" + escaped(one.caption) + "**\n\n" + block("diff", lines);
  }

  std::string operator()(const FileText& one) const {
    return "**" + escaped(one.caption) + "**\n\n" + block("lua", one.lines);
  }

  std::string operator()(const PhaseChart& one) const { return block("text", to_text_bars(one)); }

  std::string operator()(const ForPeople& one) const { return "_To be written by people: " + escaped(one.ask) + "_\n"; }
};

std::string print(const std::vector<Block>& blocks) {
  std::string text;
  for (const Block& one : blocks) text += "\n" + std::visit(Printer(), one);
  return text;
}

}  // namespace

std::string to_markdown(const ReportPage& page) {
  std::string text = "# " + escaped(page.title) + "\n" + print(page.head);
  for (const PageSection& section : page.sections) {
    text += "\n" + std::string(static_cast<size_t>(section.level), '#') + " " + escaped(section.title) + "\n" +
            print(section.blocks);
  }
  return text;
}

}  // namespace kedge
