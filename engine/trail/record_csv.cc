#include "trail/record_csv.h"

#include <array>

#include "base/csv.h"
#include "base/hash.h"
#include "base/json.h"
#include "trail/record_summary.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

struct Column {
  const char* name;
  const char* member;             // of the record: a JSON pointer
  std::string Opening::*of = {};  // where the record itself has not got it
};

constexpr std::array<Column, 23> kColumns = {{{"seq", "/seq"},
                                              {"at", "/at"},
                                              {"kind", "/kind"},
                                              {"remediation", "/remediation"},
                                              {"rule", "/rule/id"},
                                              {"rule_version", "/rule/version"},
                                              {"target", "/target"},
                                              {"title", "/policy/title", &Opening::title},
                                              {"severity", "/policy/severity", &Opening::severity},
                                              {"principal", "/event/principal", &Opening::principal},
                                              {"address", "/event/address", &Opening::address},
                                              {"from", "/from"},
                                              {"to", "/to"},
                                              {"guard", "/guard"},
                                              {"actor", "/actor"},
                                              {"reason", "/reason"},
                                              {"step", "/step"},
                                              {"action", "/action"},
                                              {"attempt", "/attempt"},
                                              {"result", "/result"},
                                              {"code", "/code"},
                                              {"message", "/message"},
                                              {"writes", "/writes"}}};

bool is_number(const Json& record, const char* member) {
  const Json* const value = value_at(record, member);
  return value != nullptr && value->is_number();
}

std::string field_of(const Column& column, const Json& record, const Opening* opening) {
  std::string text = text_at(record, column.member);
  if (is_number(record, column.member)) return csv_quoted(text);
  if (text.empty() && column.of != nullptr && opening != nullptr) text = printable(opening->*column.of);
  return csv_field(text);
}

}  // namespace

std::string record_csv_header() {
  std::vector<std::string> names;
  for (const Column& column : kColumns) names.emplace_back(column.name);
  names.emplace_back("summary");
  names.emplace_back("record_sha256");
  return csv_line(names);
}

std::string record_csv(const JournalEntry& entry, const Json& record, const Opening* opening) {
  std::vector<std::string> fields;
  for (const Column& column : kColumns) fields.push_back(field_of(column, record, opening));
  fields.push_back(csv_field(summary_of(record)));
  fields.push_back(sha256(entry.bytes).hex());
  return csv_line(fields);
}

}  // namespace kedge
