#include "host/package_records.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/files.h"

namespace kedge {
namespace {

constexpr std::string_view kAdmin = "var/lib/dpkg";
constexpr const char* kOwnTables = "dpkg's own tables";

struct PackagedFile {
  std::string package;  // "NAME VERSION"
  std::string md5;      // hexadecimal
};

// Takes the first line off the front.
std::string_view next_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

std::string_view value_of(std::string_view line, std::string_view field) {
  if (!line.starts_with(field)) return {};
  line.remove_prefix(field.size());
  while (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

// The records, as far as they concern some paths.
class Records {
 public:
  Records(std::string root, std::set<std::string> wanted) : root_(std::move(root)), wanted_(std::move(wanted)) {
    for (const char* name : {"bin", "lib", "lib32", "lib64", "libx32", "sbin"}) {
      struct stat found {};
      if (lstat((root_ + "/" + name).c_str(), &found) == 0 && S_ISLNK(found.st_mode)) merged_.insert(name);
    }
  }

  Result<void> read() {
    for (const auto part : {&Records::read_diversions, &Records::read_status, &Records::read_md5sums}) {
      if (auto done = (this->*part)(); !done) return done;
    }
    return {};
  }

  // Who has what, instead of what it holds.
  Result<void> read_owners() {
    for (const auto part : {&Records::read_diversions, &Records::read_status, &Records::read_lists}) {
      if (auto done = (this->*part)(); !done) return done;
    }
    return {};
  }
  std::map<std::string, std::string> take_owners() { return std::move(owners_); }

  Result<bool> has(const std::string& package) {
    if (auto done = read_status(); !done) return done.error();
    return versions_.contains(package);
  }

  const PackagedFile* find(const std::string& path) const {
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : &found->second;
  }

 private:
  struct Diversion {
    std::string to, package;  // of `package` itself the file stays where it is
  };

  Result<std::string> admin_file(const std::string& name) const {
    return read_file(fmt::format("{}/{}/{}", root_, kAdmin, name), 256U << 20U);
  }

  // Three lines each: what, whereto, by whom.
  Result<void> read_diversions() {
    const auto text = admin_file("diversions");
    if (!text && text.error().code == ErrorCode::not_found) return {};
    if (!text) return text.error();
    for (std::string_view rest = *text; !rest.empty();) {
      const std::string from(next_line(rest));
      const std::string to(next_line(rest));
      diversions_[placed(from)] = {placed(to), std::string(next_line(rest))};
    }
    return {};
  }

  // Packages' versions, and their conffiles: " PATH MD5" with perhaps a word behind it.
  Result<void> read_status() {
    const auto text = admin_file("status");
    if (!text) return text.error();
    for (std::string_view rest = *text; !rest.empty();) {
      std::string package;
      std::string architecture;
      std::string version;
      bool has_files = false;  // also half-way, as "unpacked"
      std::vector<std::string_view> conffiles;
      bool in_conffiles = false;
      for (std::string_view line = next_line(rest); !line.empty(); line = next_line(rest)) {
        if (line.starts_with(' ')) {
          if (in_conffiles) conffiles.push_back(line.substr(1));
          continue;
        }
        in_conffiles = line.starts_with("Conffiles:");
        if (const auto value = value_of(line, "Package:"); !value.empty()) package = value;
        if (const auto value = value_of(line, "Architecture:"); !value.empty()) architecture = value;
        if (const auto value = value_of(line, "Version:"); !value.empty()) version = value;
        if (line.starts_with("Status:"))
          has_files = !line.ends_with(" not-installed") && !line.ends_with(" config-files");
      }
      if (!has_files) continue;
      versions_[package] = version;
      versions_[package + ":" + architecture] = version;
      for (std::string_view line : conffiles) {
        const std::string_view path = line.substr(0, line.find(' '));
        line.remove_prefix(std::min(line.size(), path.size() + 1));
        note(package, version, path, line.substr(0, line.find(' ')));
      }
    }
    return {};
  }

  Result<void> read_md5sums() {
    constexpr std::string_view kEnding = ".md5sums";
    for (const auto& [name, version] : versions_) {
      const auto text = admin_file("info/" + name + std::string(kEnding));
      if (!text && text.error().code == ErrorCode::not_found) continue;  // it has no files, or the other name
      if (!text) return text.error();
      for (std::string_view rest = *text; !rest.empty();) {
        const std::string_view line = next_line(rest);
        const size_t gap = line.find("  ");
        if (gap != std::string_view::npos) {
          note(name.substr(0, name.find(':')), version, line.substr(gap + 2), line.substr(0, gap));
        }
      }
    }
    return {};
  }

  // A path a line; the first is the root, "/.".
  Result<void> read_lists() {
    for (const auto& [name, version] : versions_) {
      const auto text = admin_file("info/" + name + ".list");
      if (!text && text.error().code == ErrorCode::not_found) continue;  // it has the other name
      if (!text) return text.error();
      const std::string package = name.substr(0, name.find(':'));
      for (std::string_view rest = *text; !rest.empty();) {
        const std::string path = placed_for(package, next_line(rest));
        if (wanted_.contains(path)) owners_.emplace(path, package + " " + version);
      }
    }
    return {};
  }

  // Where a path of this package lies, unless another one has had it put aside.
  std::string placed_for(const std::string& package, std::string_view path) const {
    std::string placed_path = placed(path);
    const auto diverted = diversions_.find(placed_path);
    return diverted != diversions_.end() && diverted->second.package != package ? diverted->second.to : placed_path;
  }

  void note(const std::string& package, const std::string& version, std::string_view path, std::string_view md5) {
    const std::string placed_path = placed_for(package, path);
    if (wanted_.contains(placed_path)) files_[placed_path] = {package + " " + version, std::string(md5)};
  }

  // Where a package's path lies below the root.
  std::string placed(std::string_view path) const {
    while (path.starts_with('/')) path.remove_prefix(1);
    const bool merged = merged_.contains(std::string(path.substr(0, path.find('/')))) && path.find('/') != path.npos;
    return (merged ? "usr/" : "") + std::string(path);
  }

  const std::string root_;
  const std::set<std::string> wanted_;
  std::set<std::string> merged_;  // directories that are links into /usr
  std::map<std::string, std::string> versions_;
  std::map<std::string, Diversion> diversions_;
  std::map<std::string, PackagedFile> files_;
  std::map<std::string, std::string> owners_;
};

// The MD5 of a file, in hexadecimal, if it can be read and has this SHA-256.
std::optional<std::string> md5_of(const std::string& path, const Digest& expected) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.get() < 0) return std::nullopt;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr) != 1) return std::nullopt;  // where policy allows no MD5
  Sha256 hash;
  std::vector<char> bytes(256U << 10U);
  for (;;) {
    const ssize_t part = read(file.get(), bytes.data(), bytes.size());
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) return std::nullopt;
    if (part == 0) break;
    hash.add({bytes.data(), static_cast<size_t>(part)});
    EVP_DigestUpdate(context.get(), bytes.data(), static_cast<size_t>(part));
  }
  std::array<char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()), &size);
  if (hash.finish() != expected) return std::nullopt;
  return to_hex({digest.data(), size});
}

bool only_content_changed(const Difference& difference) {
  return std::all_of(difference.changes.begin(), difference.changes.end(), [](const FieldChange& change) {
    return change.field == "sha256" || change.field == "size" || change.field == "time";
  });
}

bool is_harmless_new_file(const FileState& state) {
  return state.uid == 0 && state.gid == 0 && (state.mode & ~0755U) == 0 && state.capabilities.empty();
}

// Tables that dpkg writes at each upgrade; what it would run is none.
bool is_own_table(const std::string& path) {
  if (!is_at_or_below(path, kAdmin) || path.size() <= kAdmin.size()) return false;
  const std::string name = path.substr(kAdmin.size() + 1);
  for (const char* table : {"available", "available-old", "diversions", "diversions-old", "status", "status-old"}) {
    if (name == table) return true;
  }
  if (!name.starts_with("info/")) return false;
  for (const char* ending : {".conffiles", ".list", ".md5sums", ".shlibs", ".symbols", ".templates", ".triggers"}) {
    if (name.ends_with(ending)) return true;
  }
  return false;
}

const FileState* find_state(const std::vector<ScannedEntry>& entries, const std::string& path) {
  const auto found = std::lower_bound(
      entries.begin(), entries.end(), path,
      [](const ScannedEntry& entry, const std::string& sought) { return path_before(entry.state.path, sought); });
  return found != entries.end() && found->state.path == path ? &found->state : nullptr;
}

// Whether what is there now may be a package's work, before anything of it is read.
bool may_be_upgrade(const Difference& difference, const FileState& state) {
  if (state.type != FileType::file || !state.sha256) return false;
  return difference.kind == Difference::Kind::modified ? only_content_changed(difference) : is_harmless_new_file(state);
}

}  // namespace

bool has_package_records(const std::string& root) {
  std::error_code wrong;
  return std::filesystem::is_regular_file(fmt::format("{}/{}/status", root, kAdmin), wrong);
}

Result<std::map<std::string, std::string>> package_owners(const std::string& root, const std::set<std::string>& paths) {
  Records records(root, paths);
  if (auto done = records.read_owners(); !done) return done.error().with("dpkg's records");
  return records.take_owners();
}

bool is_package_there(const std::string& root, const std::string& package) {
  const auto has = Records(root, {}).has(package);
  return !has || *has;
}

// apt holds the one while it runs dpkg again and again, which holds the other.
bool is_dpkg_at_work(const std::string& root) {
  const auto is_held = [&](const char* name) {
    const Descriptor file(open(fmt::format("{}/{}/{}", root, kAdmin, name).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return file.get() >= 0 && fcntl(file.get(), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  };
  return is_held("lock") || is_held("lock-frontend");
}

Result<void> mark_package_upgrades(const std::string& root, const std::vector<ScannedEntry>& now,
                                   std::vector<Difference>& differences) {
  std::set<std::string> wanted;
  std::vector<std::pair<Difference*, const FileState*>> possible;
  for (Difference& difference : differences) {
    if (difference.kind == Difference::Kind::removed) continue;
    const FileState* const state = find_state(now, difference.path);
    if (state == nullptr || !may_be_upgrade(difference, *state)) continue;
    if (is_own_table(difference.path)) {
      difference.package = kOwnTables;
      continue;
    }
    wanted.insert(difference.path);
    possible.emplace_back(&difference, state);
  }
  if (possible.empty()) return {};
  Records records(root, std::move(wanted));
  if (auto done = records.read(); !done) return done.error().with("dpkg's records");
  for (const auto& [difference, state] : possible) {
    const PackagedFile* const file = records.find(state->path);
    if (file != nullptr && file->md5 == md5_of(root + "/" + state->path, *state->sha256)) {
      difference->package = file->package;
    }
  }
  return {};
}

}  // namespace kedge
