#include "tests/host/tree_player.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/random.h"
#include "tests/host/watching.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

constexpr size_t kOperationsTold = 40;

class TreePlayer {
 public:
  explicit TreePlayer(const Play& play)
      : random_(play.seed), root_((place_.path() / "root").string()), outside_((place_.path() / "outside").string()) {
    fs::create_directory(root_);
    fs::create_directory(outside_);
    for (uint64_t i = random_.below(40); i > 0; --i) operate();
    operations_.clear();
    const size_t buffers[] = {4096, 16384, 262144};
    const size_t settled[] = {4'000, 20'000, 16U << 20U};
    watching_ = std::make_unique<Watching>(play.watcher, root_, buffers[random_.below(3)], settled[random_.below(3)]);
  }
  ~TreePlayer() {
    for (const int file : open_) close(file);
  }
  TreePlayer(const TreePlayer&) = delete;
  TreePlayer& operator=(const TreePlayer&) = delete;

  Result<std::string> run(int operations) {
    if (!watching_->open()) return Error{ErrorCode::refused, watching_->why_not()};
    const uint64_t busy = 1 + random_.below(60);  // operations between two reads, in the mean
    for (int i = 0; i < operations; ++i) {
      operate();
      if (random_.below(busy) == 0) watching_->read_some();
      if (random_.below(150) != 0) continue;
      if (const auto differs = differences(); !differs.empty()) return differs;
    }
    if (const auto differs = differences(); !differs.empty()) return differs;
    touch_everywhere();
    return differences();
  }

 private:
  std::string differences() {
    operations_.push_back("-- quiescence");
    watching_->quiesce();
    std::string differs = watching_->differences();
    if (differs.empty()) return "";
    for (const auto& one : operations_) differs += "  " + one + "\n";
    return differs;
  }

  // Whether each directory is watched is seen when something is made in it.
  void touch_everywhere() {
    std::vector<std::string> directories;
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
      if (fs::is_directory(entry.symlink_status())) directories.push_back(entry.path().string());
    }
    for (const auto& directory : directories) std::ofstream(directory + "/touched") << "here";
    operations_.push_back("-- a file in each directory");
  }

  void operate() {
    static constexpr void (TreePlayer::*kAll[])() = {&TreePlayer::write_file,     &TreePlayer::write_file,
                                                     &TreePlayer::append,         &TreePlayer::make_directory,
                                                     &TreePlayer::make_path,      &TreePlayer::move,
                                                     &TreePlayer::move,           &TreePlayer::exchange,
                                                     &TreePlayer::remove,         &TreePlayer::remove_all,
                                                     &TreePlayer::change_mode,    &TreePlayer::link_symbolically,
                                                     &TreePlayer::link_hard,      &TreePlayer::save,
                                                     &TreePlayer::write_nameless, &TreePlayer::keep_open,
                                                     &TreePlayer::write_open,     &TreePlayer::close_open,
                                                     &TreePlayer::make_again,     &TreePlayer::move_back_and_forth};
    (this->*kAll[random_.below(std::size(kAll))])();
  }

  void told(const std::string& what, const std::string& one, const std::string& other = "") {
    operations_.push_back(what + " " + one + (other.empty() ? "" : " " + other));
    if (operations_.size() > kOperationsTold) operations_.pop_front();
  }

  // Few names, so that they meet again.
  std::string name() { return std::string(1, static_cast<char>('a' + random_.below(5))); }

  // A directory that is there: mostly in the root, rarely deep.
  std::string directory() {
    std::string path = random_.below(8) == 0 ? outside_ : root_;
    while (random_.below(3) != 0) {
      const std::string next = path + "/" + name();
      if (!fs::is_directory(fs::symlink_status(next))) break;
      path = next;
    }
    return path;
  }
  std::string any() { return directory() + "/" + name(); }

  // A write to a file with several names is told by one of them; it says nothing of the others, and nothing at all when
  // that one is gone before it is looked at. That is left to the rescan.
  static bool has_names(const std::string& path) {
    struct stat found {};
    return stat(path.c_str(), &found) == 0 && !S_ISDIR(found.st_mode) && found.st_nlink > 1;
  }
  void write_file() {
    const auto path = any();
    if (has_names(path)) return;
    told("write", path);
    std::ofstream(path) << random_.number();
  }
  void append() {
    const auto path = any();
    if (has_names(path)) return;
    told("append", path);
    std::ofstream(path, std::ios::app) << random_.below(10);
  }
  void make_directory() {
    const auto path = any();
    told("mkdir", path);
    mkdir(path.c_str(), 0755);
  }
  void make_path() {
    const auto path = any() + "/" + name() + "/" + name();
    told("mkdir -p and write", path + "/f");
    std::error_code not_now;
    fs::create_directories(path, not_now);
    std::ofstream(path + "/f") << random_.number();
  }
  void move() {
    const auto from = any();
    const auto to = any();
    told("rename", from, to);
    std::rename(from.c_str(), to.c_str());
  }
  void exchange() {
    const auto one = any();
    const auto other = any();
    told("exchange", one, other);
    renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE);
  }
  void remove() {
    const auto path = any();
    told("remove", path);
    std::remove(path.c_str());
  }
  void remove_all() {
    const auto path = any();
    told("rm -r", path);
    std::error_code not_now;
    if (random_.below(3) == 0) fs::remove_all(path, not_now);
  }
  void change_mode() {
    const auto path = any();
    if (has_names(path)) return;
    told("chmod", path);
    if (!fs::is_symlink(path)) chmod(path.c_str(), random_.below(2) == 0 ? 0755 : 0700);
  }
  void link_symbolically() {
    const auto path = any();
    const auto target = name();
    told("symlink", target, path);
    if (symlink(target.c_str(), path.c_str()) != 0) return;
  }
  void link_hard() {
    const auto from = any();
    const auto to = any();
    if (!links_) return;
    told("link", from, to);
    if (link(from.c_str(), to.c_str()) != 0) return;
  }
  void save() {
    const auto path = any();
    told("save", path);
    std::ofstream(path + ".new") << random_.number();
    std::rename((path + ".new").c_str(), path.c_str());
  }
  void write_nameless() {
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
  void keep_open() {
    const auto path = any();
    const int file =
        !links_ && open_.size() < 5 ? open(path.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (file < 0) return;
    told("keep open", path);
    open_.push_back(file);
  }
  void write_open() {
    if (open_.empty()) return;
    told("write to what is open", "");
    write_number(open_[random_.below(open_.size())]);
  }
  void close_open() {
    if (open_.empty()) return;
    close(open_.back());
    open_.pop_back();
  }
  void make_again() {
    const auto path = any();
    told("rmdir, mkdir and write", path);
    if (rmdir(path.c_str()) == 0 && mkdir(path.c_str(), 0755) == 0) std::ofstream(path + "/" + name()) << "again";
  }
  void move_back_and_forth() {
    const auto from = any();
    const auto to = any();
    told("rename there and back, with something new", from, to);
    if (std::rename(from.c_str(), to.c_str()) != 0) return;
    mkdir((to + "/" + name()).c_str(), 0755);
    std::rename(to.c_str(), from.c_str());
  }
  void write_number(int file) {
    const auto text = std::to_string(random_.number());
    if (::write(file, text.data(), text.size()) < 0) return;
  }

  Random random_;
  // Whether files get several names; then none is kept open, to be written by a name that it may have no more.
  const bool links_ = random_.below(2) == 0;
  const TemporaryDirectory place_;
  const std::string root_;
  const std::string outside_;
  std::vector<int> open_;
  std::deque<std::string> operations_;
  std::unique_ptr<Watching> watching_;
};

}  // namespace

Result<std::string> play(const Play& play) { return TreePlayer(play).run(play.operations); }

}  // namespace kedge
