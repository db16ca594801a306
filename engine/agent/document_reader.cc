#include "agent/document_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace kedge {

void DocumentReader::mistake(std::string_view name, std::string_view what) {
  if (mistake_.empty()) mistake_ = fmt::format("`{}` {}", name, what);
}

const Json* DocumentReader::find(const char* name) {
  ignore(name);
  const auto found = object_.find(name);
  if (found != object_.end()) return &*found;
  mistake(name, "is missing");
  return nullptr;
}

void DocumentReader::ignore(const char* name) { asked_.emplace_back(name); }

std::string DocumentReader::text(const char* name, size_t bytes_min, size_t bytes_max) {
  const Json* const found = find(name);
  if (found == nullptr) return {};
  if (!found->is_string()) return mistake(name, "is no text"), std::string();
  auto value = found->get<std::string>();
  if (value.size() >= bytes_min && value.size() <= bytes_max) return value;
  mistake(name, fmt::format("has {} bytes, and may have {} to {}", value.size(), bytes_min, bytes_max));
  return {};
}

Time DocumentReader::time(const char* name) {
  const std::string text = this->text(name, 1, 64);
  const auto parsed = parse_time(text);
  if (parsed && format_time(*parsed) == text) return *parsed;
  mistake(name, "is no time like 2026-11-21T10:51:00.123456Z");
  return {};
}

Json DocumentReader::object(const char* name) {
  const Json* const found = find(name);
  if (found != nullptr && found->is_object()) return *found;
  mistake(name, "is no object");
  return Json::object();
}

int64_t DocumentReader::number(const char* name) {
  const Json* const found = find(name);
  const bool good = found != nullptr && found->is_number_integer() && found->get<int64_t>() >= 0;
  if (good) return found->get<int64_t>();
  mistake(name, "is no number from 0");
  return 0;
}

std::vector<std::string> DocumentReader::texts(const char* name) {
  const Json* const found = find(name);
  std::vector<std::string> values;
  const bool is_list = found != nullptr && found->is_array() &&
                       std::all_of(found->begin(), found->end(), [](const Json& one) { return one.is_string(); });
  if (!is_list) return mistake(name, "is no list of texts"), values;
  for (const Json& one : *found) values.push_back(one.get<std::string>());
  return values;
}

void DocumentReader::require(bool holds, std::string_view name, std::string_view what) {
  if (!holds) mistake(name, what);
}

Result<void> DocumentReader::finish() {
  for (const auto& [name, value] : object_.items()) {
    if (std::find(asked_.begin(), asked_.end(), name) == asked_.end()) mistake(name, "is no member that is known");
  }
  if (mistake_.empty()) return {};
  return Error{ErrorCode::invalid, mistake_};
}

}  // namespace kedge
