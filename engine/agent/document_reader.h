// Reads the members of a document, each of which has to be there and of its kind; what is not asked for must not be
// there. Private to agent/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace kedge {

// The first mistake counts; what is read after it is empty.
class DocumentReader {
 public:
  explicit DocumentReader(const Json& object) : object_(object) {}

  std::string text(const char* name, size_t bytes_min, size_t bytes_max);
  Time time(const char* name);       // in the form of format_time
  Json object(const char* name);     // of any members
  int64_t number(const char* name);  // from 0
  std::vector<std::string> texts(const char* name);
  void ignore(const char* name);  // it may be there

  // For what a member's kind does not say.
  void require(bool holds, std::string_view name, std::string_view what);

  // All was asked for, and good.
  Result<void> finish();

 private:
  const Json* find(const char* name);
  void mistake(std::string_view name, std::string_view what);

  const Json& object_;
  std::vector<std::string> asked_;
  std::string mistake_;
};

}  // namespace kedge
