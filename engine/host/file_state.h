// What a baseline knows of one entry of a tree: what must be equal on every host that has the same tree. What differs
// from host to host although nothing was changed (inode, ctime, a directory's size and times) is not in here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"

namespace kedge {

enum class FileType : uint8_t { file, directory, link, fifo, socket, block, character };

// As mtree(5) calls it: "file", "dir", "link", "fifo", "socket", "block", "char".
std::string_view to_string(FileType);
std::optional<FileType> file_type(std::string_view name);

struct FileTime {
  int64_t seconds = 0;  // since 1970, UTC
  uint32_t nanoseconds = 0;

  auto operator<=>(const FileTime&) const = default;
};

struct FileState {
  std::string path;  // bytes, below the root, without a slash at an end; the root itself: ""
  FileType type = FileType::file;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint32_t mode = 0;             // the permissions, with setuid, setgid and the sticky bit
  uint64_t links = 0;            // of files
  uint64_t size = 0;             // of files
  FileTime mtime;                // of files and links
  std::optional<Digest> sha256;  // of files; none: unread
  std::string capabilities;      // of files: the bytes of security.capability
  std::string link_target;       // of links
  uint32_t device_major = 0;     // of devices
  uint32_t device_minor = 0;
  bool unread = false;  // it is there, but what it holds could not be read

  bool operator==(const FileState&) const = default;
};

// The order of a tree: a directory, then what is in it, by the bytes of the names.
bool path_before(std::string_view a, std::string_view b);

// Whether `path` is `directory` or lies in it.
bool is_at_or_below(std::string_view path, std::string_view directory);

// Any bytes as one word of visible ASCII, which reads back as the same bytes: what is not a letter, a digit or one of
// the marks that mean nothing to mtree(5), to a shell's patterns and to kedge becomes a backslash and three octal
// digits.
std::string visible(std::string_view bytes);
// An error (invalid) where the text is not what visible() writes.
Result<std::string> from_visible(std::string_view text);

// visible(), and "." for the root: how people are told of a path.
std::string shown_path(std::string_view path);

}  // namespace kedge
