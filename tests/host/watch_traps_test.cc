// What a watcher has to know about the kernel that it stands on: a test for each trap, against both watchers.
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>

#include "host/inotify_watcher.h"
#include "tests/host/watch_limit.h"
#include "tests/host/watching.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

class Traps : public testing::TestWithParam<std::string> {
 protected:
  // Begins to watch what the test has made so far.
  void watch(size_t buffer_bytes = 256U << 10U) {
    watching = std::make_unique<Watching>(GetParam(), root(), buffer_bytes);
  }

  std::string root() const { return (place.path() / "root").string(); }
  std::string in_root(const std::string& name) const { return root() + "/" + name; }
  std::string outside(const std::string& name) const { return (place.path() / "outside" / name).string(); }

  void write(const std::string& name, const std::string& text) const { place.write("root/" + name, text); }

  // Looks at what there is to look at: afterwards the mirror must show what the disk does.
  void quiesce() {
    looks = watching->quiesce();
    EXPECT_EQ(watching->differences(), "");
  }

  const PathLook& at(const std::string& name) const {
    static const PathLook kNone;
    const PathLook* const look = look_at(looks, name.empty() ? root() : in_root(name));
    EXPECT_NE(look, nullptr) << "nobody says to look at " << name;
    return look == nullptr ? kNone : *look;
  }

  // Whether what came holds a doubt with this reason about this path.
  bool doubted(const std::string& path, Doubt::Reason reason) const {
    const auto& doubts = watching->notices.doubts;
    return std::any_of(doubts.begin(), doubts.end(),
                       [&](const Doubt& one) { return one.path == path && one.reason == reason; });
  }

  const TemporaryDirectory place;
  std::unique_ptr<Watching> watching;
  std::vector<PathLook> looks;

  void SetUp() override {
    fs::create_directories(root());
    fs::create_directories(outside(""));
    const auto allowed = open_watcher_named(GetParam(), {{root()}, {}});
    if (!allowed && allowed.error().code == ErrorCode::refused) GTEST_SKIP() << allowed.error().message;
    ASSERT_TRUE(allowed) << allowed.error().message;
  }
};

// Mounts that nobody else sees, and that are gone before the directories are removed.
class MountTraps : public Traps {
 protected:
  void SetUp() override {
    Traps::SetUp();
    if (IsSkipped()) return;
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      GTEST_SKIP() << "mounting is not allowed: " << std::strerror(errno);
    }
  }
  void TearDown() override {
    watching.reset();
    for (auto one = mounted_.rbegin(); one != mounted_.rend(); ++one) umount2(one->c_str(), MNT_DETACH);
  }
  void mount_at(const std::string& path, const std::string& source, const char* type, unsigned long flags,
                const std::string& options = "") {
    ASSERT_EQ(mount(source.c_str(), path.c_str(), type, flags, options.c_str()), 0) << std::strerror(errno);
    mounted_.push_back(path);
  }
  void unmount(const std::string& path) { ASSERT_EQ(umount(path.c_str()), 0) << std::strerror(errno); }

 private:
  std::vector<std::string> mounted_;
};

const auto kBoth = testing::Values("inotify", "fanotify");
std::string named(const testing::TestParamInfo<std::string>& info) { return info.param; }
INSTANTIATE_TEST_SUITE_P(Both, Traps, kBoth, named);
INSTANTIATE_TEST_SUITE_P(Both, MountTraps, kBoth, named);

// What only one of them has to know.
class InotifyTraps : public Traps {};
class InotifyMountTraps : public MountTraps {};
class FanotifyTraps : public Traps {};
INSTANTIATE_TEST_SUITE_P(Only, InotifyTraps, testing::Values("inotify"), named);
INSTANTIATE_TEST_SUITE_P(Only, InotifyMountTraps, testing::Values("inotify"), named);
INSTANTIATE_TEST_SUITE_P(Only, FanotifyTraps, testing::Values("fanotify"), named);

// --- files
// ------------------------------------------------------------------------------------------------------------

TEST_P(Traps, AFileIsCreatedChangedAndRemoved) {
  watch();
  write("f", "one");
  quiesce();
  EXPECT_TRUE(at("f").changes & kCreated);
  write("f", "other");
  quiesce();
  EXPECT_TRUE(at("f").changes & kModified);
  fs::remove(in_root("f"));
  quiesce();
  EXPECT_TRUE(at("f").changes & kDeleted);
  quiesce();
  EXPECT_EQ(look_at(looks, in_root("f")), nullptr);
}

TEST_P(Traps, AStoreThroughAMappingIsSeenWhenTheMappingGoes) {
  write("f", "before");
  watch();
  const int file = open(in_root("f").c_str(), O_RDWR | O_CLOEXEC);
  auto* const mapped = static_cast<char*>(mmap(nullptr, 6, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
  ASSERT_NE(mapped, MAP_FAILED);
  close(file);
  quiesce();
  std::memcpy(mapped, "after!", 6);
  munmap(mapped, 6);
  quiesce();
  EXPECT_TRUE(at("f").changes & kClosed);
}

TEST_P(Traps, OpenedForWritingAndNotWrittenIsAReasonToLookToo) {
  write("f", "as it was");
  watch();
  close(open(in_root("f").c_str(), O_WRONLY | O_CLOEXEC));
  quiesce();
  EXPECT_EQ(at("f").changes, kClosed);
}

TEST_P(Traps, WhatIsWrittenAndKeptOpenIsLookedAt) {
  watch();
  const int file = open(in_root("f").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
  EXPECT_EQ(::write(file, "half", 4), 4);
  quiesce();
  EXPECT_EQ(at("f").changes, kCreated | kModified);
  close(file);
}

TEST_P(Traps, ManyWritesAreOneLookForEachFile) {
  watch();
  const int one = open(in_root("one").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
  const int two = open(in_root("two").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(::write(one, "x", 1), 1);
    EXPECT_EQ(::write(two, "y", 1), 1);
  }
  close(one);
  close(two);
  quiesce();
  EXPECT_EQ(
      std::count_if(looks.begin(), looks.end(), [&](const PathLook& look) { return look.path == in_root("one"); }), 1);
  EXPECT_EQ(
      std::count_if(looks.begin(), looks.end(), [&](const PathLook& look) { return look.path == in_root("two"); }), 1);
}

TEST_P(Traps, ANamelessFileIsSeenWhenItIsNamedAndWhenItIsWrittenAfterwards) {
  watch();
  const int file = open(root().c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
  if (file < 0) GTEST_SKIP() << "no O_TMPFILE here";
  EXPECT_EQ(::write(file, "first", 5), 5);
  ASSERT_EQ(linkat(AT_FDCWD, ("/proc/self/fd/" + std::to_string(file)).c_str(), AT_FDCWD, in_root("f").c_str(),
                   AT_SYMLINK_FOLLOW),
            0);
  quiesce();
  EXPECT_TRUE(at("f").changes & kCreated);
  EXPECT_EQ(::write(file, ", second", 8), 8);
  quiesce();
  EXPECT_TRUE(at("f").changes & kModified);
  close(file);
  quiesce();
}

TEST_P(Traps, AnAtomicSaveIsAMove) {
  write("f", "old");
  watch();
  write("f.new", "new");
  fs::rename(in_root("f.new"), in_root("f"));
  quiesce();
  EXPECT_TRUE(at("f").changes & kMoved);
  EXPECT_EQ(at("f").moved_from, in_root("f.new"));
}

TEST_P(Traps, WhatIsWrittenAfterItWasUnlinkedChangesNothing) {
  write("f", "old");
  watch();
  const int file = open(in_root("f").c_str(), O_WRONLY | O_CLOEXEC);
  fs::remove(in_root("f"));
  EXPECT_EQ(::write(file, "dead", 4), 4);
  close(file);
  quiesce();
}

TEST_P(Traps, ALinkThatPointsElsewhereIsSeen) {
  fs::create_symlink("/nowhere", in_root("link"));
  watch();
  fs::remove(in_root("link"));
  fs::create_symlink("/elsewhere", in_root("link"));
  quiesce();
  EXPECT_EQ(at("link").changes, kCreated | kDeleted);
}

TEST_P(Traps, EveryAttributeIsTold) {
  write("f", "");
  watch();
  const std::string path = in_root("f");
  const std::vector<std::function<int()>> all = {[&] { return chmod(path.c_str(), 0600); },
                                                 [&] { return chown(path.c_str(), getuid(), getgid()); },
                                                 [&] { return utimensat(AT_FDCWD, path.c_str(), nullptr, 0); },
                                                 [&] { return setxattr(path.c_str(), "user.kedge", "1", 1, 0); }};
  for (const auto& change : all) {
    if (change() != 0) continue;  // no extended attributes of users here
    quiesce();
    EXPECT_EQ(at("f").changes, kAttributes);
  }
  fs::create_directory(in_root("d"));
  quiesce();
  EXPECT_EQ(chmod(in_root("d").c_str(), 0700), 0);
  quiesce();
  EXPECT_EQ(at("d").changes, kAttributes);
  EXPECT_FALSE(at("d").tree);
}

// --- directories
// ------------------------------------------------------------------------------------------------------

TEST_P(Traps, WhatIsMadeBeforeAWatchCanBeAddedIsSeen) {
  watch();
  write("a/b/c/f", "made at once");
  quiesce();
  write("a/b/c/f", "and then");
  quiesce();
  EXPECT_TRUE(at("a/b/c/f").changes & kModified);
}

TEST_P(Traps, OfManyDirectoriesWithAFileNoneIsMissed) {
  watch();
  for (int i = 0; i < 500; ++i) {
    write("d" + std::to_string(i) + "/f", std::to_string(i));
    if (i % 40 == 0) watching->read_some();
  }
  quiesce();
}

TEST_P(Traps, ADirectoryOfTheSameNameIsWatchedAnew) {
  write("d/old", "");
  watch();
  for (const bool at_once : {true, false}) {
    fs::remove_all(in_root("d"));
    if (!at_once) quiesce();
    fs::create_directory(in_root("d"));
    quiesce();
    write("d/f", at_once ? "one" : "two");
    quiesce();
    EXPECT_TRUE(at("d/f").changes & kCreated);
  }
}

TEST_P(Traps, AMoveBetweenDirectoriesIsOne) {
  write("a/f", "1");
  fs::create_directory(in_root("b"));
  watch();
  fs::rename(in_root("a/f"), in_root("b/g"));
  quiesce();
  EXPECT_EQ(at("b/g").moved_from, in_root("a/f"));
  EXPECT_TRUE(at("a/f").changes & kMoved);
}

TEST_P(Traps, MovesAreOneHoweverTheReadsFall) {
  fs::create_directory(in_root("a"));
  fs::create_directory(in_root("b"));
  for (int i = 0; i < 300; ++i) write("a/" + std::string(1 + i % 90, 'n') + std::to_string(i), "");
  watch(4096);  // some 50 events
  for (const auto& entry : fs::directory_iterator(in_root("a"))) {
    fs::rename(entry.path(), fs::path(in_root("b")) / entry.path().filename());
  }
  quiesce();
  for (const Sighting& one : watching->notices.sightings) {
    EXPECT_FALSE(lies_in(one.path, in_root("b")) && one.moved_from.empty()) << one.path;
  }
}

TEST_P(Traps, OutOfTheTreeIsDeletedAndIntoItIsCreated) {
  write("f", "1");
  write("d/e/f", "2");
  place.write("outside/g", "3");
  place.write("outside/h/i/g", "4");
  watch();
  fs::rename(in_root("f"), outside("f"));
  fs::rename(in_root("d"), outside("d"));
  quiesce();
  EXPECT_TRUE(at("f").changes & (kDeleted | kMoved));
  EXPECT_TRUE(at("d").tree);
  place.write("outside/d/e/f", "of no interest");
  quiesce();
  EXPECT_EQ(look_at(looks, in_root("d/e/f")), nullptr);
  fs::rename(outside("g"), in_root("g"));
  fs::rename(outside("h"), in_root("h"));
  quiesce();
  EXPECT_TRUE(at("g").changes & kMoved);
  EXPECT_TRUE(doubted(in_root("h"), Doubt::Reason::moved_in));
  write("h/i/g", "5");
  quiesce();
  EXPECT_TRUE(at("h/i/g").changes & kModified);
}

TEST_P(Traps, OutAndInAgainAtOnce) {
  write("d/e/f", "1");
  watch();
  fs::rename(in_root("d"), outside("d"));
  place.write("outside/d/e/g", "2");
  fs::rename(outside("d"), in_root("x"));
  quiesce();
  write("x/e/g", "3");
  quiesce();
  EXPECT_TRUE(at("x/e/g").changes & kModified);
}

TEST_P(Traps, AMovedDirectoryIsKnownByItsNewName) {
  write("a/b/c/f", "1");
  watch();
  fs::rename(in_root("a"), in_root("z"));
  write("z/b/c/f", "2");
  quiesce();
  EXPECT_EQ(at("z").moved_from, in_root("a"));
  write("z/b/c/f", "3");
  quiesce();
  EXPECT_TRUE(at("z/b/c/f").changes & kModified);
  EXPECT_EQ(look_at(looks, in_root("a/b/c/f")), nullptr);
}

TEST_P(Traps, TwoDirectoriesChangePlaces) {
  write("a/in-a/f", "of a");
  write("b/in-b/deep/f", "of b");
  watch();
  ASSERT_EQ(renameat2(AT_FDCWD, in_root("a").c_str(), AT_FDCWD, in_root("b").c_str(), RENAME_EXCHANGE), 0);
  quiesce();
  write("a/in-b/deep/f", "changed");
  write("b/in-a/new/f", "changed");
  quiesce();
  EXPECT_TRUE(at("a/in-b/deep/f").changes & kModified);
  // Twice at once, each time with something new in between, is more than a map of names can follow.
  ASSERT_EQ(renameat2(AT_FDCWD, in_root("a").c_str(), AT_FDCWD, in_root("b").c_str(), RENAME_EXCHANGE), 0);
  fs::create_directory(in_root("a/between"));
  ASSERT_EQ(renameat2(AT_FDCWD, in_root("a").c_str(), AT_FDCWD, in_root("b").c_str(), RENAME_EXCHANGE), 0);
  fs::create_directory(in_root("a/after"));
  quiesce();
  write("b/between/f", "1");
  write("a/after/f", "2");
  quiesce();
  EXPECT_TRUE(at("b/between/f").changes & kCreated);
  EXPECT_TRUE(at("a/after/f").changes & kCreated);
}

TEST_P(Traps, ADirectoryIsMovedOverAnEmptyOne) {
  write("a/b/f", "1");
  fs::create_directory(in_root("c"));
  watch();
  fs::rename(in_root("a"), in_root("c"));
  quiesce();
  write("c/b/f", "2");
  quiesce();
  EXPECT_TRUE(at("c/b/f").changes & kModified);
}

TEST_P(Traps, WhatIsExcludedIsNotTold) {
  fs::create_directories(in_root("log/deep"));
  auto watcher = open_watcher_named(GetParam(), {{root()}, {in_root("log")}});
  ASSERT_TRUE(watcher);
  write("log/deep/f", "noise");
  write("f", "signal");
  std::vector<std::string> told;
  for (int polls = 0; polls < 500 && told.empty(); ++polls) {
    const auto notices = (*watcher)->poll(std::chrono::milliseconds(10));
    ASSERT_TRUE(notices);
    for (const auto& one : notices->sightings) told.push_back(one.path);
  }
  ASSERT_FALSE(told.empty());
  for (const auto& path : told) EXPECT_EQ(path, in_root("f"));
}

// --- roots
// ------------------------------------------------------------------------------------------------------------

TEST_P(Traps, ARootIsRemovedAndMadeAgain) {
  write("d/f", "1");
  watch();
  fs::remove_all(root());
  ASSERT_TRUE(watching->doubts(Doubt::Reason::root_gone, root()));
  ASSERT_EQ(watching->watcher().blind_spots().size(), 1U);
  EXPECT_EQ(watching->watcher().blind_spots()[0].path, root());
  write("d/g", "2");
  watching->check();
  EXPECT_TRUE(doubted(root(), Doubt::Reason::root_back));
  EXPECT_TRUE(watching->watcher().blind_spots().empty());
  quiesce();
  write("d/g", "3");
  quiesce();
  EXPECT_TRUE(at("d/g").changes & kModified);
}

TEST_P(Traps, ARootIsMovedWithItsParent) {
  const auto parent = place.path() / "parent";
  fs::create_directories(parent / "deep/root");
  watching = std::make_unique<Watching>(GetParam(), (parent / "deep/root").string());
  fs::rename(parent, place.path() / "away");
  EXPECT_TRUE(watching->doubts(Doubt::Reason::root_gone, (parent / "deep/root").string()));
  place.write("parent/deep/root/f", "another tree under the old name");
  ASSERT_TRUE(watching->watcher().check());
  EXPECT_TRUE(watching->watcher().blind_spots().empty());
}

TEST_P(Traps, ARootThatIsNotThereYetIsNamedAndFound) {
  auto watcher = open_watcher_named(GetParam(), {{root(), outside("later")}, {}});
  ASSERT_TRUE(watcher) << watcher.error().message;
  ASSERT_EQ((*watcher)->blind_spots().size(), 1U);
  EXPECT_EQ((*watcher)->blind_spots()[0].path, outside("later"));
  place.write("outside/later/f", "");
  ASSERT_TRUE((*watcher)->check());
  EXPECT_TRUE((*watcher)->blind_spots().empty());
}

// As for a signal: it need not look at times.
TEST_P(Traps, WhoeverWantsItIsWokenByADescriptor) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Descriptor read_end(ends[0]);
  const Descriptor write_end(ends[1]);
  auto opened = open_watcher_named(GetParam(), {.roots = {root()}, .excluded = {}, .wake = read_end.get()});
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_EQ(::write(write_end.get(), "x", 1), 1);
  const auto notices = (*opened)->poll(std::chrono::hours(1));
  ASSERT_TRUE(notices) << notices.error().message;
  EXPECT_TRUE(notices->empty());
}

TEST_P(Traps, RootsAreAbsolutePathsInOneForm) {
  EXPECT_FALSE(open_watcher_named(GetParam(), {{"relative"}, {}}));
  EXPECT_FALSE(open_watcher_named(GetParam(), {{root() + "/../root"}, {}}));
  EXPECT_EQ(*tidy_paths({"/b/", "/a", "/a/c", "/ab"}), (std::vector<std::string>{"/a", "/ab", "/b"}));
}

// --- mounts
// -----------------------------------------------------------------------------------------------------------

TEST_P(MountTraps, ADirectoryThatIsSeenAtTwoPathsIsToldAtBoth) {
  write("one/d/f", "1");
  fs::create_directory(in_root("two"));
  mount_at(in_root("two"), in_root("one"), nullptr, MS_BIND);
  watch();
  write("one/d/f", "2");
  quiesce();
  EXPECT_TRUE(at("one/d/f").changes & kModified);
  EXPECT_TRUE(at("two/d/f").changes & kModified);
  write("two/e/f", "3");
  quiesce();
}

TEST_P(MountTraps, WhatIsMountedOverADirectoryIsReadAndWatched) {
  write("d/f", "below");
  watch();
  mount_at(in_root("d"), "tmpfs", "tmpfs", 0);
  ASSERT_TRUE(watching->doubts(Doubt::Reason::mounted, in_root("d")));
  quiesce();
  write("d/e/g", "in the mounted one");
  quiesce();
  write("d/e/g", "again");
  quiesce();
  EXPECT_TRUE(at("d/e/g").changes & kModified);
  unmount(in_root("d"));
  ASSERT_TRUE(watching->doubts(Doubt::Reason::mounted, in_root("d")));
  quiesce();
  write("d/f", "to be seen again");
  quiesce();
  EXPECT_TRUE(at("d/f").changes & kModified);
}

TEST_P(MountTraps, AFileThatIsMountedOverAnotherIsLookedAt) {
  write("f", "good");
  place.write("outside/f", "evil");
  watch();
  mount_at(in_root("f"), outside("f"), nullptr, MS_BIND);
  ASSERT_TRUE(watching->doubts(Doubt::Reason::mounted, in_root("f")));
  quiesce();
  EXPECT_TRUE(at("f").tree);
}

TEST_P(MountTraps, ARootIsMountedOver) {
  write("f", "good");
  place.write("outside/g", "evil");
  watch();
  mount_at(root(), outside(""), nullptr, MS_BIND);
  ASSERT_TRUE(watching->doubts(Doubt::Reason::root_back, root()));
  quiesce();
  write("h", "in what is there now");
  quiesce();
  EXPECT_TRUE(at("h").changes & kCreated);
}

TEST_P(MountTraps, WritesToAnOverlayAreSeen) {
  for (const char* const name : {"lower", "upper", "work"}) fs::create_directories(outside(name));
  fs::create_directory(in_root("merged"));
  place.write("outside/lower/d/f", "from below");
  // The layers of an overlay must not be an overlay themselves.
  const std::string layers =
      "lowerdir=" + outside("lower") + ",upperdir=" + outside("upper") + ",workdir=" + outside("work");
  if (mount("overlay", in_root("merged").c_str(), "overlay", 0, layers.c_str()) != 0)
    GTEST_SKIP() << "no overlayfs here";
  watch();
  write("merged/d/f", "changed");
  write("merged/e/g", "new");
  quiesce();
  EXPECT_TRUE(at("merged/d/f").changes & kModified);
  watching.reset();
  unmount(in_root("merged"));
}

TEST_P(InotifyMountTraps, TheKernelsOwnFilesAreNamedAsNotWatched) {
  fs::create_directory(in_root("proc"));
  mount_at(in_root("proc"), "proc", "proc", 0);
  const auto watcher = open_watcher_named(GetParam(), {{root()}, {}});
  ASSERT_TRUE(watcher);
  ASSERT_EQ((*watcher)->blind_spots().size(), 1U);
  EXPECT_EQ((*watcher)->blind_spots()[0].path, in_root("proc"));
}

// --- limits
// -----------------------------------------------------------------------------------------------------------

TEST_P(Traps, AfterAStormThatNobodyReadNothingIsMissed) {
  write("one", "");
  write("two", "");
  watch();
  // Two in turn: neighbours that are alike would merge.
  for (int i = 0; i < 9'000; ++i) {
    ASSERT_EQ(chmod(in_root("one").c_str(), i % 2 == 0 ? 0600 : 0644), 0);
    ASSERT_EQ(chmod(in_root("two").c_str(), 0600), 0);
  }
  for (int i = 0; i < 200; ++i) {
    const std::string name = "d" + std::to_string(i % 10) + "/s" + std::to_string(i);
    write(name + "/f", std::to_string(i));
    if (i % 3 == 0) fs::rename(in_root(name), in_root("d" + std::to_string(i % 10) + "/moved" + std::to_string(i)));
  }
  quiesce();
  EXPECT_EQ(doubted(root(), Doubt::Reason::overflow), GetParam() == "inotify");
  write("d7/moved57/f", "and all of it is watched");
  quiesce();
  EXPECT_TRUE(at("d7/moved57/f").changes & (kModified | kCreated));
}

TEST_P(InotifyTraps, WhatIsNestedTooDeeplyIsNamed) {
  int at = open(root().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int i = 0; i < 600; ++i) {
    ASSERT_EQ(mkdirat(at, "d", 0755), 0);
    const int next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(at);
    at = next;
  }
  close(at);
  watch();
  ASSERT_EQ(watching->watcher().blind_spots().size(), 1U);
  EXPECT_EQ(watching->watcher().blind_spots()[0].why, "nested too deeply");
}

void watch_with_too_few(const std::string& root) {
  constexpr int kNotAllowed = 77;
  if (!limit_watches(30)) _exit(kNotAllowed);
  auto watcher = InotifyWatcher::open({{root}, {}});
  if (!watcher) _exit(1);
  const auto blind = (*watcher)->blind_spots();
  const bool named = !blind.empty() && blind[0].why == "fs.inotify.max_user_watches is reached";
  // Each directory is either watched or named.
  size_t covered = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    covered += entry.is_directory() &&
                       std::none_of(blind.begin(), blind.end(),
                                    [&](const BlindSpot& one) { return lies_in(entry.path().string(), one.path); })
                   ? 1U
                   : 0U;
  }
  const bool all = covered + 1 == (*watcher)->directories();
  // Where there is room again, it is used.
  for (int i = 0; i < 20; ++i) fs::remove_all(root + "/d" + std::to_string(i));
  if (!(*watcher)->poll(Duration{0}) || !(*watcher)->check()) _exit(2);
  const bool mended = (*watcher)->blind_spots().empty() && (*watcher)->directories() == 21;
  // One more than there may be is a doubt, and then named.
  for (int i = 0; i < 20; ++i) fs::create_directories(root + "/e" + std::to_string(i));
  const auto notices = (*watcher)->poll(Duration{0});
  const bool doubted = notices && std::any_of(notices->doubts.begin(), notices->doubts.end(), [](const Doubt& one) {
                         return one.reason == Doubt::Reason::watch_limit;
                       });
  _exit(!named ? 3 : !all ? 4 : !mended ? 5 : !doubted ? 6 : 0);
}

TEST_P(InotifyTraps, WhatTheLimitOnWatchesLeavesOutIsNamedAndTriedAgain) {
  for (int i = 0; i < 40; ++i) fs::create_directories(in_root("d" + std::to_string(i)));
  const pid_t child = fork();
  if (child == 0) watch_with_too_few(root());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no user namespace of our own";
  EXPECT_EQ(status, 0) << "exit status " << WEXITSTATUS(status);
}

// More than are named: the root stands for the others, until all of them are watched.
void watch_far_too_many(const std::string& root) {
  constexpr int kNotAllowed = 77;
  if (!limit_watches(30)) _exit(kNotAllowed);
  auto watcher = InotifyWatcher::open({{root}, {}});
  if (!watcher) _exit(1);
  const auto has = [](const Result<Notices>& notices, Doubt::Reason reason, const std::string& path) {
    return notices && std::any_of(notices->doubts.begin(), notices->doubts.end(),
                                  [&](const Doubt& one) { return one.reason == reason && one.path == path; });
  };
  // It is told from the start, and at once, though nothing happens.
  if (!has((*watcher)->poll(std::chrono::hours(1)), Doubt::Reason::watch_limit, root)) _exit(2);
  const auto blind = (*watcher)->blind_spots();
  const bool all_limited = std::all_of(blind.begin(), blind.end(), [](const BlindSpot& one) { return one.limited; });
  if (!all_limited || blind.front().path != root) _exit(3);
  const auto tried = (*watcher)->check();
  if (has(tried, Doubt::Reason::seen_again, root) || (*watcher)->blind_spots().empty()) _exit(4);
  for (int i = 0; i < 1'090; ++i) fs::remove(root + "/d" + std::to_string(i));
  if (!(*watcher)->poll(Duration{0})) _exit(5);
  if (!has((*watcher)->check(), Doubt::Reason::seen_again, root)) _exit(6);
  _exit((*watcher)->blind_spots().empty() && (*watcher)->directories() == 11 ? 0 : 7);
}

TEST_P(InotifyTraps, WhereMoreIsLeftOutThanIsNamedTheRootStandsForItUntilAllIsWatched) {
  for (int i = 0; i < 1'100; ++i) fs::create_directories(in_root("d" + std::to_string(i)));
  const pid_t child = fork();
  if (child == 0) watch_far_too_many(root());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no user namespace of our own";
  EXPECT_EQ(status, 0) << "exit status " << WEXITSTATUS(status);
}

// --- who
// --------------------------------------------------------------------------------------------------------------

TEST_P(FanotifyTraps, SaysWhoDidIt) {
  watch();
  write("f", "by this very process");
  quiesce();
  ASSERT_EQ(at("f").actors.size(), 1U);
  EXPECT_EQ(at("f").actors[0]->process, getpid());
  EXPECT_EQ(at("f").actors[0]->executable, fs::read_symlink("/proc/self/exe").string());
  EXPECT_NE(at("f").actors[0]->command, "");
}

TEST(OpenWatcher, TakesWhatThisProcessMayUse) {
  const TemporaryDirectory place;
  auto watcher = open_watcher({{place.path().string()}, {}});
  ASSERT_TRUE(watcher) << watcher.error().message;
  const bool may = open_watcher_named("fanotify", {{place.path().string()}, {}}).ok();
  EXPECT_EQ((*watcher)->name(), may ? "fanotify" : "inotify");
  EXPECT_EQ(open_watcher({{"relative"}, {}}).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace kedge
