#include "trail/state_difference.h"

#include <algorithm>
#include <array>

#include "base/json.h"

namespace kedge {
namespace {

constexpr int kDepthMax = 64;       // below, what differs is shown whole
constexpr size_t kShortText = 80;   // longer ones are compared line by line
constexpr size_t kLinesMax = 2000;  // beyond, a text is shown whole: the comparison is quadratic
constexpr std::array kNames = {"Sid", "ID", "Id", "id", "Name", "name", "rule_id", "SecurityGroupRuleId"};

void compare(const Json& before, const Json& after, const std::string& where, int depth,
             std::vector<StateChange>& changes);

// A document that is held as text.
std::optional<Json> opened(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty() || (text.front() != '{' && text.front() != '[')) return std::nullopt;
  auto document = parse_json(text);
  if (!document) return std::nullopt;
  return *std::move(document);
}

Json opened_or_itself(const Json& value) {
  auto document = opened(value);
  return document ? *std::move(document) : value;
}

std::string below(const std::string& where, const std::string& name) {
  const bool plain = name.find_first_of(".[]\" ") == std::string::npos && !name.empty();
  if (!plain) return where + "[" + Json(name).dump(-1, ' ', false, Json::error_handler_t::replace) + "]";
  return where.empty() ? name : where + "." + name;
}

void compare_objects(const Json& before, const Json& after, const std::string& where, int depth,
                     std::vector<StateChange>& changes) {
  for (const auto& [name, value] : before.items()) {
    const auto other = after.find(name);
    if (other == after.end()) {
      changes.push_back({below(where, name), opened_or_itself(value), std::nullopt});
    } else {
      compare(value, *other, below(where, name), depth, changes);
    }
  }
  for (const auto& [name, value] : after.items()) {
    if (!before.contains(name)) changes.push_back({below(where, name), std::nullopt, opened_or_itself(value)});
  }
}

// What an element of a list is called by, where it has a name.
std::string name_of(const Json& element) {
  if (!element.is_object()) return "";
  for (const char* name : kNames) {
    const auto found = element.find(name);
    if (found != element.end() && found->is_string()) return found->get<std::string>();
  }
  return "";
}

// Takes out of both lists what they have in common.
void drop_common(std::vector<Json>& before, std::vector<Json>& after) {
  std::erase_if(before, [&](const Json& element) {
    const auto twin = std::find(after.begin(), after.end(), element);
    if (twin == after.end()) return false;
    after.erase(twin);
    return true;
  });
}

std::string element_of(const std::string& where, const Json& element) { return where + "[" + name_of(element) + "]"; }

void compare_lists(const Json& before, const Json& after, const std::string& where, int depth,
                   std::vector<StateChange>& changes) {
  std::vector<Json> gone(before.begin(), before.end());
  std::vector<Json> come(after.begin(), after.end());
  drop_common(gone, come);
  if (gone.empty() && come.empty()) {
    changes.push_back({where + " (in another order)", before, after});
    return;
  }
  const bool one_each = gone.size() == 1 && come.size() == 1;
  for (const Json& element : gone) {
    const auto same = std::find_if(come.begin(), come.end(), [&](const Json& other) {
      return one_each || (!name_of(element).empty() && name_of(other) == name_of(element));
    });
    if (same == come.end()) {
      changes.push_back({element_of(where, element), element, std::nullopt});
      continue;
    }
    compare(element, *same, element_of(where, element), depth, changes);
    come.erase(same);
  }
  for (const Json& element : come) changes.push_back({element_of(where, element), std::nullopt, element});
}

// Lines; of XML, which comes without any, one for each tag.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines(1);
  for (size_t i = 0; i < text.size(); ++i) {
    const bool between_tags = text[i] == '<' && i > 0 && text[i - 1] == '>';
    if (text[i] == '\n' || between_tags) lines.emplace_back();
    if (text[i] != '\n') lines.back() += text[i];
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

// The lines that only one of the two has, by their longest common subsequence.
std::pair<std::vector<std::string>, std::vector<std::string>> differing_lines(const std::vector<std::string>& before,
                                                                              const std::vector<std::string>& after) {
  const size_t width = after.size() + 1;
  std::vector<uint16_t> common((before.size() + 1) * width, 0);  // of what is left from (i, j) on
  for (size_t i = before.size(); i-- > 0;) {
    for (size_t j = after.size(); j-- > 0;) {
      common[i * width + j] = before[i] == after[j] ? static_cast<uint16_t>(common[(i + 1) * width + j + 1] + 1)
                                                    : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  std::vector<std::string> gone, come;
  for (size_t i = 0, j = 0; i < before.size() || j < after.size();) {
    if (i < before.size() && j < after.size() && before[i] == after[j]) {
      ++i, ++j;
    } else if (j == after.size() || (i < before.size() && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      gone.push_back(before[i++]);
    } else {
      come.push_back(after[j++]);
    }
  }
  return {std::move(gone), std::move(come)};
}

void compare_texts(const Json& before, const Json& after, const std::string& where, std::vector<StateChange>& changes) {
  const auto& one = before.get_ref<const std::string&>();
  const auto& other = after.get_ref<const std::string&>();
  const auto lines = lines_of(one);
  const auto other_lines = lines_of(other);
  const bool is_short = one.size() <= kShortText && other.size() <= kShortText;
  if (is_short || std::max(lines.size(), other_lines.size()) > kLinesMax) {
    changes.push_back({where, before, after});
    return;
  }
  const auto [gone, come] = differing_lines(lines, other_lines);
  StateChange change{where, std::nullopt, std::nullopt};
  if (!gone.empty()) change.before = joined(gone);
  if (!come.empty()) change.after = joined(come);
  changes.push_back(std::move(change));
}

void compare(const Json& before, const Json& after, const std::string& where, int depth,
             std::vector<StateChange>& changes) {
  if (before == after) return;
  const auto document = opened(before);
  const auto other_document = opened(after);
  const bool open_both = document && other_document && depth < kDepthMax;
  if (open_both) return compare(*document, *other_document, where, depth + 1, changes);
  if (before.is_object() && after.is_object() && depth < kDepthMax) {
    return compare_objects(before, after, where, depth + 1, changes);
  }
  if (before.is_array() && after.is_array() && depth < kDepthMax) {
    return compare_lists(before, after, where, depth + 1, changes);
  }
  if (before.is_string() && after.is_string()) return compare_texts(before, after, where, changes);
  changes.push_back({where, document ? *document : before, other_document ? *other_document : after});
}

}  // namespace

std::vector<StateChange> state_difference(const Json& before, const Json& after) {
  std::vector<StateChange> changes;
  compare(before, after, "", 0, changes);
  if (changes.size() > kStateChangesMax) {
    const size_t left_out = changes.size() - kStateChangesMax + 1;
    changes.resize(kStateChangesMax - 1);
    changes.push_back({"and " + std::to_string(left_out) + " more", std::nullopt, std::nullopt});
  }
  return changes;
}

}  // namespace kedge
