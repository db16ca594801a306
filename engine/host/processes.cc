#include "host/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include "base/descriptor.h"

namespace kedge {
namespace {

constexpr std::string_view kDeleted = " (deleted)";

std::string folder_of(const std::string& proc, pid_t number) { return proc + "/" + std::to_string(number) + "/"; }

Descriptor opened(const std::string& path) { return Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC)); }

// What /proc tells has no size beforehand.
std::string read_some(const Descriptor& file, size_t bytes_max) {
  std::string text;
  std::array<char, 16U << 10U> piece;
  while (file.get() >= 0 && text.size() < bytes_max) {
    const ssize_t got = read(file.get(), piece.data(), std::min(piece.size(), bytes_max - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(piece.data(), static_cast<size_t>(got));
  }
  return text;
}

std::string read_some(const std::string& path, size_t bytes_max) { return read_some(opened(path), bytes_max); }

std::optional<std::string> target_of(const std::string& link) {
  std::array<char, 4096> piece;
  const ssize_t got = readlink(link.c_str(), piece.data(), piece.size());
  if (got <= 0) return std::nullopt;
  return std::string(piece.data(), static_cast<size_t>(got));
}

std::vector<std::string> names_in(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder.c_str()), &closedir);
  std::vector<std::string> names;
  while (directory != nullptr) {
    const dirent* const entry = readdir(directory.get());
    if (entry == nullptr) break;
    names.emplace_back(entry->d_name);
  }
  return names;
}

template <class Number>
std::optional<Number> number_in(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (wrong != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Takes the next word off the front.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

// Who gives a file a name that ends so is taken for one who has deleted it.
ImageFile named(std::string name) {
  ImageFile file;
  file.is_deleted = name.ends_with(kDeleted);
  if (file.is_deleted) name.resize(name.size() - kDeleted.size());
  file.path = std::move(name);
  return file;
}

std::optional<ImageFile> image_of(const std::string& folder) {
  struct stat status {};
  const std::string link = folder + "exe";
  const auto target = target_of(link);
  if (!target) return std::nullopt;
  const bool is_seen = stat(link.c_str(), &status) == 0;
  ImageFile image = named(*target);
  if (is_seen) {
    image.device = status.st_dev;
    image.inode = status.st_ino;
  }
  return image;
}

// "pid (name) state parent ...": the name may hold anything.
bool read_stat(const std::string& text, Process& process) {
  const size_t begin = text.find('(');
  const size_t end = text.rfind(')');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return false;
  process.name = text.substr(begin + 1, end - begin - 1);
  std::string_view rest = std::string_view(text).substr(end + 1);
  while (rest.ends_with('\n')) rest.remove_suffix(1);
  take_word(rest);
  process.parent = number_in<pid_t>(take_word(rest)).value_or(0);
  for (int field = 5; field < 22; ++field) take_word(rest);
  const auto started = number_in<uint64_t>(take_word(rest));
  process.started = started.value_or(0);
  return started.has_value();
}

// "socket:[4711]", "mnt:[4026531841]".
std::optional<uint64_t> bracketed(std::string_view text, std::string_view before) {
  if (!text.starts_with(before) || !text.ends_with(']')) return std::nullopt;
  text.remove_prefix(before.size());
  text.remove_suffix(1);
  return number_in<uint64_t>(text);
}

// A line feed stands as \012.
std::string unescaped(std::string_view path) {
  std::string text;
  while (!path.empty()) {
    const bool is_line_feed = path.starts_with("\\012");
    text += is_line_feed ? '\n' : path.front();
    path.remove_prefix(is_line_feed ? 4 : 1);
  }
  return text;
}

// Each file once.
struct FilesMapped {
  void add(std::string name, uint64_t device, uint64_t inode, uint64_t begin, uint64_t end) {
    if (inode == 0 || !name.starts_with('/') || !seen.insert({device, inode}).second) return;
    ImageFile file = named(std::move(name));
    file.device = device;
    file.inode = inode;
    all.push_back({std::move(file), fmt::format("{:x}-{:x}", begin, end)});
  }

  std::vector<MappedFile> all;
  std::set<std::pair<uint64_t, uint64_t>> seen;
};

// As linux/fs.h has it since Linux 6.11 (struct procmap_query); a kernel takes it of any size that it knows.
struct MappingQuery {
  uint64_t size = sizeof(MappingQuery);
  uint64_t flags = 0;
  uint64_t address = 0;
  uint64_t begin = 0, end = 0;  // from here on what is answered
  uint64_t rights = 0;
  uint64_t page_size = 0;
  uint64_t offset = 0;
  uint64_t inode = 0;
  uint32_t device_major = 0, device_minor = 0;
  uint32_t name_size = 0;
  uint32_t build_id_size = 0;
  uint64_t name = 0;
  uint64_t build_id = 0;
};
static_assert(sizeof(MappingQuery) == 104);

constexpr uint64_t kExecutable = 0x04, kAtOrBehind = 0x10, kOfAFile = 0x20;

// None: they are to be read. So are those of which one cannot be told like this, as with a very long name.
std::optional<std::vector<MappedFile>> ask_for_executable_mappings(const Descriptor& maps) {
  FilesMapped files;
  std::array<char, 4096> name;
  MappingQuery query;
  for (size_t asked = 0; asked < kMappingsMax; ++asked) {
    query.flags = kExecutable | kAtOrBehind | kOfAFile;
    query.address = query.end;
    query.name = reinterpret_cast<uint64_t>(name.data());  // NOLINT: as the kernel wants it
    query.name_size = name.size();
    name.front() = '\0';  // where it gives none
    if (ioctl(maps.get(), kQueryMapping, &query) != 0) {
      if (errno == ENOENT) break;
      return std::nullopt;
    }
    files.add(name.data(), makedev(query.device_major, query.device_minor), query.inode, query.begin, query.end);
  }
  return std::move(files.all);
}

}  // namespace

const unsigned long kQueryMapping = _IOWR('f', 17, MappingQuery);

std::vector<pid_t> process_numbers(const std::string& proc) {
  std::vector<pid_t> numbers;
  for (const std::string& name : names_in(proc)) {
    if (const auto number = number_in<pid_t>(name)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::optional<Process> read_process(pid_t number, const std::string& proc) {
  const std::string folder = folder_of(proc, number);
  Process process;
  process.number = number;
  if (!read_stat(read_some(folder + "stat", 4096), process)) return std::nullopt;
  process.image = image_of(folder);
  if (const auto mounts = target_of(folder + "ns/mnt")) process.mounts = bracketed(*mounts, "mnt:[").value_or(0);
  return process;
}

std::vector<MappedFile> executable_mappings(pid_t number, const std::string& proc) {
  const Descriptor maps = opened(folder_of(proc, number) + "maps");
  if (auto asked = ask_for_executable_mappings(maps)) return *std::move(asked);
  return parse_executable_mappings(read_some(maps, kMapsBytesMax));
}

std::vector<MappedFile> parse_executable_mappings(std::string_view maps) {
  FilesMapped files;
  while (!maps.empty()) {
    std::string_view line = maps.substr(0, maps.find('\n'));
    maps.remove_prefix(std::min(maps.size(), line.size() + 1));
    const std::string_view place = take_word(line);
    const std::string_view rights = take_word(line);
    take_word(line);  // the offset
    const std::string_view device = take_word(line);
    const auto inode = number_in<uint64_t>(take_word(line));
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const size_t dash = place.find('-');
    const size_t colon = device.find(':');
    if (rights.size() < 4 || rights[2] != 'x' || !inode || dash == place.npos || colon == device.npos) continue;
    const auto begin = number_in<uint64_t>(place.substr(0, dash), 16);
    const auto end = number_in<uint64_t>(place.substr(dash + 1), 16);
    const auto major = number_in<unsigned>(device.substr(0, colon), 16);
    const auto minor = number_in<unsigned>(device.substr(colon + 1), 16);
    if (begin && end && major && minor) files.add(unescaped(line), makedev(*major, *minor), *inode, *begin, *end);
  }
  return std::move(files.all);
}

std::map<std::string, std::string> environment_of(pid_t number, const std::set<std::string>& names,
                                                  const std::string& proc) {
  const std::string text = read_some(folder_of(proc, number) + "environ", kEnvironmentBytesMax);
  std::map<std::string, std::string> found;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view variable = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), variable.size() + 1));
    const size_t equals = variable.find('=');
    if (equals == std::string_view::npos) continue;
    std::string name(variable.substr(0, equals));
    if (names.contains(name)) found.emplace(std::move(name), variable.substr(equals + 1));
  }
  return found;
}

std::map<uint64_t, std::vector<pid_t>> holders_of_sockets(const std::set<uint64_t>& inodes, const std::string& proc) {
  std::map<uint64_t, std::vector<pid_t>> holders;
  if (inodes.empty()) return holders;
  size_t looked_at = 0;
  for (const pid_t number : process_numbers(proc)) {
    const std::string folder = folder_of(proc, number) + "fd/";
    for (const std::string& name : names_in(folder)) {
      if (++looked_at > kDescriptorsMax) return holders;
      const auto target = name.starts_with('.') ? std::nullopt : target_of(folder + name);
      const auto inode = target ? bracketed(*target, "socket:[") : std::nullopt;
      if (!inode || !inodes.contains(*inode)) continue;
      auto& all = holders[*inode];
      if (all.empty() || all.back() != number) all.push_back(number);
    }
  }
  return holders;
}

}  // namespace kedge
