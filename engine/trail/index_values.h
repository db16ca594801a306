// The dictionary of the derived index: a number for each text that a field has had. Functions and classes here throw
// SqliteFailure.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ledger/sqlite.h"
#include "trail/record_field.h"

namespace kedge {

// Which numbers of a field are wanted. What is beyond the list is not.
using WantedValues = std::vector<bool>;

// The number of this text, if there is one.
void want_text(Database& database, RecordField field, std::string_view text, WantedValues& wanted);
// Those of all texts that hold this part: of a target, a principal or an actor.
void want_part(Database& database, RecordField field, std::string_view part, WantedValues& wanted);
// Those of all texts that begin so; false: they are too many to be looked up.
bool want_beginning(Database& database, RecordField field, std::string_view beginning, WantedValues& wanted);

// The dictionary as it grows.
class GrowingValues {
 public:
  explicit GrowingValues(Database& database);

  uint32_t number_of(RecordField field, const std::string& text);
  // What is not in the file yet; to be called before a commit.
  void write();

 private:
  struct Field {
    uint32_t count = 0;
    uint32_t written = 0;
    std::string texts;                                  // of the newest pack, where the field has packs
    std::unordered_map<std::string, uint32_t> numbers;  // of late
  };

  void append_to_pack(RecordField field, Field& known, const std::string& text);
  void write_pack(RecordField field, const Field& known, int64_t pack);

  Database& database_;
  std::array<Field, kRecordFields.size()> fields_;
};

}  // namespace kedge
