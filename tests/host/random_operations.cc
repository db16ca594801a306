#include "tests/host/random_operations.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

namespace kedge {
namespace {

namespace fs = std::filesystem;

constexpr size_t kOperationsTold = 40;

}  // namespace

RandomOperations::RandomOperations(Random& random, std::string root, std::string outside)
    : random_(random), root_(std::move(root)), outside_(std::move(outside)) {
  fs::create_directory(root_);
  fs::create_directory(outside_);
}

RandomOperations::~RandomOperations() {
  for (const int file : open_) close(file);
}

void RandomOperations::note(const std::string& what) {
  last_.push_back(what);
  if (last_.size() > kOperationsTold) last_.pop_front();
}

void RandomOperations::told(const std::string& what, const std::string& one, const std::string& other) {
  note(what + " " + one + (other.empty() ? "" : " " + other));
}

std::string RandomOperations::last() const {
  std::string text;
  for (const auto& one : last_) text += "  " + one + "\n";
  return text;
}

// Whether each directory is watched is seen when something is made in it.
void RandomOperations::touch_everywhere() {
  std::vector<std::string> directories;
  for (const auto& entry : fs::recursive_directory_iterator(root_)) {
    if (fs::is_directory(entry.symlink_status())) directories.push_back(entry.path().string());
  }
  for (const auto& directory : directories) std::ofstream(directory + "/touched") << "here";
  note("-- a file in each directory");
}

void RandomOperations::operate() {
  static constexpr void (RandomOperations::*kAll[])() = {
      &RandomOperations::write_file,     &RandomOperations::write_file,
      &RandomOperations::append,         &RandomOperations::make_directory,
      &RandomOperations::make_path,      &RandomOperations::move,
      &RandomOperations::move,           &RandomOperations::exchange,
      &RandomOperations::remove,         &RandomOperations::remove_all,
      &RandomOperations::change_mode,    &RandomOperations::link_symbolically,
      &RandomOperations::link_hard,      &RandomOperations::save,
      &RandomOperations::write_nameless, &RandomOperations::keep_open,
      &RandomOperations::write_open,     &RandomOperations::close_open,
      &RandomOperations::make_again,     &RandomOperations::move_back_and_forth,
      &RandomOperations::change_owner,   &RandomOperations::lend_capability,
      &RandomOperations::make_fifo};
  (this->*kAll[random_.below(std::size(kAll))])();
}

// Few names, so that they meet again.
std::string RandomOperations::name() { return std::string(1, static_cast<char>('a' + random_.below(5))); }

// A directory that is there: mostly in the root, rarely deep.
std::string RandomOperations::directory() {
  std::string path = random_.below(8) == 0 ? outside_ : root_;
  while (random_.below(3) != 0) {
    const std::string next = path + "/" + name();
    if (!fs::is_directory(fs::symlink_status(next))) break;
    path = next;
  }
  return path;
}
std::string RandomOperations::any() { return directory() + "/" + name(); }

// A write to a file with several names is told by one of them; it says nothing of the others, and nothing at all when
// that one is gone before it is looked at. That is left to the rescan.
bool RandomOperations::has_names(const std::string& path) {
  struct stat found {};
  const auto several = [&] { return !S_ISDIR(found.st_mode) && found.st_nlink > 1; };
  return (stat(path.c_str(), &found) == 0 && several()) || (lstat(path.c_str(), &found) == 0 && several());
}
// Who opens one waits for a reader.
bool RandomOperations::is_fifo(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 && S_ISFIFO(found.st_mode);
}
void RandomOperations::write_file() {
  const auto path = any();
  if (has_names(path) || is_fifo(path)) return;
  told("write", path);
  std::ofstream(path) << random_.number();
}
void RandomOperations::append() {
  const auto path = any();
  if (has_names(path) || is_fifo(path)) return;
  told("append", path);
  std::ofstream(path, std::ios::app) << random_.below(10);
}
void RandomOperations::make_directory() {
  const auto path = any();
  told("mkdir", path);
  mkdir(path.c_str(), 0755);
}
void RandomOperations::make_path() {
  const auto path = any() + "/" + name() + "/" + name();
  told("mkdir -p and write", path + "/f");
  std::error_code not_now;
  fs::create_directories(path, not_now);
  std::ofstream(path + "/f") << random_.number();
}
void RandomOperations::move() {
  const auto from = any();
  const auto to = any();
  told("rename", from, to);
  std::rename(from.c_str(), to.c_str());
}
void RandomOperations::exchange() {
  const auto one = any();
  const auto other = any();
  told("exchange", one, other);
  renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE);
}
void RandomOperations::remove() {
  const auto path = any();
  told("remove", path);
  std::remove(path.c_str());
}
void RandomOperations::remove_all() {
  const auto path = any();
  told("rm -r", path);
  std::error_code not_now;
  if (random_.below(3) == 0) fs::remove_all(path, not_now);
}
void RandomOperations::change_mode() {
  const auto path = any();
  if (has_names(path)) return;
  told("chmod", path);
  if (!fs::is_symlink(path)) chmod(path.c_str(), random_.below(2) == 0 ? 0755 : 0700);
}
// As root alone: otherwise nothing happens.
void RandomOperations::change_owner() {
  const auto path = any();
  if (has_names(path)) return;
  told("chown", path);
  const auto owner = static_cast<uid_t>(random_.below(3));
  if (lchown(path.c_str(), owner, static_cast<gid_t>(random_.below(3))) != 0) return;
}
void RandomOperations::lend_capability() {
  const auto path = any();
  if (has_names(path)) return;
  told("setcap", path);
  vfs_cap_data capabilities{};
  capabilities.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  capabilities.data[0].permitted = 1U << random_.below(3);
  if (setxattr(path.c_str(), "security.capability", &capabilities, XATTR_CAPS_SZ_2, 0) != 0) return;
}
void RandomOperations::make_fifo() {
  const auto path = any();
  told("mkfifo", path);
  if (mkfifo(path.c_str(), 0644) != 0) return;
}
void RandomOperations::link_symbolically() {
  const auto path = any();
  const auto target = name();
  told("symlink", target, path);
  if (symlink(target.c_str(), path.c_str()) != 0) return;
}
void RandomOperations::link_hard() {
  const auto from = any();
  const auto to = any();
  if (!links_) return;
  told("link", from, to);
  if (link(from.c_str(), to.c_str()) != 0) return;
}
void RandomOperations::save() {
  const auto path = any();
  told("save", path);
  std::ofstream(path + ".new") << random_.number();
  std::rename((path + ".new").c_str(), path.c_str());
}
void RandomOperations::write_nameless() {
  const auto where = directory();
  const auto path = where + "/" + name();
  const int file = open(where.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
  if (file < 0) return;
  told("O_TMPFILE and link", path);
  write_number(file);
  const auto link = "/proc/self/fd/" + std::to_string(file);
  const bool named = linkat(AT_FDCWD, link.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
  if (named && random_.below(2) == 0) write_number(file);
  close(file);
}
void RandomOperations::keep_open() {
  const auto path = any();
  const int file =
      !links_ && open_.size() < 5 ? open(path.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
  if (file < 0) return;
  told("keep open", path);
  open_.push_back(file);
}
void RandomOperations::write_open() {
  if (open_.empty()) return;
  told("write to what is open", "");
  write_number(open_[random_.below(open_.size())]);
}
void RandomOperations::close_open() {
  if (open_.empty()) return;
  close(open_.back());
  open_.pop_back();
}
void RandomOperations::make_again() {
  const auto path = any();
  told("rmdir, mkdir and write", path);
  if (rmdir(path.c_str()) == 0 && mkdir(path.c_str(), 0755) == 0) std::ofstream(path + "/" + name()) << "again";
}
void RandomOperations::move_back_and_forth() {
  const auto from = any();
  const auto to = any();
  told("rename there and back, with something new", from, to);
  if (std::rename(from.c_str(), to.c_str()) != 0) return;
  mkdir((to + "/" + name()).c_str(), 0755);
  std::rename(to.c_str(), from.c_str());
}
void RandomOperations::write_number(int file) {
  const auto text = std::to_string(random_.number());
  if (::write(file, text.data(), text.size()) < 0) return;
}

}  // namespace kedge
