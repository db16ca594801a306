// What is wrong with a command line, in our words: what was typed, what was probably meant, and where to read on.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace kedge {

// The first word that is no command, at any depth; empty: there is none. To be asked before the line is parsed.
std::string unknown_command(const CLI::App&, int argc, const char* const* argv);

// Of a line that could not be parsed.
std::string usage_error(const CLI::App&, const CLI::ParseError&);

}  // namespace kedge
