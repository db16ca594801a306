#include "host/process_evidence.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "host/file_evidence.h"

namespace kedge {
namespace {

constexpr size_t kCommandBytesMax = 16U << 10U;
constexpr size_t kMapsBytesMax = 4U << 20U;
constexpr size_t kEnvironmentBytesMax = 128U << 10U;
constexpr size_t kMappedMax = 512;  // files that a process runs code from
constexpr uint32_t kNoLogin = UINT32_MAX;

// A process, held: what is read of it is never another's that has its number by then.
class HeldProcess {
 public:
  explicit HeldProcess(pid_t number)
      : number_(number),
        folder_(open(("/proc/" + std::to_string(number)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

  pid_t number() const { return number_; }
  bool is_there() const { return folder_.get() >= 0; }

  std::string read(const char* name, size_t bytes_max = 65'536) const {
    const Descriptor file(openat(folder_.get(), name, O_RDONLY | O_CLOEXEC));
    std::string bytes(file.get() < 0 ? 0 : bytes_max, '\0');
    size_t size = 0;
    while (size < bytes.size()) {
      const ssize_t got = ::read(file.get(), bytes.data() + size, bytes.size() - size);
      if (got <= 0) break;
      size += static_cast<size_t>(got);
    }
    bytes.resize(size);
    return bytes;
  }

  std::optional<std::string> link(const std::string& name) const {
    std::array<char, PATH_MAX + 1> target;
    const ssize_t size = readlinkat(folder_.get(), name.c_str(), target.data(), target.size());
    if (size < 0) return std::nullopt;
    return std::string(target.data(), static_cast<size_t>(size));
  }

  // What a link of /proc leads to, opened: a file without a name too.
  Descriptor open_at(const char* name, int flags = O_RDONLY) const {
    return Descriptor(openat(folder_.get(), name, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  }

  // The inode of one of its namespaces; 0: it is gone.
  uint64_t namespace_of(const char* kind) const {
    struct stat found {};
    const std::string name = std::string("ns/") + kind;
    return fstatat(folder_.get(), name.c_str(), &found, 0) == 0 ? found.st_ino : 0;
  }

  std::vector<std::string> names_in(const char* name) const {
    std::vector<std::string> names;
    const int opened = openat(folder_.get(), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* const listing = opened < 0 ? nullptr : fdopendir(opened);
    if (listing == nullptr) return names;
    while (const dirent* const entry = readdir(listing)) {
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    closedir(listing);
    return names;
  }

 private:
  const pid_t number_;
  const Descriptor folder_;
};

uint64_t number_in(std::string_view text, int base = 10) {
  uint64_t number = 0;
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::from_chars(text.data(), text.data() + text.size(), number, base);
  return number;
}

// "Name:\tvalue" of /proc/PID/status.
std::string_view field(std::string_view status, std::string_view name) {
  const std::string key = "\n" + std::string(name) + ":\t";
  const size_t begin = status.find(key);
  if (begin == std::string_view::npos) return {};
  status.remove_prefix(begin + key.size());
  return status.substr(0, status.find('\n'));
}

std::string_view word(std::string_view text, size_t index) {
  for (;; --index) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    const std::string_view first = text.substr(0, text.find_first_of(" \t"));
    if (index == 0) return first;
    text.remove_prefix(first.size());
  }
}

std::string_view last_word(std::string_view text) {
  const size_t space = text.find_last_of(" \t");
  return space == std::string_view::npos ? text : text.substr(space + 1);
}

// Since the machine was started, in clock ticks: the 22nd field, of which the second may hold anything.
uint64_t start_ticks(const std::string& stat) {
  const size_t end = stat.rfind(')');
  constexpr size_t kBehindName = 19;
  return end == std::string::npos ? 0 : number_in(word(std::string_view(stat).substr(end + 1), kBehindName));
}

// Whether its process namespace is `wanted`, or lies within.
bool is_within(const HeldProcess& process, uint64_t wanted) {
  Descriptor space = process.open_at("ns/pid");
  for (;;) {
    struct stat found {};
    if (space.get() < 0 || fstat(space.get(), &found) != 0) return false;
    if (found.st_ino == wanted) return true;
    space = Descriptor(ioctl(space.get(), NS_GET_PARENT));
  }
}

void put_identity(const HeldProcess& process, const std::string& status, Clock& clock, Json& about) {
  about["pid"] = process.number();
  about["parent"] = number_in(field(status, "PPid"));
  const std::string_view numbers = field(status, "NSpid");
  if (numbers.find('\t') != std::string_view::npos) about["pid_within"] = number_in(last_word(numbers));
  put_text(about, "name", status.substr(6, status.find('\n') - 6));  // "Name:\t"
  about["state"] = std::string(word(field(status, "State"), 0));
  about["threads"] = number_in(field(status, "Threads"));
  about["uid"] = number_in(word(field(status, "Uid"), 0));
  about["effective_uid"] = number_in(word(field(status, "Uid"), 1));
  about["gid"] = number_in(word(field(status, "Gid"), 0));
  about["effective_gid"] = number_in(word(field(status, "Gid"), 1));
  about["effective_capabilities"] = std::string(field(status, "CapEff"));
  if (const auto tracer = number_in(field(status, "TracerPid")); tracer != 0) about["traced_by"] = tracer;
  const uint64_t login = number_in(process.read("loginuid"));
  if (login != kNoLogin) about["login_uid"] = login;
  const uint64_t ticks = start_ticks(process.read("stat"));
  const Duration since_start(ticks * 1'000'000 / static_cast<uint64_t>(sysconf(_SC_CLK_TCK)));
  about["started_ticks"] = ticks;
  about["started"] = format_time(clock.now() - clock.elapsed() + since_start);
}

void put_command(const HeldProcess& process, EvidenceWriter& writer, Json& about) {
  std::string command = process.read("cmdline", kCommandBytesMax);
  if (command.size() == kCommandBytesMax) {
    writer.cut(fmt::format("the arguments of process {}", process.number()), std::nullopt,
               fmt::format("more than {} bytes", kCommandBytesMax));
  }
  while (!command.empty() && command.back() == '\0') command.pop_back();
  std::replace(command.begin(), command.end(), '\0', ' ');
  put_text(about, "command", command);
}

// Of what it was given only what changes which code is run: the rest holds secrets, and no evidence.
void put_loader_variables(const HeldProcess& process, Json& about) {
  const std::string all = process.read("environ", kEnvironmentBytesMax);
  Json variables = Json::array();
  for (std::string_view rest = all; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find('\0'));
    if (one.starts_with("LD_")) variables.push_back(is_utf8(one) ? std::string(one) : to_hex(one));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
  }
  if (!variables.empty()) about["loader_variables"] = std::move(variables);
}

// "7f..-7f.. r-xp 00000000 fe:00 1234   /usr/lib/x.so (deleted)"
void put_mapped_code(const HeldProcess& process, EvidenceWriter& writer, Json& about) {
  const std::string maps = process.read("maps", kMapsBytesMax);
  std::set<std::string_view> files;
  uint64_t writable = 0;
  for (std::string_view rest = maps; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const std::string_view rights = word(line, 1);
    if (rights.find('x') == std::string_view::npos) continue;
    if (rights.find('w') != std::string_view::npos) ++writable;
    const size_t path = line.find_first_of('/');
    if (path != std::string_view::npos) files.insert(line.substr(path));
  }
  if (writable != 0) about["writable_code"] = writable;
  Json mapped = Json::array();
  for (const std::string_view file : files) {
    if (mapped.size() == kMappedMax) break;
    mapped.push_back(is_utf8(file) ? std::string(file) : to_hex(file));
  }
  about["mapped_code"] = std::move(mapped);
  if (files.size() > kMappedMax) {
    writer.cut(fmt::format("the mapped files of process {}", process.number()), files.size() - kMappedMax,
               fmt::format("more than {}", kMappedMax));
  }
}

class Processes {
 public:
  Processes(EvidenceWriter& writer, std::optional<pid_t> init)
      : writer_(writer),
        list_(writer, "processes", writer.limits().processes),
        files_(writer, "open_files", writer.limits().open_files) {
    if (init) within_ = HeldProcess(*init).namespace_of("pid");
  }

  SeenProcesses capture() {
    for (const pid_t number : numbers()) {
      const HeldProcess process(number);
      if (!process.is_there() || (within_ && !is_within(process, *within_))) continue;
      if (list_.has_room()) look_at(process);
    }
    list_.write();
    files_.write();
    return std::move(seen_);
  }

 private:
  static std::vector<pid_t> numbers() {
    std::vector<pid_t> numbers;
    DIR* const listing = opendir("/proc");
    if (listing == nullptr) return numbers;
    while (const dirent* const entry = readdir(listing)) {
      const uint64_t number = number_in(entry->d_name);
      if (number != 0) numbers.push_back(static_cast<pid_t>(number));
    }
    closedir(listing);
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }

  void look_at(const HeldProcess& process) {
    const std::string status = process.read("status");
    if (!status.starts_with("Name:\t")) return;  // it has ended
    Json about = Json::object();
    put_identity(process, status, writer_.clock(), about);
    if (number_in(field(status, "Kthread")) == 1) {
      about["kernel"] = true;
      return list_.add(about);
    }
    put_command(process, writer_, about);
    put_executable(process, about);
    put_loader_variables(process, about);
    put_mapped_code(process, writer_, about);
    for (const char* place : {"cwd", "root"}) {
      if (const auto target = process.link(place)) put_text(about, place, *target);
    }
    put_text(about, "cgroup", process.read("cgroup"));
    for (const char* kind : {"net", "pid", "mnt", "user"}) {
      about["namespaces"][kind] = std::to_string(process.namespace_of(kind));
    }
    if (const uint64_t network = process.namespace_of("net"); network != 0) {
      seen_.network_namespaces.try_emplace(network, process.number());
    }
    put_open_files(process);
    list_.add(about);
  }

  void put_executable(const HeldProcess& process, Json& about) {
    const auto path = process.link("exe");
    if (!path) return;
    put_text(about, "executable", *path);
    const Descriptor file = process.open_at("exe");
    struct stat found {};
    if (file.get() < 0 || fstat(file.get(), &found) != 0) return;
    const bool deleted = found.st_nlink == 0;
    about["executable_deleted"] = deleted;
    const Inode inode{found.st_dev, found.st_ino};
    if (const auto known = executables_.find(inode); known != executables_.end()) {
      about["executable_file"] = known->second;
      return;
    }
    Json content = {{"executable", about["executable"]}};
    capture_content(writer_, file, deleted ? fmt::format("files/executable-{}", process.number()) : "", content);
    content.erase("executable");
    about["executable_file"] = executables_[inode] = content;
  }

  void put_open_files(const HeldProcess& process) {
    for (const std::string& name : process.names_in("fd")) {
      const auto target = process.link("fd/" + name);
      if (!target) continue;
      constexpr std::string_view kSocket = "socket:[";
      if (target->starts_with(kSocket)) {
        seen_.sockets[number_in(std::string_view(*target).substr(kSocket.size()))].insert(process.number());
      }
      if (!files_.has_room()) continue;
      Json file = {{"pid", process.number()}, {"descriptor", number_in(name)}};
      put_text(file, "target", *target);
      const std::string information = "\n" + process.read(("fdinfo/" + name).c_str(), 4096);
      file["flags"] = std::string(word(field(information, "flags"), 0));
      file["position"] = number_in(field(information, "pos"));
      files_.add(file);
    }
  }

  using Inode = std::pair<dev_t, ino_t>;

  EvidenceWriter& writer_;
  EvidenceList list_;
  EvidenceList files_;
  std::optional<uint64_t> within_;
  std::map<Inode, Json> executables_;
  SeenProcesses seen_;
};

}  // namespace

SeenProcesses capture_processes(EvidenceWriter& writer, std::optional<pid_t> init) {
  return Processes(writer, init).capture();
}

}  // namespace kedge
