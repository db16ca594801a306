#include "host/maintainer_work.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <filesystem>
#include <optional>

#include "base/descriptor.h"
#include "base/files.h"
#include "base/hash.h"
#include "host/package_records.h"
#include "host/python_cache.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kInfo = "var/lib/dpkg/info/";
constexpr const char* kStatus = "var/lib/dpkg/status";
constexpr std::string_view kTrusted = "etc/ssl/certs/";
constexpr const char* kTrustedBundle = "etc/ssl/certs/ca-certificates.crt";
constexpr const char* kTrustedNames = "etc/ca-certificates.conf";
constexpr const char* kPackagesCertificates = "usr/share/ca-certificates";
constexpr const char* kMachinesCertificates = "usr/local/share/ca-certificates";
constexpr std::string_view kBootImage = "boot/initrd.img-";
constexpr const char* kBootMenu = "boot/grub/grub.cfg";
constexpr int64_t kTogether = 5;      // seconds between the renames of one package's records
constexpr int64_t kRightAfter = 600;  // seconds, until dpkg has written that a trigger is done
constexpr int kLinksMax = 16;         // that lead to one another
constexpr size_t kCertificatesMax = 8U << 20U;

// What was changed, if it is still there; otherwise what it was.
const FileState& state_of(const Mutation& mutation) {
  return mutation.after ? mutation.after->state : mutation.before->state;
}

bool is_roots_file(const Mutation& mutation, FileType type) {
  if (!mutation.after) return false;
  const FileState& state = mutation.after->state;
  const bool is_safe = type == FileType::link || (state.mode & ~0755U) == 0;
  return state.type == type && state.uid == 0 && state.gid == 0 && state.capabilities.empty() && is_safe;
}

std::optional<struct stat> stat_of(const std::string& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) return std::nullopt;
  return found;
}

// What stands before the ending; empty: it has another one.
std::string without_ending(const std::string& path, std::initializer_list<const char*> endings) {
  for (const std::string_view ending : endings) {
    if (path.ends_with(ending)) return path.substr(0, path.size() - ending.size());
  }
  return "";
}

// The package whose script it is, as the names in `info` have it; empty: it is none.
std::string package_of_script(const std::string& path) {
  if (!path.starts_with(kInfo)) return "";
  return without_ending(path, {".preinst", ".postinst", ".prerm", ".postrm", ".config"});
}

// The package of which dpkg keeps this; empty: of none.
std::string package_of_info(const std::string& path) {
  const size_t dot = path.rfind('.');
  const bool is_info = path.starts_with(kInfo) && dot != path.npos && dot > kInfo.size();
  return is_info ? path.substr(kInfo.size(), dot - kInfo.size()) : "";
}

// Of the image that a kernel begins with; empty: it is none.
std::string kernel_of(const std::string& path) {
  const bool is_image = path.starts_with(kBootImage) && path.find('/', kBootImage.size()) == path.npos;
  return is_image ? "boot/vmlinuz-" + path.substr(kBootImage.size()) : "";
}

// Each certificate as it stands in a text, with its first and its last line.
std::set<std::string> certificates_in(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  std::set<std::string> all;
  for (size_t begin = text.find(kBegin); begin != text.npos; begin = text.find(kBegin, begin + 1)) {
    const size_t end = text.find(kEnd, begin);
    if (end == text.npos) break;
    all.emplace(text.substr(begin, end + kEnd.size() - begin));
  }
  return all;
}

// That the text holds nothing else: no other words that a program could take for a certificate.
bool holds_only_certificates(std::string_view text) {
  constexpr std::string_view kAnyBegin = "-----BEGIN ";
  size_t begins = 0;
  for (size_t at = text.find(kAnyBegin); at != text.npos; at = text.find(kAnyBegin, at + 1)) ++begins;
  return begins == certificates_in(text).size();
}

}  // namespace

MaintainerWork::MaintainerWork(std::string system, Baseline baseline,
                               std::function<bool(const std::string& path)> was_listed)
    : system_(std::move(system)), baseline_(std::move(baseline)), was_listed_(std::move(was_listed)) {}

std::set<std::string> MaintainerWork::asks(const Mutation& mutation, const std::string& path) const {
  if (!mutation.before && !mutation.after) return {};
  if (path == kTrustedBundle || path == kTrustedNames) return certificate_files();
  std::set<std::string> all{kernel_of(path), python_source_of(path).value_or("")};
  if (state_of(mutation).type == FileType::link) {
    const std::string end = end_of_links(path);
    all.insert({end, kernel_of(end), former_end_of_links(mutation, path)});
  }
  all.erase("");
  return all;
}

bool MaintainerWork::explains(const Mutation& mutation, const std::string& path, const Owners& owners) const {
  if (!mutation.before && !mutation.after) return false;
  return is_script(mutation, path) || went_with_its_package(mutation, path) ||
         leads_to_a_packages(mutation, path, owners) || led_to_a_packages(mutation, path, owners) ||
         is_trust_in_packages(mutation, path, owners) || is_copy_put_aside(mutation, path) ||
         is_made_to_boot(mutation, path, owners) || is_compiled(mutation, path, owners);
}

// dpkg renames all that it knows of a package into place at once: one that was changed later has a later ctime.
bool MaintainerWork::is_script(const Mutation& mutation, const std::string& path) const {
  const std::string package = package_of_script(path);
  if (package.empty() || !is_roots_file(mutation, FileType::file)) return false;
  const int64_t came = mutation.after->identity.ctime.seconds;
  for (const char* ending : {".list", ".md5sums"}) {
    const auto record = stat_of(system_ + "/" + package + ending);
    if (record && std::abs(record->st_ctim.tv_sec - came) <= kTogether && is_new(package + ending)) return true;
  }
  return false;
}

bool MaintainerWork::went_with_its_package(const Mutation& mutation, const std::string& path) const {
  const std::string package = package_of_info(path);
  return !mutation.after && !package.empty() && !is_package_there(system_, package);
}

bool MaintainerWork::leads_to_a_packages(const Mutation& mutation, const std::string& path,
                                         const Owners& owners) const {
  const bool is_on_its_way = path.ends_with(".dpkg-tmp") || path.ends_with(".dpkg-new");
  if (is_on_its_way || !is_roots_file(mutation, FileType::link)) return false;
  const std::string end = end_of_links(path);
  if (!owners.contains(end) && !owners.contains(kernel_of(end))) return false;
  return is_new(end) || (path.starts_with(kTrusted) && end.starts_with(kPackagesCertificates));
}

bool MaintainerWork::led_to_a_packages(const Mutation& mutation, const std::string& path, const Owners& owners) const {
  const std::string end = former_end_of_links(mutation, path);
  return !end.empty() && went_with_its_upgrade(end, owners);
}

bool MaintainerWork::is_trust_in_packages(const Mutation& mutation, const std::string& path,
                                          const Owners& owners) const {
  const bool is_bundle = path == kTrustedBundle;
  if ((!is_bundle && path != kTrustedNames) || !is_roots_file(mutation, FileType::file)) return false;
  const auto text = read_file(system_ + "/" + path, kCertificatesMax);
  if (!text || sha256(*text) != mutation.after->state.sha256) return false;
  std::set<std::string> trusted;
  for (const std::string& file : certificate_files()) {
    const bool is_packages = file.starts_with(kPackagesCertificates) && owners.contains(file);
    if (!is_packages && is_new(file)) continue;
    const auto content = is_bundle ? read_file(system_ + "/" + file, kCertificatesMax) : Result<std::string>("");
    if (is_bundle && content) trusted.merge(certificates_in(*content));
    if (!is_bundle && is_packages) trusted.insert(file.substr(std::string_view(kPackagesCertificates).size() + 1));
  }
  const auto is_trusted = [&](const std::string& one) { return trusted.contains(one); };
  if (is_bundle) {
    const std::set<std::string> all = certificates_in(*text);
    return holds_only_certificates(*text) && std::all_of(all.begin(), all.end(), is_trusted);
  }
  for (std::string_view rest = *text; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.empty() || line.starts_with('#') || line.starts_with('!')) continue;
    if (!is_trusted(std::string(line))) return false;
  }
  return true;
}

// Readable for nobody who could not read the original.
bool MaintainerWork::is_copy_put_aside(const Mutation& mutation, const std::string& path) const {
  const std::string original = without_ending(path, {".dpkg-old", ".ucf-old", ".dpkg-backup"});
  if (original.empty() || !is_roots_file(mutation, FileType::file)) return false;
  const FileState* const known = baseline_(original);
  if (known == nullptr || !known->sha256) return false;
  const FileState& copy = mutation.after->state;
  return known->sha256 == copy.sha256 && (copy.mode & ~known->mode) == 0;
}

bool MaintainerWork::is_made_to_boot(const Mutation& mutation, const std::string& path, const Owners& owners) const {
  const std::string kernel = kernel_of(path);
  if (kernel.empty() && path != kBootMenu) return false;
  if (!mutation.after) return !kernel.empty() && went_with_its_upgrade(kernel, owners);
  return (kernel.empty() || owners.contains(kernel)) && is_made_right_before_records(mutation);
}

bool MaintainerWork::is_compiled(const Mutation& mutation, const std::string& path, const Owners& owners) const {
  const auto source = python_source_of(path);
  if (!source) return false;
  if (!mutation.after) return went_with_its_upgrade(*source, owners);
  const FileState* const known = baseline_(*source);
  const auto now = stat_of(system_ + "/" + *source);
  const bool is_unpacked_anew = now && (known == nullptr || known->mtime.seconds != now->st_mtim.tv_sec);
  return is_unpacked_anew && owners.contains(*source) && is_made_right_before_records(mutation);
}

bool MaintainerWork::went_with_its_upgrade(const std::string& path, const Owners& owners) const {
  return was_listed_(path) && !owners.contains(path) && !stat_of(system_ + "/" + path);
}

bool MaintainerWork::is_made_right_before_records(const Mutation& mutation) const {
  const auto records = stat_of(system_ + "/" + std::string(kStatus));
  if (!records || !is_roots_file(mutation, FileType::file)) return false;
  const int64_t made = mutation.after->identity.ctime.seconds;
  const int64_t written = records->st_mtim.tv_sec;
  return made <= written && written <= made + kRightAfter;
}

// Where a link leads to in the end, in the system; empty: nowhere.
std::string MaintainerWork::end_of_links(const std::string& path) const {
  const Descriptor root(open(system_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const Descriptor end(static_cast<int>(syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how)));
  if (root.get() < 0 || end.get() < 0) return "";
  const auto path_of = [](const Descriptor& held) {
    std::array<char, PATH_MAX> name{};
    const std::string link = "/proc/self/fd/" + std::to_string(held.get());
    const ssize_t size = readlink(link.c_str(), name.data(), name.size());
    return std::string(name.data(), size > 0 ? static_cast<size_t>(size) : 0);
  };
  const std::string top = path_of(root);
  const std::string whole = path_of(end);
  if (!whole.starts_with(top == "/" ? "/" : top + "/")) return "";
  return whole.substr(top == "/" ? 1 : top.size() + 1);
}

// Where a link that is gone led to, as far as the baseline says; empty: it was none.
std::string MaintainerWork::former_end_of_links(const Mutation& mutation, const std::string& path) const {
  if (mutation.after || !mutation.before || mutation.before->state.type != FileType::link) return "";
  std::string at = path;
  const FileState* link = &mutation.before->state;
  for (int links = 0; links < kLinksMax; ++links) {
    if (link == nullptr || link->type != FileType::link) return at;
    at = (fs::path("/" + at).parent_path() / link->link_target).lexically_normal().relative_path().string();
    link = baseline_(at);
  }
  return "";
}

// Whether the baseline has it otherwise, or not at all.
bool MaintainerWork::is_new(const std::string& path) const {
  const FileState* const known = baseline_(path);
  if (known == nullptr || !known->sha256) return true;
  const auto content = read_file(system_ + "/" + path, 64U << 20U);
  return !content || sha256(*content) != known->sha256;
}

std::set<std::string> MaintainerWork::certificate_files() const {
  std::set<std::string> all;
  for (const char* folder : {kPackagesCertificates, kMachinesCertificates}) {
    std::error_code wrong;
    for (fs::recursive_directory_iterator one(system_ + "/" + folder, wrong), end; !wrong && one != end;
         one.increment(wrong)) {
      if (one->is_regular_file(wrong) && !one->is_symlink(wrong)) {
        all.insert(one->path().string().substr(system_ == "/" ? 1 : system_.size() + 1));
      }
    }
  }
  return all;
}

}  // namespace kedge
