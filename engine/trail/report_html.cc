// A report as one HTML file: its style inside, no script, nothing fetched; light, dark, and on paper.
#include <fmt/format.h>

#include "trail/html_text.h"
#include "trail/report_page.h"

namespace kedge {
namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2230; --soft: #566074; --line: #d5dae3; --band: #f4f6f9;
  --ask: #8a5a00; --ask-paper: #fff8e8; --gone: #a1221a; --gone-paper: #fdeeed; --come: #17632f; --come-paper: #ebf7ee;
  --p0: #4477aa; --p1: #3a9ebd; --p2: #b59a1f; --p3: #228833; --p4: #aa3377; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181f; --ink: #e4e8ef; --soft: #9aa5b8; --line: #343c4b;
  --band: #1c222c; --ask: #f0c674; --ask-paper: #2a2415; --gone: #ff9d94; --gone-paper: #351b1b; --come: #8fdba5;
  --come-paper: #16301f; --p0: #7aa7d8; --p1: #66ccee; --p2: #d8c455; --p3: #5fc470; --p4: #e07bb4; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 .75rem; padding-bottom: .3rem; border-bottom: 2px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; overflow-wrap: anywhere; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
nav ol { margin: 1rem 0; padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: .2em; }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; font-size: .86em; }
code { overflow-wrap: anywhere; }
figure { margin: 1rem 0; }
figcaption, caption { text-align: left; font-weight: 600; padding-bottom: .35rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; min-width: 5.5rem; }
thead th { background: var(--band); font-weight: 600; overflow-wrap: normal; }
tbody th { font-weight: 400; }
@media screen and (max-width: 44rem) { table { min-width: 44rem; } }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
pre { background: var(--band); border: 1px solid var(--line); border-radius: .3rem; padding: .6rem .75rem; margin: 0;
  white-space: pre-wrap; overflow-wrap: anywhere; }
del, ins { text-decoration: none; display: block; }
del { color: var(--gone); background: var(--gone-paper); }
ins { color: var(--come); background: var(--come-paper); }
.ask { border-left: .3rem solid var(--ask); background: var(--ask-paper); padding: .6rem .9rem; margin: .75rem 0;
  min-height: 3.5rem; border-radius: 0 .3rem .3rem 0; }
.ask b { color: var(--ask); display: block; font-size: .8rem; }
svg { display: block; width: 100%; max-width: 48rem; height: auto; }
svg text { font: 13px system-ui, "DejaVu Sans", sans-serif; }
svg .small { font-size: 11px; }
.ink { fill: var(--ink); } .faint { stroke: var(--line); }
.phase-0 { fill: var(--p0); } .phase-1 { fill: var(--p1); } .phase-2 { fill: var(--p2); } .phase-3 { fill: var(--p3); }
.phase-4 { fill: var(--p4); }
@media print {
  :root { --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --band: #f2f2f2; --ask: #7a4f00; --ask-paper: #fff;
    --gone: #8b1a13; --gone-paper: #fff; --come: #12512a; --come-paper: #fff; color-scheme: light;
    --p0: #4477aa; --p1: #3a9ebd; --p2: #b59a1f; --p3: #228833; --p4: #aa3377; }
  @page { margin: 16mm 14mm; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  h2, h3, caption, figcaption { break-after: avoid; }
  tr, figure svg, .ask { break-inside: avoid; }
  thead { display: table-header-group; }
  .wide { overflow: visible; }
  .ask { min-height: 22mm; border: 1px solid var(--line); border-left: .3rem solid var(--ask); }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)";

std::string print(const Line& line) {
  std::string html;
  for (const Words& one : line) {
    if (one.text.empty()) continue;
    const char* const tag = one.look == Words::Look::value ? "code" : one.look == Words::Look::strong ? "strong" : "";
    const std::string text = html_text(one.text);
    html += *tag == 0 ? text : fmt::format("<{0}>{1}</{0}>", tag, text);
  }
  return html;
}

class Printer {
 public:
  std::string operator()(const Paragraph& one) const { return "<p>" + print(one.line) + "</p>\n"; }

  std::string operator()(const Bullets& one) const {
    std::string html = "<ul>\n";
    for (const Line& item : one.items) html += "<li>" + print(item) + "</li>\n";
    return html + "</ul>\n";
  }

  std::string operator()(const Table& one) const {
    std::string html =
        fmt::format("<div class=\"wide\"><table>\n<caption>{}</caption>\n<thead><tr>", html_text(one.caption));
    for (const Table::Column& column : one.columns) {
      html += fmt::format("<th scope=\"col\"{}>{}</th>", look(column), html_text(column.title));
    }
    html += "</tr></thead>\n<tbody>\n";
    for (const auto& row : one.rows) {
      html += "<tr>";
      for (size_t i = 0; i < row.size(); ++i) {
        const std::string head = i == 0 ? "th scope=\"row\"" : "td";
        html += fmt::format("<{}{}>{}</{}>", head, look(one.columns[i]), print(row[i]), head.substr(0, 2));
      }
      html += "</tr>\n";
    }
    return html + "</tbody>\n</table></div>\n";
  }

  std::string operator()(const DifferenceLines& one) const {
    std::string html = fmt::format("<figure><figcaption>{}</figcaption>\n<pre>", html_text(one.caption));
    for (const auto& line : one.lines) {
      const std::string text = html_text(std::string(1, line.sign) + " " + line.text);
      const char* const tag = line.sign == '-' ? "del" : line.sign == '+' ? "ins" : "span";
      html += fmt::format("<{0}>{1}</{0}>{2}", tag, text, *tag == 's' ? "\n" : "");
    }
    return html + "</pre></figure>\n";
  }

  std::string operator()(const FileText& one) const {
    std::string html = fmt::format("<figure><figcaption>{}</figcaption>\n<pre><code>", html_text(one.caption));
    for (const std::string& line : one.lines) html += html_text(line) + "\n";
    return html + "</code></pre></figure>\n";
  }

  std::string operator()(const PhaseChart& one) {
    return fmt::format("<figure><figcaption>{}</figcaption>\n{}</figure>\n", html_text(one.title),
                       to_svg(one, fmt::format("chart-{}", ++charts_)));
  }

  std::string operator()(const ForPeople& one) const {
    return fmt::format("<div class=\"ask\"><b>To be written by people</b>{}</div>\n", html_text(one.ask));
  }

 private:
  static const char* look(const Table::Column& column) { return column.number ? " class=\"number\"" : ""; }

  int charts_ = 0;  // each has ids of its own
};

std::string contents(const ReportPage& page) {
  std::string html = "<nav aria-label=\"Sections\"><ol>\n";
  for (size_t i = 0; i < page.sections.size(); ++i) {
    if (page.sections[i].level > 2) continue;
    html += fmt::format("<li><a href=\"#section-{}\">{}</a></li>\n", i, html_text(page.sections[i].title));
  }
  return html + "</ol></nav>\n";
}

}  // namespace

std::string to_html(const ReportPage& page) {
  Printer printer;
  const auto print_all = [&](const std::vector<Block>& blocks) {
    std::string html;
    for (const Block& one : blocks) html += std::visit(printer, one);
    return html;
  };
  std::string html = fmt::format(R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{0}</title>
<style>{1}</style>
</head>
<body>
<header>
<h1>{0}</h1>
{2}{3}</header>
<main>
)",
                                 html_text(page.title), kStyle, print_all(page.head), contents(page));
  for (size_t i = 0; i < page.sections.size(); ++i) {
    const PageSection& section = page.sections[i];
    html += fmt::format("<h{0} id=\"section-{1}\">{2}</h{0}>\n", section.level, i, html_text(section.title));
    html += print_all(section.blocks);
  }
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace kedge
