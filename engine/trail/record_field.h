// What records are found by: the members that every filter looks at, and where they stand (ledger/RECORDS.md).
#pragma once

#include <array>
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace kedge {

// The numbers are kept in files (index_file.h).
enum class RecordField : uint8_t { kind, rule, target, remediation, state, guard, severity, principal, actor };

inline constexpr std::array kRecordFields = {RecordField::kind,        RecordField::rule,      RecordField::target,
                                             RecordField::remediation, RecordField::state,     RecordField::guard,
                                             RecordField::severity,    RecordField::principal, RecordField::actor};

// As raw_text_at (record_text.h) tells it: empty where the record has none.
std::string field_of(const nlohmann::json& record, RecordField field);

}  // namespace kedge
