#include "app/output.h"

#include <algorithm>
#include <map>
#include <ostream>

#include "base/csv.h"
#include "base/nearest.h"

namespace kedge {
namespace {

using nlohmann::json;

std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "";
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The number of characters: bytes that begin one, in UTF-8.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// What stands in a table's cell: no control character, so that a name from an event cannot draw on the terminal, and no
// more than `most` characters.
std::string cell(const json& value, size_t most) {
  std::string text = text_of(value);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  if (width_of(text) <= most) return text;
  size_t kept = 0;
  size_t end = 0;
  while (kept < most) {
    ++end;
    if ((text[end] & 0xC0) != 0x80) ++kept;
  }
  size_t last = end - 1;  // the beginning of the last character that was kept gives way to the ellipsis
  while ((text[last] & 0xC0) == 0x80) --last;
  return text.substr(0, last) + "…";
}

void print_table(const Listing& listing, std::ostream& out) {
  std::vector<std::vector<std::string>> lines(1);
  std::vector<size_t> shown;
  for (size_t i = 0; i < listing.columns.size(); ++i) {
    if (listing.columns[i].title.empty()) continue;
    shown.push_back(i);
    lines[0].push_back(listing.columns[i].title);
  }
  for (const auto& row : listing.rows) {
    std::vector<std::string>& line = lines.emplace_back();
    for (const size_t i : shown) line.push_back(cell(row[i], listing.columns[i].width_max));
  }
  std::vector<size_t> widths(shown.size());
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
  }
  for (const auto& line : lines) {
    std::string text;
    for (size_t i = 0; i < line.size(); ++i) {
      text += line[i];
      if (i + 1 < line.size()) text.append(widths[i] - width_of(line[i]) + 2, ' ');
    }
    out << text << "\n";
  }
}

void print_json(const Listing& listing, std::ostream& out) {
  json rows = json::array();
  for (const auto& row : listing.rows) {
    json object = json::object();
    for (size_t i = 0; i < row.size(); ++i) object[listing.columns[i].name] = row[i];
    rows.push_back(std::move(object));
  }
  out << rows.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
}

std::string csv_cell(const json& value) {
  return value.is_string() ? csv_field(text_of(value)) : csv_quoted(text_of(value));
}

void print_csv(const Listing& listing, std::ostream& out) {
  std::vector<std::string> fields;
  for (const Listing::Column& column : listing.columns) fields.push_back(column.name);
  out << csv_line(fields);
  for (const auto& row : listing.rows) {
    fields.clear();
    for (const json& value : row) fields.push_back(csv_cell(value));
    out << csv_line(fields);
  }
}

}  // namespace

CLI::Validator one_of(std::vector<std::string> words) {
  const auto check = [words = std::move(words)](const std::string& word) -> std::string {
    if (std::find(words.begin(), words.end(), word) != words.end()) return "";
    std::string all;
    for (const std::string& known : words) all += (all.empty() ? "" : ", ") + known;
    return "'" + word + "'" + did_you_mean(word, {words.begin(), words.end()}) + " is none of: " + all;
  };
  return CLI::Validator(check, "");
}

void add_output_option(CLI::App& command, OutputFormat& format) {
  const std::map<std::string, OutputFormat> formats = {
      {"table", OutputFormat::table}, {"json", OutputFormat::json}, {"csv", OutputFormat::csv}};
  command
      .add_option_function<std::string>(
          "-o,--output", [formats, &format](const std::string& name) { format = formats.at(name); },
          "table, json or csv")
      ->check(one_of({"table", "json", "csv"}))
      ->type_name("FORMAT");
}

void print(const Listing& listing, OutputFormat format, const std::string& nothing, std::ostream& out) {
  switch (format) {
    case OutputFormat::table:
      if (listing.rows.empty()) {
        out << nothing << "\n";
      } else {
        print_table(listing, out);
      }
      break;
    case OutputFormat::json:
      print_json(listing, out);
      break;
    case OutputFormat::csv:
      print_csv(listing, out);
      break;
  }
}

}  // namespace kedge
