#include "rule/rule_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/bytes.h"
#include "base/files.h"
#include "base/nearest.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLibrary = "lib/";

bool is_test(std::string_view path) { return path.ends_with(".test.lua"); }
bool is_library(std::string_view path) { return path.starts_with(kLibrary); }
bool is_list(std::string_view path) { return is_library(path) && path.ends_with(".txt"); }
bool is_read(std::string_view path) {
  return path.ends_with(".lua") || is_list(path) || (is_library(path) && path.ends_with(".json"));
}

std::vector<std::string> paths_where(const std::map<std::string, std::string>& texts,
                                     bool (*wanted)(std::string_view)) {
  std::vector<std::string> paths;
  for (const auto& [path, text] : texts) {
    if (wanted(path)) paths.push_back(path);
  }
  return paths;
}

// The paths of all files to read, sorted.
Result<std::vector<std::string>> list_files(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  fs::recursive_directory_iterator entries(directory, error);
  for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
    if (entries->path().filename().native().starts_with('.')) {
      entries.disable_recursion_pending();
      continue;
    }
    const std::string path = entries->path().lexically_relative(directory).generic_string();
    if (is_read(path) && !entries->is_directory(error)) paths.push_back(path);
    error.clear();  // a link that leads nowhere: reading it says so
  }
  if (error) {
    return Error{
        ErrorCode::not_found,
        fmt::format("the rule directory {} cannot be read: {}; mend the path, or make it (kedge init shows how)",
                    directory, error.message())};
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// "lib/aws/s3.lua" → "aws.s3"
std::string module_name(std::string_view path) {
  std::string name(path.substr(kLibrary.size()));
  name.erase(name.rfind('.'));
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

}  // namespace

std::vector<std::string> RuleFiles::rules() const {
  return paths_where(texts, [](std::string_view path) { return !is_library(path) && !is_test(path); });
}

std::vector<std::string> RuleFiles::tests() const {
  return paths_where(texts, [](std::string_view path) { return !is_library(path) && is_test(path); });
}

Result<std::string> RuleFiles::module_path(std::string_view name) const {
  std::string base(name);
  std::replace(base.begin(), base.end(), '.', '/');
  base.insert(0, kLibrary);
  for (const char* const ending : {".lua", ".json"}) {
    if (texts.contains(base + ending)) return base + ending;
  }
  std::vector<std::string> modules;
  for (const auto& [path, text] : texts) {
    if (is_library(path) && !is_list(path)) modules.push_back(module_name(path));
  }
  const std::vector<std::string_view> known(modules.begin(), modules.end());
  return Error{ErrorCode::not_found, fmt::format("there is no module '{}'{}: neither {}.lua nor {}.json is there", name,
                                                 did_you_mean(name, known), base, base)};
}

Result<RuleFiles> read_rule_files(const std::string& directory, size_t file_bytes_max) {
  const auto paths = list_files(directory);
  if (!paths) return paths.error();
  RuleFiles files{directory, {}};
  for (const std::string& path : *paths) {
    auto text = read_file((fs::path(directory) / path).string(), file_bytes_max);
    if (!text) return text.error().with(path);
    if (!is_utf8(*text)) return Error{ErrorCode::invalid, path + ": the text is not UTF-8"};
    files.texts[path] = *std::move(text);
  }
  return files;
}

}  // namespace kedge
