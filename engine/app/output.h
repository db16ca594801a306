// How every listing is printed: as a table for people, as JSON or CSV for programs (--output).
#pragma once

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace kedge {

enum class OutputFormat { table, json, csv };

// Rows of named columns. Values are JSON: text and numbers are printed as they are, the rest as JSON.
struct Listing {
  struct Column {
    std::string name;       // of JSON's member and CSV's head: "remediation"
    std::string title;      // of the table's head: "REMEDIATION"; empty: not in the table
    size_t width_max = 60;  // in the table, in characters; what is longer ends in "…"
  };
  std::vector<Column> columns;
  std::vector<std::vector<nlohmann::json>> rows;  // one value for each column
};

// Takes these words only, and says which there are.
CLI::Validator one_of(std::vector<std::string> words);

// "-o, --output table|json|csv".
void add_output_option(CLI::App& command, OutputFormat& format);

// A table without rows prints `nothing` instead ("no remediation is open").
void print(const Listing& listing, OutputFormat format, const std::string& nothing, std::ostream& out);

}  // namespace kedge
