// The work is cut into tasks on one stack: to enter a directory, and to look at a handful of names in one. The stack is
// worked off from its top, on which the names of a directory lie above its subdirectories: so no more directories are
// held open than there are levels and threads.
#include "host/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/descriptor.h"
#include "base/thread.h"
#include "host/manifest.h"

namespace kedge {
namespace {

constexpr size_t kNamesOfTask = 32;
constexpr size_t kReadBytes = 256U << 10U;
constexpr int kReadings = 4;  // of a file that changes

struct Reading {
  std::vector<char> buffer = std::vector<char>(kReadBytes);
  Sha256 hash;
};

struct OpenDirectory {
  Descriptor handle;  // O_PATH
  std::string path;
};

struct Task {
  std::shared_ptr<const OpenDirectory> in;
  std::vector<std::string> names;  // one, where a directory is entered
  bool enters = false;
};

FileTime time_of(const timespec& time) { return {time.tv_sec, static_cast<uint32_t>(time.tv_nsec)}; }

FileIdentity identity_of(const struct stat& found) { return {found.st_dev, found.st_ino, time_of(found.st_ctim)}; }

FileType type_of(const struct stat& found) {
  switch (found.st_mode & S_IFMT) {
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

FileState state_of(std::string path, const struct stat& found) {
  FileState state;
  state.path = std::move(path);
  state.type = type_of(found);
  state.uid = found.st_uid;
  state.gid = found.st_gid;
  state.mode = found.st_mode & 07777;
  if (state.type == FileType::file) {
    state.links = found.st_nlink;
    state.size = static_cast<uint64_t>(found.st_size);
  }
  if (state.type == FileType::file || state.type == FileType::link) state.mtime = time_of(found.st_mtim);
  if (state.type == FileType::block || state.type == FileType::character) {
    state.device_major = major(found.st_rdev);
    state.device_minor = minor(found.st_rdev);
  }
  return state;
}

bool same_content_times(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && time_of(a.st_mtim) == time_of(b.st_mtim) && time_of(a.st_ctim) == time_of(b.st_ctim);
}

// What an O_PATH handle is of, opened: this very inode, whatever has its name now.
int open_held(const Descriptor& handle) {
  const std::string path = "/proc/self/fd/" + std::to_string(handle.get());
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  const int file = open(path.c_str(), kFlags | O_NOATIME);
  return file < 0 && errno == EPERM ? open(path.c_str(), kFlags) : file;
}

// A directory below another, reached through directories of one file system alone, in one call. Negative: it is not to
// be had so, and is to be looked for step by step, which says why.
Descriptor open_below(const Descriptor& root, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  const char* const name = path.empty() ? "." : path.c_str();
  return Descriptor(static_cast<int>(syscall(SYS_openat2, root.get(), name, &how, sizeof how)));
}

// Empty: it has none.
std::string capabilities_of(const Descriptor& file) {
  std::array<char, 64> value{};  // of every version of it: at most 24 bytes
  const ssize_t size = fgetxattr(file.get(), "security.capability", value.data(), value.size());
  return size > 0 ? std::string(value.data(), static_cast<size_t>(size)) : "";
}

bool matches(const std::string& path, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return fnmatch(pattern.c_str(), path.c_str(), FNM_NOESCAPE) == 0;
  });
}

class Scanner {
 public:
  explicit Scanner(const ScanOptions& options) : options_(options) {}

  Result<Scan> run(const std::string& root) {
    struct stat found {};
    Descriptor handle = open_root(root, found);
    if (handle.get() < 0) return io_error("cannot open", root);
    Worker first(*this);
    first.enter(std::move(handle), "", found);
    if (!first.found.faults.empty()) {
      return Error{ErrorCode::refused, "cannot read " + root + ": " + first.found.faults.front().reason};
    }
    std::vector<Thread> others;
    for (unsigned i = 1; i < options_.threads; ++i) {
      others.emplace_back("scan", [this] { Worker(*this).work(); });
    }
    first.work();
    for (Thread& other : others) other.join();
    return sorted();
  }

  Result<Scan> run(const std::string& root, const std::vector<ScanPart>& parts) {
    struct stat status {};
    const Descriptor handle = open_root(root, status);
    if (handle.get() < 0) return io_error("cannot open", root);
    Worker worker(*this);
    for (const ScanPart& part : parts) {
      if (!part.path.empty() && is_excluded(part.path, options_.excludes)) continue;
      worker.deep = part.depth == ScanPart::Depth::tree;
      worker.look_at(handle, part);
      while (auto task = next()) {
        for (const std::string& name : task->names) worker.look(task->in, name, task->enters);
        finished();
      }
    }
    keep(std::move(worker.found));
    return sorted();
  }

 private:
  // Negative, with errno: it cannot be opened.
  Descriptor open_root(const std::string& root, struct stat& found) {
    Descriptor handle(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (handle.get() < 0 || fstat(handle.get(), &found) != 0) return Descriptor();
    device_ = found.st_dev;
    return handle;
  }

  Scan sorted() {
    const auto before = [](const auto& a, const auto& b) { return path_before(path_of(a), path_of(b)); };
    std::sort(scan_.entries.begin(), scan_.entries.end(), before);
    std::sort(scan_.faults.begin(), scan_.faults.end(), before);
    std::sort(scan_.not_entered.begin(), scan_.not_entered.end(), before);
    return std::move(scan_);
  }

  static const std::string& path_of(const ScannedEntry& entry) { return entry.state.path; }
  static const std::string& path_of(const ScanFault& fault) { return fault.path; }
  static const std::string& path_of(const std::string& path) { return path; }

  // One thread's part: what it found is its own until it is over.
  struct Worker {
    explicit Worker(Scanner& whole) : scanner(whole) {}

    void work() {
      while (auto task = scanner.next()) {
        for (const std::string& name : task->names) look(task->in, name, task->enters);
        scanner.finished();
      }
      scanner.keep(std::move(found));
    }

    void look(const std::shared_ptr<const OpenDirectory>& in, const std::string& name, bool enters) {
      std::string path = in->path.empty() ? name : in->path + "/" + name;
      if (!enters && scanner.options_.most_are_known && is_known_file(*in, name, path)) return;
      Descriptor handle(openat(in->handle.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      struct stat status {};
      if (handle.get() < 0 || fstat(handle.get(), &status) != 0) {
        if (errno != ENOENT) fault(std::move(path));  // it is gone, and that is as good a moment as any
        return;
      }
      if (!S_ISDIR(status.st_mode)) return take(handle, std::move(path), status);
      if (!deep) return note(std::move(path), status);
      if (!enters) return scanner.add({in, {name}, true});
      enter(std::move(handle), std::move(path), status);
    }

    // A file that need not be read need not be taken hold of: one look tells all of it.
    bool is_known_file(const OpenDirectory& in, const std::string& name, const std::string& path) {
      struct stat status {};
      if (fstatat(in.handle.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
      if (!S_ISREG(status.st_mode)) return false;
      FileState state = state_of(path, status);
      const FileState* const known = scanner.known(state, status);
      if (known != nullptr) add_known(std::move(state), *known, status);
      return known != nullptr;
    }

    void add_known(FileState state, const FileState& known, const struct stat& status) {
      state.sha256 = known.sha256;
      state.capabilities = known.capabilities;
      add(std::move(state), status);
    }

    void look_at(const Descriptor& root, const ScanPart& part) {
      struct stat status {};
      if (part.depth != ScanPart::Depth::entry) {
        Descriptor itself = open_below(root, part.path);
        if (itself.get() >= 0 && fstat(itself.get(), &status) == 0) {
          return enter(std::move(itself), part.path, status);
        }
      }
      const size_t slash = part.path.rfind('/');
      const std::string parent = slash == std::string::npos ? "" : part.path.substr(0, slash);
      Descriptor above = open_below(root, parent);
      if (above.get() < 0) return look_step_by_step(root, part);
      look_at_last(std::move(above), parent, part, part.path.substr(slash == std::string::npos ? 0 : slash + 1));
    }

    // Down from the root, directory by directory.
    void look_step_by_step(const Descriptor& root, const ScanPart& part) {
      Descriptor held(openat(root.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
      struct stat status {};
      if (held.get() < 0 || fstat(held.get(), &status) != 0) return fault(part.path);
      size_t begin = 0;
      for (size_t end = part.path.find('/'); end != std::string::npos; end = part.path.find('/', begin)) {
        const std::string name = part.path.substr(begin, end - begin);
        Descriptor next(openat(held.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (next.get() < 0 || fstat(next.get(), &status) != 0) {
          const bool leads_nowhere = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
          return leads_nowhere ? void() : fault(part.path);
        }
        if (status.st_dev != scanner.device_ && !scanner.options_.all_file_systems) {
          found.not_entered.push_back(part.path.substr(0, end));
          return;
        }
        held = std::move(next);
        begin = end + 1;
      }
      const std::string parent = part.path.substr(0, begin == 0 ? 0 : begin - 1);
      look_at_last(std::move(held), parent, part, part.path.substr(begin));
    }

    void look_at_last(Descriptor parent, const std::string& parent_path, const ScanPart& part,
                      const std::string& name) {
      struct stat status {};
      if (!name.empty() && part.depth != ScanPart::Depth::entry) {
        Descriptor itself(openat(parent.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        if (itself.get() >= 0 && fstat(itself.get(), &status) == 0 && S_ISDIR(status.st_mode)) {
          return enter(std::move(itself), part.path, status);
        }
      }
      if (!name.empty()) {
        return look(std::make_shared<const OpenDirectory>(OpenDirectory{std::move(parent), parent_path}), name, false);
      }
      if (fstat(parent.get(), &status) != 0) return fault("");
      if (part.depth == ScanPart::Depth::entry) return note("", status);
      enter(std::move(parent), "", status);
    }

    // A directory, and nothing of what is in it.
    void note(std::string path, const struct stat& status) {
      if (status.st_dev != scanner.device_ && !scanner.options_.all_file_systems) found.not_entered.push_back(path);
      add(state_of(std::move(path), status), status);
    }

    void take(const Descriptor& handle, std::string path, const struct stat& status) {
      FileState state = state_of(std::move(path), status);
      if (state.type == FileType::file) return read(handle, std::move(state), status);
      if (state.type == FileType::link) {
        std::vector<char> target(PATH_MAX + 1);
        const ssize_t size = readlinkat(handle.get(), "", target.data(), target.size());
        if (size < 0) return fault(std::move(state.path));
        state.link_target.assign(target.data(), static_cast<size_t>(size));
      }
      add(std::move(state), status);
    }

    void read(const Descriptor& handle, FileState state, struct stat status) {
      if (const FileState* known = scanner.known(state, status); known != nullptr) {
        return add_known(std::move(state), *known, status);
      }
      const Descriptor file(open_held(handle));
      if (file.get() < 0) return unread(std::move(state), status, std::strerror(errno));
      for (int attempt = 0; attempt < kReadings; ++attempt) {
        if (scanner.options_.before_reading) scanner.options_.before_reading(state.path);
        state.capabilities = capabilities_of(file);
        if (!digest(file, static_cast<uint64_t>(status.st_size))) {
          return unread(std::move(state), status, std::strerror(errno));
        }
        struct stat after {};
        if (fstat(file.get(), &after) != 0) return unread(std::move(state), status, std::strerror(errno));
        if (same_content_times(status, after)) {
          state.sha256 = read_digest;
          return add(std::move(state), status);
        }
        status = after;
        state = state_of(std::move(state.path), status);
        lseek(file.get(), 0, SEEK_SET);
      }
      unread(std::move(state), status, "it changes while it is read");
    }

    // Of no more than a little beyond `size`: who appends for ever has changed it anyway.
    bool digest(const Descriptor& file, uint64_t size) {
      if (!reading) reading.emplace();
      auto& [buffer, hash] = *reading;
      uint64_t done = 0;
      while (done <= size) {
        const ssize_t part = ::read(file.get(), buffer.data(), buffer.size());
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) {
          const int number = errno;
          hash.finish();
          errno = number;
          return false;
        }
        if (part == 0) break;
        hash.add({buffer.data(), static_cast<size_t>(part)});
        done += static_cast<uint64_t>(part);
      }
      read_digest = hash.finish();
      return true;
    }

    void enter(Descriptor handle, std::string path, const struct stat& status) {
      FileState state = state_of(path, status);
      if (status.st_dev != scanner.device_ && !scanner.options_.all_file_systems) {
        found.not_entered.push_back(std::move(path));
        return add(std::move(state), status);
      }
      const auto directory = std::make_shared<const OpenDirectory>(OpenDirectory{std::move(handle), std::move(path)});
      if (!list(directory)) return unread(std::move(state), status, std::strerror(errno));
      add(std::move(state), status);
    }

    // Its entries become tasks: subdirectories below, so that they are entered when the rest is done.
    bool list(const std::shared_ptr<const OpenDirectory>& directory) {
      const int opened = openat(directory->handle.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (opened < 0) return false;
      DIR* const listing = fdopendir(opened);
      if (listing == nullptr) {
        close(opened);
        return false;
      }
      std::vector<Task> tasks;
      Task names{directory, {}, false};
      errno = 0;
      while (const dirent* const entry = readdir(listing)) {
        const std::string name = entry->d_name;
        if (name == "." || name == ".." || scanner.excluded(directory->path, name)) continue;
        if (directory->path.size() + 1 + name.size() > kPathBytesMax) {
          found.faults.push_back({directory->path + "/" + name, "its path is too long"});
        } else if (entry->d_type == DT_DIR) {
          scanner.add({directory, {name}, true});
        } else {
          names.names.push_back(name);
        }
        if (names.names.size() == kNamesOfTask) tasks.push_back(std::exchange(names, {directory, {}, false}));
        errno = 0;
      }
      const int number = errno;
      closedir(listing);
      if (!names.names.empty()) tasks.push_back(std::move(names));
      for (Task& task : tasks) scanner.add(std::move(task));
      errno = number;
      return number == 0;
    }

    void add(FileState state, const struct stat& status) {
      found.entries.push_back({std::move(state), identity_of(status)});
    }
    void unread(FileState state, const struct stat& status, std::string reason) {
      found.faults.push_back({state.path, std::move(reason)});
      state.unread = true;
      state.capabilities.clear();
      add(std::move(state), status);
    }
    void fault(std::string path) { found.faults.push_back({std::move(path), std::strerror(errno)}); }

    Scanner& scanner;
    bool deep = true;  // directories are entered
    Scan found;
    Digest read_digest;
    std::optional<Reading> reading;  // from the first file on that is read
  };

  bool excluded(const std::string& directory, const std::string& name) const {
    if (options_.excludes.empty()) return false;
    return matches(directory.empty() ? name : directory + "/" + name, options_.excludes);
  }

  const FileState* known(const FileState& state, const struct stat& status) const {
    return options_.known ? options_.known(state.path, identity_of(status), state.size, state.mtime) : nullptr;
  }

  void add(Task task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

  // Waits for work; none: all of it is done.
  std::optional<Task> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !tasks_.empty() || working_ == 0; });
    if (tasks_.empty()) return std::nullopt;
    Task task = std::move(tasks_.back());
    tasks_.pop_back();
    ++working_;
    return task;
  }

  void finished() {
    const std::lock_guard lock(mutex_);
    if (--working_ == 0 && tasks_.empty()) changed_.notify_all();
  }

  void keep(Scan part) {
    const std::lock_guard lock(mutex_);
    const auto move_to = [](auto& all, auto& some) {
      all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
    };
    move_to(scan_.entries, part.entries);
    move_to(scan_.faults, part.faults);
    move_to(scan_.not_entered, part.not_entered);
  }

  // Constant while threads run.
  const ScanOptions& options_;
  dev_t device_ = 0;

  // Guarded by mutex_ while threads run.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Task> tasks_;
  int working_ = 0;  // how many tasks are being done, each of which may add some
  Scan scan_;
};

}  // namespace

Result<Scan> scan_tree(const std::string& root, const ScanOptions& options) { return Scanner(options).run(root); }

Result<Scan> scan_parts(const std::string& root, const std::vector<ScanPart>& parts, const ScanOptions& options) {
  return Scanner(options).run(root, parts);
}

bool is_excluded(const std::string& path, const std::vector<std::string>& patterns) {
  if (patterns.empty()) return false;
  for (size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
    if (matches(path.substr(0, end), patterns)) return true;
  }
  return matches(path, patterns);
}

std::vector<std::string> default_excludes(const std::string& root) {
  struct stat given {};
  struct stat own {};
  if (stat(root.c_str(), &given) != 0 || stat("/", &own) != 0) return {};
  if (given.st_dev != own.st_dev || given.st_ino != own.st_ino) return {};
  return {"dev/*", "proc/*", "run/*", "sys/*", "tmp/*", "var/tmp/*"};
}

}  // namespace kedge
