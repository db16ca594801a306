// What records are found by: the members that every filter looks at, and where they stand (ledger/RECORDS.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/result.h"
#include "ledger/values.h"

namespace kedge {

// The numbers are kept in files (index_file.h).
enum class RecordField : uint8_t { kind, rule, target, remediation, state, guard, severity, principal, actor };

inline constexpr std::array kRecordFields = {RecordField::kind,        RecordField::rule,      RecordField::target,
                                             RecordField::remediation, RecordField::state,     RecordField::guard,
                                             RecordField::severity,    RecordField::principal, RecordField::actor};

// As raw_text_at (record_text.h) tells it: empty where the record has none.
std::string field_of(const nlohmann::json& record, RecordField field);

// What the index takes of a record.
struct RecordFields {
  std::array<std::string, kRecordFields.size()> texts;  // as field_of tells them
  std::optional<int64_t> about;                         // of a notice: the record that it is about

  const std::string& operator[](RecordField field) const { return texts.at(static_cast<size_t>(field)); }
};

// Reads them from many records, one after the other, without making a document of each. One thread.
class RecordFieldReader {
 public:
  RecordFieldReader();
  ~RecordFieldReader();

  // corrupt: the bytes are no record.
  Result<RecordFields> read(const JournalEntry& entry);

 private:
  struct Parser;
  const std::unique_ptr<Parser> parser_;
};

}  // namespace kedge
