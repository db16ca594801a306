#include "host/file_state.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace kedge {
namespace {

constexpr std::array<std::string_view, 7> kTypeNames = {"file", "dir", "link", "fifo", "socket", "block", "char"};

bool stands_for_itself(unsigned char byte) {
  return byte > 0x20 && byte < 0x7F &&
         std::string_view("\\#*?[]=\"'`").find(static_cast<char>(byte)) == std::string_view::npos;
}

// A slash is before every other byte of a name, so that what is in a directory follows it at once.
int rank(char byte) { return byte == '/' ? -1 : static_cast<unsigned char>(byte); }

bool is_octal(char c) { return c >= '0' && c <= '7'; }

}  // namespace

std::string_view to_string(FileType type) { return kTypeNames.at(static_cast<size_t>(type)); }

std::optional<FileType> file_type(std::string_view name) {
  const auto found = std::find(kTypeNames.begin(), kTypeNames.end(), name);
  if (found == kTypeNames.end()) return std::nullopt;
  return static_cast<FileType>(found - kTypeNames.begin());
}

// Paths of one tree have long beginnings in common, and are compared all the time: eight bytes at once.
bool path_before(std::string_view a, std::string_view b) {
  size_t same = 0;
  const size_t shorter = std::min(a.size(), b.size());
  while (same + 8 <= shorter && std::memcmp(a.data() + same, b.data() + same, 8) == 0) same += 8;
  a.remove_prefix(same);
  b.remove_prefix(same);
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (in_b == b.end()) return false;
  return in_a == a.end() || rank(*in_a) < rank(*in_b);
}

bool is_at_or_below(std::string_view path, std::string_view directory) {
  if (directory.empty() || path == directory) return true;
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

std::string visible(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char byte : bytes) {
    const auto octet = static_cast<unsigned char>(byte);
    if (stands_for_itself(octet)) {
      text += byte;
      continue;
    }
    text += '\\';
    for (const int shift : {6, 3, 0}) text += static_cast<char>('0' + ((octet >> shift) & 7));
  }
  return text;
}

Result<std::string> from_visible(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    if (i + 3 >= text.size() || !is_octal(text[i + 1]) || !is_octal(text[i + 2]) || !is_octal(text[i + 3])) {
      return Error{ErrorCode::invalid, "a backslash is followed by three octal digits"};
    }
    const int octet = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
    bytes += static_cast<char>(octet);
    i += 3;
  }
  if (visible(bytes) != text) return Error{ErrorCode::invalid, "a name is not written as kedge writes it"};
  return bytes;
}

std::string shown_path(std::string_view path) { return path.empty() ? "." : visible(path); }

}  // namespace kedge
