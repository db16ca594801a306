// Comma-separated values (RFC 4180), safe to open in a spreadsheet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kedge {

// One field. Text that a spreadsheet would take for a formula (it begins with = + - @, one of their full-width forms, a
// tab or a line's end, also behind spaces) gets an apostrophe in front. Numbers of ours are no text: they stay as they
// are.
std::string csv_field(std::string_view text);

// One field that is no text: quoted where it must be, and nothing more.
std::string csv_quoted(std::string_view value);

// One line, with its CRLF, of fields that are ready.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace kedge
