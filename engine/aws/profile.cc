#include "aws/profile.h"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "base/files.h"

namespace kedge {
namespace {

constexpr size_t kFileBytesMax = 1U << 20U;

using Sections = std::map<std::string, ProfileSection>;

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Reads line by line. A line that begins with a blank belongs to the setting above it, when that has no value of its
// own.
class SectionReader {
 public:
  explicit SectionReader(const std::string& path) : path_(path) {}

  Result<Sections> read(std::string_view text) {
    for (int number = 1; !text.empty(); ++number) {
      const size_t end = text.find('\n');
      if (!read_line(text.substr(0, end))) {
        return Error{ErrorCode::invalid, path_ + ":" + std::to_string(number) +
                                             ": neither a [section] nor a \"name = value\" inside a section"};
      }
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return std::move(sections_);
  }

 private:
  bool read_line(std::string_view line) {
    const bool nested = line.starts_with(' ') || line.starts_with('\t');
    line = trimmed(line);
    if (line.empty() || line.front() == '#' || line.front() == ';') return true;
    if (line.front() == '[') return read_head(line);
    const size_t equals = line.find('=');
    if (section_ == nullptr) return false;
    if (equals == std::string_view::npos) return nested;  // the rest of a value over several lines: nothing we read
    std::string name(trimmed(line.substr(0, equals)));
    if (nested && !parent_.empty()) {
      name = parent_ + "." + name;
    } else {
      parent_ = trimmed(line.substr(equals + 1)).empty() ? name : "";
    }
    (*section_)[name] = trimmed(line.substr(equals + 1));
    return true;
  }

  bool read_head(std::string_view line) {
    const size_t close = line.find(']');
    if (close == std::string_view::npos) return false;
    std::string name(trimmed(line.substr(1, close - 1)));
    std::erase(name, '"');
    section_ = &sections_[name];
    parent_.clear();
    return true;
  }

  const std::string& path_;
  Sections sections_;
  ProfileSection* section_ = nullptr;
  std::string parent_;
};

Result<Sections> read_sections(const std::string& path) {
  if (path.empty()) return Sections{};
  const auto text = read_file(path, kFileBytesMax);
  if (!text && text.error().code == ErrorCode::not_found) return Sections{};
  if (!text) return text.error();
  return SectionReader(path).read(*text);
}

std::string path_of(const Environment& environment, const std::string& name, const std::string& in_home) {
  const std::string path = variable(environment, name);
  const std::string home = variable(environment, "HOME");
  if (path.starts_with("~/") && !home.empty()) return home + path.substr(1);
  if (!path.empty()) return path;
  return home.empty() ? "" : home + in_home;
}

bool others_may_read(const std::string& path) {
  struct stat status {};
  return !path.empty() && stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

const std::string* find_setting(const Sections& sections, const std::string& profile, const std::string& key) {
  const auto section = sections.find(profile);
  if (section == sections.end()) return nullptr;
  const auto setting = section->second.find(key);
  return setting == section->second.end() ? nullptr : &setting->second;
}

}  // namespace

Environment read_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

std::string variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

std::string Profiles::setting(const std::string& profile, const std::string& key) const {
  for (const Sections* sections : {&credentials, &config}) {
    if (const std::string* value = find_setting(*sections, profile, key)) return *value;
  }
  return "";
}

bool Profiles::has(const std::string& profile) const {
  return config.contains(profile) || credentials.contains(profile);
}

Result<Profiles> read_profiles(const Environment& environment) {
  Profiles profiles;
  const std::string credentials_path = path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials");
  auto credentials = read_sections(credentials_path);
  if (!credentials) return credentials.error();
  profiles.credentials = std::move(*credentials);
  if (others_may_read(credentials_path)) {
    profiles.warnings.push_back(credentials_path + " may be read by others than its owner: chmod 600");
  }

  auto config = read_sections(path_of(environment, "AWS_CONFIG_FILE", "/.aws/config"));
  if (!config) return config.error();
  for (auto& [name, section] : *config) {
    constexpr std::string_view kProfile = "profile ";
    constexpr std::string_view kServices = "services ";
    if (name == "default") profiles.config["default"] = std::move(section);
    if (name.starts_with(kProfile)) profiles.config[std::string(trimmed(name.substr(kProfile.size())))] = section;
    if (name.starts_with(kServices)) profiles.services[std::string(trimmed(name.substr(kServices.size())))] = section;
  }
  return profiles;
}

std::string profile_name(const AwsOptions& options, const Environment& environment) {
  if (!options.profile.empty()) return options.profile;
  for (const char* name : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (std::string value = variable(environment, name); !value.empty()) return value;
  }
  return "default";
}

}  // namespace kedge
