#include "host/file_evidence.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "base/bytes.h"
#include "host/file_state.h"

namespace kedge {
namespace {

constexpr size_t kPieceBytes = 256U << 10U;
constexpr size_t kAttributesBytesMax = 64U << 10U;

std::string time_text(const statx_timestamp& time) {
  const std::chrono::sys_seconds seconds{std::chrono::seconds(time.tv_sec)};
  std::string text = format_time(Time(seconds));
  text.resize(text.find('.'));
  return text + fmt::format(".{:09}Z", time.tv_nsec);
}

FileType type_of(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return FileType::directory;
    case S_IFLNK:
      return FileType::link;
    case S_IFIFO:
      return FileType::fifo;
    case S_IFSOCK:
      return FileType::socket;
    case S_IFBLK:
      return FileType::block;
    case S_IFCHR:
      return FileType::character;
    default:
      return FileType::file;
  }
}

// What a path names below the root, held; negative, with errno: there is nothing, or a link leads there.
Descriptor held(const Descriptor& root, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return Descriptor(static_cast<int>(syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how)));
}

void put_attributes(const std::string& opened, Json& about) {
  std::array<char, 4096> names{};
  const ssize_t size = listxattr(opened.c_str(), names.data(), names.size());
  if (size <= 0) return;
  Json attributes = Json::object();
  for (const char* name = names.data(); name < names.data() + size; name += std::strlen(name) + 1) {
    std::string value(kAttributesBytesMax, '\0');
    const ssize_t length = getxattr(opened.c_str(), name, value.data(), value.size());
    if (length < 0 || !is_utf8(name)) continue;
    attributes[name] = to_hex(std::string_view(value).substr(0, static_cast<size_t>(length)));
  }
  about["attributes"] = std::move(attributes);
}

void put_metadata(const struct statx& found, Json& about) {
  const FileType type = type_of(found.stx_mode);
  about["type"] = to_string(type);
  about["mode"] = fmt::format("{:04o}", found.stx_mode & 07777U);
  about["uid"] = found.stx_uid;
  about["gid"] = found.stx_gid;
  about["links"] = found.stx_nlink;
  about["inode"] = std::to_string(found.stx_ino);
  about["device"] = fmt::format("{}:{}", found.stx_dev_major, found.stx_dev_minor);
  if (type == FileType::block || type == FileType::character) {
    about["device_number"] = fmt::format("{}:{}", found.stx_rdev_major, found.stx_rdev_minor);
  }
  about["mtime"] = time_text(found.stx_mtime);
  about["ctime"] = time_text(found.stx_ctime);
  about["atime"] = time_text(found.stx_atime);
  if ((found.stx_mask & STATX_BTIME) != 0) about["born"] = time_text(found.stx_btime);
  Json flags = Json::array();
  if ((found.stx_attributes & STATX_ATTR_IMMUTABLE) != 0) flags.push_back("immutable");
  if ((found.stx_attributes & STATX_ATTR_APPEND) != 0) flags.push_back("append");
  if (!flags.empty()) about["flags"] = std::move(flags);
}

void capture_link(const Descriptor& link, Json& about) {
  std::vector<char> target(PATH_MAX + 1);
  const ssize_t size = readlinkat(link.get(), "", target.data(), target.size());
  if (size >= 0) put_text(about, "link_target", {target.data(), static_cast<size_t>(size)});
}

// What an O_PATH handle is of, opened: this very inode, whatever has its name now.
Descriptor opened(const std::string& held_at) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  Descriptor file(open(held_at.c_str(), kFlags | O_NOATIME));
  if (file.get() < 0 && errno == EPERM) file = Descriptor(open(held_at.c_str(), kFlags));
  return file;
}

void capture_held(EvidenceWriter& writer, const Descriptor& entry, const std::string& part, Json& about) {
  struct statx found {};
  if (statx(entry.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) {
    about["fault"] = std::strerror(errno);
    return;
  }
  put_metadata(found, about);
  const FileType type = type_of(found.stx_mode);
  if (type == FileType::link) return capture_link(entry, about);
  const std::string held_at = "/proc/self/fd/" + std::to_string(entry.get());
  put_attributes(held_at, about);
  if (type != FileType::file) return;
  const Descriptor file = opened(held_at);
  if (file.get() < 0) {
    about["fault"] = std::strerror(errno);
    return;
  }
  capture_content(writer, file, part, about);
  struct statx after {};
  if (statx(entry.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &after) != 0) return;
  const bool same = after.stx_ctime.tv_sec == found.stx_ctime.tv_sec &&
                    after.stx_ctime.tv_nsec == found.stx_ctime.tv_nsec && after.stx_size == found.stx_size;
  if (!same) about["changed_while_read"] = true;
}

std::string why_not(int number) {
  if (number == ENOENT || number == ENOTDIR) return "it is not there";
  if (number == ELOOP) return "a link is on the way";
  if (number == EXDEV) return "it leads out of the root";
  return std::strerror(number);
}

std::string shown_in_cut(const Json& about, const std::string& part) {
  for (const char* key : {"path", "executable"}) {
    if (about.contains(key)) return about[key].get<std::string>();
  }
  return part;
}

}  // namespace

void capture_content(EvidenceWriter& writer, const Descriptor& file, const std::string& part, Json& about) {
  const size_t keep_max = part.empty() ? 0 : std::min(writer.limits().file_bytes, writer.room());
  std::string kept;
  Sha256 hash;
  std::vector<char> piece(kPieceBytes);
  uint64_t size = 0;
  for (;;) {
    const ssize_t got = pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) about["fault"] = std::strerror(errno);
    if (got <= 0) break;
    const std::string_view bytes(piece.data(), static_cast<size_t>(got));
    hash.add(bytes);
    size += bytes.size();
    kept.append(bytes.substr(0, keep_max - kept.size()));
    if (writer.is_late()) break;
  }
  const bool whole = pread(file.get(), piece.data(), 1, static_cast<off_t>(size)) == 0;
  about["size"] = size;
  about["sha256"] = whole ? Json(hash.finish().hex()) : Json();
  if (!whole) writer.cut(shown_in_cut(about, part), std::nullopt, "it could not be read to its end in time");
  if (part.empty()) return;
  if (kept.size() < size) {
    writer.cut(shown_in_cut(about, part), size - kept.size(),
               keep_max < writer.limits().file_bytes ? "no room is left"
                                                     : fmt::format("more than {} bytes", writer.limits().file_bytes));
  }
  about["kept_bytes"] = kept.size();
  about["part"] = part;
  writer.write(part, kept);
}

void capture_files(EvidenceWriter& writer, const std::string& root, const std::vector<std::string>& paths) {
  EvidenceList list(writer, "files", writer.limits().paths);
  const Descriptor folder(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) writer.cut("files", paths.size(), "the root " + root + ": " + std::strerror(errno));
  size_t number = 0;
  for (const std::string& path : paths) {
    ++number;
    if (folder.get() < 0 || !list.has_room()) continue;
    Json about = Json::object();
    put_text(about, "path", path);
    const size_t begin = path.find_first_not_of('/');
    const Descriptor entry = held(folder, begin == std::string::npos ? "." : path.substr(begin));
    if (entry.get() < 0) {
      about["absent"] = why_not(errno);
    } else {
      capture_held(writer, entry, fmt::format("files/{:04}", number), about);
    }
    list.add(about);
  }
  list.write();
}

}  // namespace kedge
