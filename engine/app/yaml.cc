#include "app/yaml.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>

#include "base/files.h"
#include "base/nearest.h"

namespace kedge {
namespace {

int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

// Aliases can make a small file a large tree.
constexpr int kDepthMax = 32;
constexpr size_t kLinesMax = 100'000;

// Of two equal keys one would hold, and nobody would see which: a second `guards` could undo the first.
void note_lines(const YAML::Node& node, const std::string& path, int depth, YamlFile& file) {
  if (depth > kDepthMax || file.lines.size() > kLinesMax) return;
  file.lines.emplace(path, line_of(node));
  if (node.IsMap()) {
    std::map<std::string, int> seen;
    for (const auto& item : node) {
      const std::string& key = item.first.Scalar();
      const std::string field = path.empty() ? key : path + "." + key;
      const auto [first, is_new] = seen.emplace(key, line_of(item.first));
      if (!is_new) {
        file.mistakes.push_back(
            {line_of(item.first), field,
             fmt::format("stands here a second time (first in line {}); leave one of them", first->second)});
      }
      file.lines.emplace(field, line_of(item.first));
      note_lines(item.second, field, depth + 1, file);
    }
  } else if (node.IsSequence()) {
    for (size_t i = 0; i < node.size(); ++i) note_lines(node[i], fmt::format("{}[{}]", path, i), depth + 1, file);
  }
}

Result<std::string> resolve(const YamlFile& file, const std::string& text) {
  if (text.find("${") == std::string::npos) return text;
  const auto invalid = [](std::string message) { return Error{ErrorCode::invalid, std::move(message)}; };
  if (!text.starts_with("${") || text.find('}') != text.size() - 1) {
    return invalid(
        "a reference is the whole value, \"${env:NAME}\" or \"${file:PATH}\", not a part of it: put the whole text "
        "into the variable or the file");
  }
  const std::string inner = text.substr(2, text.size() - 3);
  const size_t colon = inner.find(':');
  if (colon == std::string::npos) return invalid("a reference says of what kind it is: ${env:NAME} or ${file:PATH}");
  const std::string kind = inner.substr(0, colon);
  const std::string name = inner.substr(colon + 1);
  if (kind == "env") return file.environment(name);
  if (kind != "file") {
    return invalid("'${" + kind + ":...}' is not known; secrets come from ${file:PATH} or ${env:NAME}");
  }
  auto bytes = read_file(beside(file.path, name), 1U << 20U);
  if (!bytes) {
    return invalid("the secret's file: " + bytes.error().message +
                   "; it must be there, and readable by the user that runs kedge");
  }
  if (!bytes->empty() && bytes->back() == '\n') bytes->pop_back();
  return bytes;
}

}  // namespace

int line_of(const FieldLines& lines, std::string field) {
  for (;;) {
    if (const auto found = lines.find(field); found != lines.end()) return found->second;
    if (field.empty()) return 0;
    const size_t cut = field.find_last_of(".[");
    field.erase(cut == std::string::npos ? 0 : cut);
  }
}

bool lies_in(const std::string& path, const std::string& directory) {
  std::error_code unreadable;  // then it is looked at as it is written
  const auto real = [&](const std::string& one) {
    auto found = std::filesystem::weakly_canonical(one, unreadable);
    return unreadable ? std::filesystem::absolute(one).lexically_normal() : found;
  };
  const auto inner = real(path), outer = real(directory);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

std::pair<std::string, std::string> setting_and_reason(const std::string& message) {
  const size_t colon = message.find(": ");
  const bool begins_so = colon != std::string::npos && message.find(' ') == colon + 1;
  return begins_so ? std::pair(message.substr(0, colon), message.substr(colon + 2)) : std::pair(std::string(), message);
}

std::string beside(const std::string& file, const std::string& path) {
  const std::filesystem::path given(path);
  if (given.is_absolute() || path.empty()) return path;
  return (std::filesystem::absolute(file).parent_path() / given).lexically_normal().string();
}

Section::Section(YamlFile& file, const YAML::Node& node, std::string path)
    : file_(file), node_(node), path_(std::move(path)) {
  if (path_.empty() && node_.IsDefined()) note_lines(node_, "", 0, file_);
  if (node_.IsDefined() && !node_.IsNull() && !node_.IsMap()) {
    file_.mistakes.push_back({line_of(node_), path_, "must be a mapping (key: value)"});
    is_mapping_ = false;
    node_ = YAML::Node(YAML::NodeType::Map);
  }
}

bool Section::has(std::string_view key) const {
  return node_.IsMap() && const_cast<const YAML::Node&>(node_)[std::string(key)].IsDefined();
}

std::string Section::field(std::string_view key) const {
  if (path_.empty()) return std::string(key);
  return key.empty() ? path_ : path_ + "." + std::string(key);
}

void Section::known(std::string_view key) { known_.emplace_back(key); }

bool Section::is_known(const std::string& key) const {
  return std::find(known_.begin(), known_.end(), key) != known_.end();
}

bool Section::is_misspelt(std::string_view key) const {
  if (!node_.IsMap() || has(key)) return false;
  const std::vector<std::string_view> names(known_.begin(), known_.end());
  for (const auto& item : node_) {
    const std::string& written = item.first.Scalar();
    if (!is_known(written) && nearest(written, names) == key) return true;
  }
  return false;
}

bool Section::is_wrong(std::string_view key) const {
  key = key.substr(0, key.find_first_of(".["));
  const auto is_due = [&](const auto& one) { return one.first == key; };
  return !is_mapping_ || wrong_.contains(key) || std::any_of(due_.begin(), due_.end(), is_due) || is_misspelt(key);
}

void Section::require(std::string_view key, std::string message) {
  if (is_mapping_ && !has(key)) due_.emplace_back(key, std::move(message));
}

void Section::refuse(std::string_view key, std::string message) {
  if (!has(key)) return;
  known(key);
  mistake(key, std::move(message));
}

YAML::Node Section::find(std::string_view key) {
  known(key);
  return has(key) ? node_[std::string(key)] : YAML::Node(YAML::NodeType::Undefined);
}

void Section::mistake(std::string_view key, std::string message) {
  if (!key.empty()) wrong_.emplace(key.substr(0, key.find_first_of(".[")));
  file_.mistakes.push_back({line_of(file_.lines, field(key)), field(key), std::move(message)});
}

bool Section::scalar(std::string_view key, const YAML::Node& node, std::string& value) {
  if (!node.IsScalar()) {
    mistake(key, "must be a single value");
    return false;
  }
  auto resolved = resolve(file_, node.Scalar());
  if (!resolved) {
    mistake(key, resolved.error().message);
    return false;
  }
  value = *std::move(resolved);
  return true;
}

void Section::text(std::string_view key, std::string& value) {
  const YAML::Node node = find(key);
  if (node.IsDefined()) scalar(key, node, value);
}

void Section::required_text(std::string_view key, std::string& value) {
  text(key, value);
  require(key, fmt::format("'{}' is missing", key));
  if (has(key) && value.empty() && !is_wrong(key)) mistake(key, "must not be empty");
}

void Section::texts(std::string_view key, std::vector<std::string>& values) {
  const YAML::Node node = find(key);
  if (!node.IsDefined()) return;
  values.clear();
  std::string value;
  if (node.IsScalar()) {
    if (scalar(key, node, value)) values.push_back(value);
    return;
  }
  if (!node.IsSequence()) return mistake(key, "must be a list");
  for (size_t i = 0; i < node.size(); ++i) {
    if (scalar(fmt::format("{}[{}]", key, i), node[i], value)) values.push_back(value);
  }
}

void Section::text_map(std::string_view key, std::map<std::string, std::string>& values) {
  const YAML::Node node = find(key);
  if (!node.IsDefined() || node.IsNull()) return;
  if (!node.IsMap()) return mistake(key, "must be a mapping (key: value)");
  for (const auto& item : node) {
    std::string value;
    const std::string& name = item.first.Scalar();
    if (scalar(fmt::format("{}.{}", key, name), item.second, value)) values[name] = value;
  }
}

void Section::boolean(std::string_view key, bool& value) {
  const YAML::Node node = find(key);
  if (!node.IsDefined()) return;
  if (node.IsScalar() && (node.Scalar() == "true" || node.Scalar() == "false")) {
    value = node.Scalar() == "true";
  } else {
    mistake(key, "must be true or false");
  }
}

void Section::duration(std::string_view key, Duration& value, Duration least, Duration most) {
  std::string text_value;
  text(key, text_value);
  if (!has(key) || is_wrong(key)) return;
  const auto parsed = parse_duration(text_value);
  if (!parsed) return mistake(key, parsed.error().message);
  if (*parsed < least || *parsed > most) {
    return mistake(key, fmt::format("must be from {} to {}", format_duration(least), format_duration(most)));
  }
  value = *parsed;
}

bool Section::read_integer(std::string_view key, int64_t& value, int64_t least, int64_t most) {
  std::string text_value;
  text(key, text_value);
  if (!has(key) || is_wrong(key)) return false;
  int64_t number = 0;
  const char* const end = text_value.data() + text_value.size();
  const auto [stop, failure] = std::from_chars(text_value.data(), end, number);
  if (failure != std::errc() || stop != end || number < least || number > most) {
    mistake(key, fmt::format("must be a whole number from {} to {}", least, most));
    return false;
  }
  value = number;
  return true;
}

void Section::bytes(std::string_view key, size_t& value, int64_t least, int64_t most) {
  std::string text_value;
  text(key, text_value);
  if (!has(key) || is_wrong(key)) return;
  int64_t number = 0;
  const char* const end = text_value.data() + text_value.size();
  const auto [stop, failure] = std::from_chars(text_value.data(), end, number);
  const std::string unit(stop, end);
  const std::map<std::string, int> shifts = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
  const auto shift = shifts.find(unit);
  const bool readable = failure == std::errc() && shift != shifts.end() && number >= 0 && number < (int64_t{1} << 30);
  const int64_t wide = readable ? number << shift->second : 0;
  if (!readable || wide < least || wide > most) {
    return mistake(key, fmt::format("must be a number of bytes from {} to {}, like 65536, 64KiB or 1MiB", least, most));
  }
  value = static_cast<size_t>(wide);
}

bool Section::says(std::string_view key, std::string_view word) {
  const YAML::Node node = find(key);
  return node.IsDefined() && node.IsScalar() && node.Scalar() == word;
}

void Section::section(std::string_view key, const std::function<void(Section&)>& read) {
  Section inner(file_, find(key), field(key));
  read(inner);
  inner.finish();
}

void Section::sections(std::string_view key, const std::function<void(Section&)>& read) {
  const YAML::Node node = find(key);
  if (!node.IsDefined() || node.IsNull()) return;
  if (!node.IsSequence()) return mistake(key, "must be a list (- key: value)");
  for (size_t i = 0; i < node.size(); ++i) {
    Section inner(file_, node[i], fmt::format("{}[{}]", field(key), i));
    read(inner);
    inner.finish();
  }
}

void Section::named_sections(std::string_view key, const std::function<void(const std::string&, Section&)>& read) {
  const YAML::Node node = find(key);
  if (!node.IsDefined() || node.IsNull()) return;
  if (!node.IsMap()) return mistake(key, "must be a mapping of names");
  for (const auto& item : node) {
    Section inner(file_, item.second, field(key) + "." + item.first.Scalar());
    read(item.first.Scalar(), inner);
    inner.finish();
  }
}

void Section::finish() {
  for (const auto& [key, message] : due_) {
    if (!is_misspelt(key)) file_.mistakes.push_back({line_of(file_.lines, path_), path_, message});
  }
  if (!node_.IsMap()) return;
  const std::vector<std::string_view> names(known_.begin(), known_.end());
  for (const auto& item : node_) {
    const std::string key = item.first.Scalar();
    if (is_known(key)) continue;
    file_.mistakes.push_back(
        {line_of(item.first), field(key),
         fmt::format("is not a known key{}; known here: {}", did_you_mean(key, names), fmt::join(names, ", "))});
  }
}

}  // namespace kedge
