#include "audit/log_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <tuple>

#include "audit/blobs.h"
#include "audit/head_slots.h"
#include "audit/verifier.h"
#include "tests/audit/log_files.h"
#include "tests/audit/lossy_log_disk.h"
#include "tests/audit/reference_tree.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using testing::HasSubstr;
using Fate = LossyLogDisk::Fate;

std::vector<std::string> some_entries(size_t count, const std::string& what = "entry ") {
  std::vector<std::string> entries;
  for (size_t i = 0; i < count; ++i) entries.push_back(what + std::to_string(i));
  return entries;
}

SigningKey key_of(char seed, const std::string& name = vectors::kOrigin) {
  return SigningKey::from_seed(name, std::string(32, seed)).value();
}

LogWriter::Options options(std::vector<SigningKey> keys = {known_key()}) {
  return {"/log", "/state/head", std::move(keys)};
}

// A disk with what a log needs to begin.
class Disk : public LossyLogDisk {
 public:
  explicit Disk(uint64_t seed = 1) : LossyLogDisk(seed) {
    make("/state");
    make("/log");
  }

  std::unique_ptr<LogWriter> writer(std::vector<SigningKey> keys = {known_key()}) {
    auto writer = LogWriter::open(options(std::move(keys)), open());
    EXPECT_TRUE(writer) << writer.error().message;
    return writer ? *std::move(writer) : nullptr;
  }
  std::string refusal(std::vector<SigningKey> keys = {known_key()}) {
    const auto writer = LogWriter::open(options(std::move(keys)), open());
    return writer ? "" : writer.error().message;
  }

  // The files of the log alone.
  LogFiles log() const {
    LogFiles found;
    for (const auto& [path, bytes] : files()) {
      if (path.rfind("/log/", 0) == 0) found[path.substr(5)] = bytes;
    }
    return found;
  }

  // Of what it was: the log's files, the head, or both.
  void put_back(const std::map<std::string, std::string>& then, const std::string& below) {
    for (const auto& [path, bytes] : files()) {
      if (path.rfind(below, 0) == 0) take(path);
    }
    for (const auto& [path, bytes] : then) {
      if (path.rfind(below, 0) == 0) put(path, bytes);
    }
  }

 private:
  void make(const std::string& directory) {
    EXPECT_TRUE(open()->make_directory(directory));
    EXPECT_TRUE(open()->sync_all());
  }
};

void append_all(LogWriter& writer, const std::vector<std::string>& entries, size_t to) {
  while (writer.size() < to) ASSERT_TRUE(writer.append(entries[writer.size()]));
}

TEST(LogWriter, WritesTheFilesThatTheLayoutSaysWhateverTheSizeOfItsPublications) {
  for (const std::vector<size_t>& sizes : std::vector<std::vector<size_t>>{
           {1}, {5}, {255, 256}, {1, 257}, {300, 511, 512, 513}, {1000}, {256, 512, 768, 1024}, {100, 66'000}}) {
    Disk disk;
    const std::vector<std::string> entries = some_entries(sizes.back());
    const auto writer = disk.writer();
    for (const size_t size : sizes) {
      append_all(*writer, entries, size);
      ASSERT_TRUE(writer->publish());
    }
    LogFiles wanted = log_files(entries);
    for (const auto& [path, bytes] : wanted) EXPECT_EQ(disk.log()[path], bytes) << path << " of " << sizes.back();
    if (sizes.size() == 1) {
      EXPECT_EQ(disk.log(), wanted);
    }
  }
}

TEST(LogWriter, SignsTheTreeOfEverySizeAndGoesOnFromEach) {
  Disk disk;
  const auto entries = some_entries(1100);
  const ReferenceTree reference(entries);
  auto writer = disk.writer();
  for (uint64_t size = 0; size <= entries.size(); ++size) {
    append_all(*writer, entries, size);
    const auto note = writer->publish();
    ASSERT_TRUE(note) << size;
    const auto head = open_checkpoint(*note, {known_key().verifier()});
    ASSERT_TRUE(head) << size;
    ASSERT_EQ(*head, (Checkpoint{vectors::kOrigin, size, reference.root(0, size)}));
    writer.reset();
    writer = disk.writer();
    ASSERT_TRUE(writer) << size;
    ASSERT_EQ(writer->size(), size);
  }
  LogFiles wanted = log_files(entries);
  for (const auto& [path, bytes] : wanted) EXPECT_EQ(disk.log()[path], bytes) << path;
}

TEST(LogWriter, KeepsPartialFilesUntilTheFullOneIsPublished) {
  Disk disk;
  const auto entries = some_entries(300);
  const auto writer = disk.writer();
  for (const size_t size : {10, 20, 255}) {
    append_all(*writer, entries, size);
    ASSERT_TRUE(writer->publish());
  }
  for (const int width : {10, 20, 255}) {
    EXPECT_TRUE(disk.log().contains("tile/0/000.p/" + std::to_string(width)));
    EXPECT_TRUE(disk.log().contains("tile/entries/000.p/" + std::to_string(width)));
  }
  append_all(*writer, entries, 300);
  ASSERT_TRUE(writer->publish());
  EXPECT_EQ(disk.log(), log_files(entries));
}

TEST(LogWriter, PublishesWhatOtherToolsPublishByteForByte) {
  Disk disk;
  const auto writer = disk.writer();
  append_all(*writer, vectors::kEntries, vectors::kEntries.size());
  const auto note = writer->publish();
  ASSERT_TRUE(note);
  EXPECT_EQ(*note, checkpoint_of(vectors::kEntries));
  EXPECT_EQ(disk.log().at("tile/entries/000.p/5"), vectors::kBundle);
}

TEST(LogWriter, GoesOnWhereItsLastLeafIs) {
  Disk disk;
  for (const size_t size : {1, 255, 256, 257, 700, 65'536, 65'537}) {
    const auto entries = some_entries(65'537);
    const auto writer = disk.writer();
    append_all(*writer, entries, size);
    ASSERT_TRUE(writer->publish());
    const auto again = disk.writer();
    EXPECT_EQ(again->size(), size);
    EXPECT_EQ(again->published(), writer->published());
    EXPECT_EQ(again->last_entry(), entries[size - 1]);
  }
}

TEST(LogWriter, ForgetsWhatWasNotPublished) {
  Disk disk;
  {
    const auto writer = disk.writer();
    append_all(*writer, some_entries(10), 10);
    ASSERT_TRUE(writer->publish());
    append_all(*writer, some_entries(20), 20);
    EXPECT_GT(writer->waiting_bytes(), 0U);
  }
  EXPECT_EQ(disk.writer()->size(), 10U);
}

TEST(LogWriter, WritesNothingWhereThereIsNothingNew) {
  Disk disk;
  const auto writer = disk.writer();
  append_all(*writer, some_entries(3), 3);
  const auto first = writer->publish();
  const uint64_t calls = disk.calls();
  const auto second = writer->publish();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(disk.calls(), calls);
}

// Each waits for the disk: that is what a publication takes, however small it is.
TEST(LogWriter, SyncsTwiceForAPublicationHoweverLargeItIs) {
  Disk disk;
  const auto entries = some_entries(3000);
  auto writer = disk.writer();
  append_all(*writer, entries, 1);
  ASSERT_TRUE(writer->publish());  // makes the file of the head, whose name is synced too
  for (const size_t size : {2, 300, 3000}) {
    writer.reset();
    writer = disk.writer();
    const uint64_t before = disk.syncs();
    append_all(*writer, entries, size);
    ASSERT_TRUE(writer->publish());
    EXPECT_EQ(disk.syncs() - before, 2U) << size;
  }
}

// A disk has then begun with them when they are published.
TEST(LogWriter, WritesFullFilesWhenTheyAreFullAndWhatIsNotWhenItIsPublished) {
  Disk disk;
  const auto entries = some_entries(600);
  const auto writer = disk.writer();
  append_all(*writer, entries, 600);
  EXPECT_TRUE(disk.log().contains("tile/entries/001"));
  EXPECT_TRUE(disk.log().contains("tile/0/001"));
  EXPECT_FALSE(disk.log().contains("tile/entries/002.p/88"));
  EXPECT_FALSE(disk.log().contains("checkpoint"));
  ASSERT_TRUE(writer->publish());
  EXPECT_EQ(disk.log(), log_files(entries));
}

TEST(LogWriter, RefusesAnEntryThatIsTooLongAndIsAsBefore) {
  Disk disk;
  const auto writer = disk.writer();
  const auto refused = writer->append(std::string(kEntryBytesMax + 1, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::limit);
  append_all(*writer, some_entries(3), 3);
  ASSERT_TRUE(writer->publish());
  EXPECT_EQ(disk.log(), log_files(some_entries(3)));
}

// ---- whatever happens ----------------------------------------------------------------------------------------------

constexpr size_t kSizes[] = {3, 200, 256, 300, 300, 520, 1100};

// Appends and publishes up to the end, from wherever the log is. What was published is kept.
void go_on(LogWriter& writer, const std::vector<std::string>& entries, std::vector<std::string>& published) {
  for (const size_t size : kSizes) {
    if (size < writer.size()) continue;
    append_all(writer, entries, size);
    const auto note = writer.publish();
    if (note) published.push_back(*note);
  }
}

void expect_one_history(const std::vector<std::string>& notes, const std::vector<std::string>& entries) {
  uint64_t before = 0;
  for (const std::string& note : notes) {
    const auto head = open_checkpoint(note, {known_key().verifier()});
    ASSERT_TRUE(head);
    EXPECT_GE(head->size, before);
    before = head->size;
    EXPECT_EQ(head->root, root_of({entries.begin(), entries.begin() + static_cast<ptrdiff_t>(head->size)}));
  }
}

uint64_t calls_of_a_whole_run() {
  Disk disk;
  std::vector<std::string> published;
  go_on(*disk.writer(), some_entries(1100), published);
  return disk.calls();
}

// The file, or, where the log is beyond a partial one, the full one that has it.
std::optional<std::string> bytes_in(const LogFiles& log, const std::string& path, size_t length) {
  if (const auto found = log.find(path); found != log.end()) return found->second;
  const auto full = log.find(path.substr(0, path.find(".p/")));
  if (full == log.end()) return std::nullopt;
  return full->second.substr(0, length);
}

// Whoever reads the log while it is written, dies, or is started again sees a log: all that its checkpoint says is
// there.
void expect_whole(const Disk& disk, const std::vector<std::string>& entries) {
  const LogFiles log = disk.log();
  const auto shown = log.find("checkpoint");
  if (shown == log.end()) return;
  const auto head = open_checkpoint(shown->second, {known_key().verifier()});
  ASSERT_TRUE(head) << "the checkpoint was torn";
  const auto wanted = log_files({entries.begin(), entries.begin() + static_cast<ptrdiff_t>(head->size)});
  for (const auto& [path, bytes] : wanted) {
    const auto found = bytes_in(log, path, bytes.size());
    ASSERT_TRUE(found) << path << " of " << head->size;
    ASSERT_EQ(*found, bytes) << path << " of " << head->size;
  }
}

TEST(LogWriter, HasNoGapNoRepeatAndNoForkWhereverItsMachineDies) {
  const auto entries = some_entries(1100);
  const uint64_t calls = calls_of_a_whole_run();
  for (const Fate fate : {Fate::dies_before, Fate::dies_after}) {
    for (uint64_t at = Disk().calls(); at < calls; ++at) {
      SCOPED_TRACE("at call " + std::to_string(at));
      Disk disk(at);
      std::vector<std::string> published;
      disk.fate = [&](uint64_t call) { return call == at ? fate : Fate::well; };
      EXPECT_THROW(go_on(*disk.writer(), entries, published), MachineDied);
      disk.lose_what_is_not_synced();
      expect_whole(disk, entries);
      const auto writer = disk.writer();
      ASSERT_TRUE(writer);
      if (!published.empty()) {
        EXPECT_GE(writer->size(), open_checkpoint(published.back(), {known_key().verifier()})->size);
      }
      go_on(*writer, entries, published);
      expect_one_history(published, entries);
      expect_whole(disk, entries);
      EXPECT_EQ(disk.log()["checkpoint"], checkpoint_of(entries));
    }
  }
}

TEST(LogWriter, DiesAgainAndAgainAndHasOneHistory) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto entries = some_entries(1100);
    Disk disk(seed);
    Random dice(seed);
    std::vector<std::string> published;
    uint64_t next = disk.calls() + dice.below(30);
    disk.fate = [&](uint64_t call) { return call == next ? Fate::dies_before : Fate::well; };
    for (bool ended = false; !ended;) {
      try {
        go_on(*disk.writer(), entries, published);
        ended = true;
      } catch (const MachineDied&) {
        disk.lose_what_is_not_synced();
        expect_whole(disk, entries);
        next = disk.calls() + dice.below(300);
      }
    }
    expect_one_history(published, entries);
    expect_whole(disk, entries);
    EXPECT_EQ(disk.log()["checkpoint"], checkpoint_of(entries));
  }
}

TEST(LogWriter, LosesNothingToACallThatFailsAndIsTriedAgain) {
  const auto entries = some_entries(1100);
  const uint64_t calls = calls_of_a_whole_run();
  for (const Fate fate : {Fate::has_no_room, Fate::fails}) {
    for (uint64_t at = Disk().calls(); at < calls; ++at) {
      SCOPED_TRACE("at call " + std::to_string(at));
      Disk disk(at);
      std::vector<std::string> published;
      disk.fate = [&](uint64_t call) { return call == at ? fate : Fate::well; };
      const auto writer = disk.writer();
      go_on(*writer, entries, published);
      ASSERT_TRUE(writer->publish());
      expect_one_history(published, entries);
      expect_whole(disk, entries);
      EXPECT_EQ(disk.log()["checkpoint"], checkpoint_of(entries));
      EXPECT_EQ(disk.writer()->size(), entries.size());
      disk.lose_what_is_not_synced();
      expect_whole(disk, entries);
    }
  }
}

TEST(LogWriter, AnswersNoRoomForAsLongAsThereIsNoneAndThenPublishesAll) {
  Disk disk;
  bool full = false;
  disk.fate = [&](uint64_t) { return full ? Fate::has_no_room : Fate::well; };
  const auto entries = some_entries(700);
  const auto writer = disk.writer();
  append_all(*writer, entries, 100);
  ASSERT_TRUE(writer->publish());
  const LogFiles before = disk.log();
  full = true;
  for (const size_t size : {200, 400, 700}) {
    append_all(*writer, entries, size);
    const auto refused = writer->publish();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::no_room);
    EXPECT_EQ(disk.log(), before);
  }
  full = false;
  ASSERT_TRUE(writer->publish());
  expect_whole(disk, entries);
}

TEST(LogWriter, RefusesToOpenWhatItCannotReadAndTakesItForNoOtherLog) {
  for (const size_t size : {300, 512, 65'600}) {
    Disk disk;
    const auto entries = some_entries(size + 1);
    const auto write_to = [&](size_t end) {
      const auto writer = disk.writer();
      append_all(*writer, entries, end);
      return writer->publish().ok();
    };
    ASSERT_TRUE(write_to(size));
    const LogFiles before = disk.log();
    const uint64_t first = disk.reads();
    ASSERT_EQ(disk.writer()->size(), size);
    const uint64_t reads = disk.reads() - first;
    ASSERT_GT(reads, 4U);
    size_t refused = 0;
    for (uint64_t at = 0; at < reads; ++at) {
      SCOPED_TRACE("read " + std::to_string(at) + " of a log of " + std::to_string(size));
      disk.read_fails = [&, from = disk.reads()](uint64_t read) { return read == from + at; };
      const auto writer = LogWriter::open(options(), disk.open());
      refused += writer ? 0 : 1;
      if (!writer) {
        EXPECT_EQ(writer.error().code, ErrorCode::unavailable) << writer.error().message;
        EXPECT_THAT(writer.error().message, HasSubstr("input/output error"));
      }
      EXPECT_EQ(disk.log(), before);
    }
    EXPECT_GE(refused, 4U);
    disk.read_fails = [](uint64_t) { return false; };
    ASSERT_TRUE(write_to(size + 1));
    expect_whole(disk, entries);
  }
}

TEST(LogWriter, PublishesAlsoWhileNothingCanBeRead) {
  Disk disk;
  const auto entries = some_entries(700);
  const auto writer = disk.writer();
  disk.read_fails = [](uint64_t) { return true; };
  for (const size_t size : {100, 255, 300, 700}) {
    append_all(*writer, entries, size);
    ASSERT_TRUE(writer->publish());
    expect_whole(disk, entries);
  }
}

// An entry that is in the log has its blob beside it, whatever a crash leaves of one that was on its way.
TEST(LogWriter, KeepsTheBlobThatAPublishedEntryNamesWhereverItsMachineDies) {
  const auto entries = some_entries(8);
  const auto blob_of = [](size_t entry) { return "what is too large for entry " + std::to_string(entry / 2); };
  const auto run = [&](LogWriter& writer) {
    while (writer.size() < entries.size()) {
      ASSERT_TRUE(writer.keep(blob_of(writer.size())));
      ASSERT_TRUE(writer.append(entries[writer.size()]));
      if (writer.size() % 3 != 0) continue;
      ASSERT_TRUE(writer.publish());
    }
    ASSERT_TRUE(writer.publish());
  };
  const auto expect_blobs = [&](Disk& disk) {
    const auto writer = disk.writer();
    ASSERT_TRUE(writer);
    const LogFiles log = disk.log();
    for (size_t entry = 0; entry < writer->size(); ++entry) {
      const auto found = log.find(blob_path(sha256(blob_of(entry))));
      ASSERT_TRUE(found != log.end()) << entry;
      ASSERT_EQ(found->second, blob_of(entry));
    }
  };
  Disk whole;
  const uint64_t begin = whole.calls();
  run(*whole.writer());
  for (const Fate fate : {Fate::dies_before, Fate::dies_after}) {
    for (uint64_t at = begin; at < whole.calls(); ++at) {
      SCOPED_TRACE("at call " + std::to_string(at));
      Disk disk(at);
      disk.fate = [&](uint64_t call) { return call == at ? fate : Fate::well; };
      EXPECT_THROW(run(*disk.writer()), MachineDied);
      disk.lose_what_is_not_synced();
      expect_blobs(disk);
      run(*disk.writer());
      expect_blobs(disk);
    }
  }
}

// A sync that failed has given up what it was to write, and the next one says nothing of it.
TEST(LogWriter, KeepsTheBlobThatAPublishedEntryNamesAlsoBehindACallThatFailed) {
  const auto entries = some_entries(8);
  const auto blob_of = [](size_t entry) { return "what is too large for entry " + std::to_string(entry / 2); };
  // As the follower does: what fails is tried again at the next turn.
  const auto run = [&](LogWriter& writer) {
    for (int turn = 0; turn < 20; ++turn) {
      while (writer.size() < entries.size() && writer.keep(blob_of(writer.size()))) {
        ASSERT_TRUE(writer.append(entries[writer.size()]));
        if (writer.size() % 3 == 0 && !writer.publish()) break;
      }
      if (writer.size() == entries.size() && writer.publish()) return;
    }
    FAIL() << "it never goes on";
  };
  Disk whole;
  const uint64_t begin = whole.calls();
  run(*whole.writer());
  for (const Fate fate : {Fate::has_no_room, Fate::fails}) {
    for (uint64_t at = begin; at < whole.calls(); ++at) {
      for (const uint64_t times : {1, 2}) {
        SCOPED_TRACE("at call " + std::to_string(at) + ", " + std::to_string(times) + " times");
        Disk disk(at);
        disk.fate = [&](uint64_t call) { return call >= at && call < at + times ? fate : Fate::well; };
        run(*disk.writer());
        disk.lose_what_is_not_synced();
        const LogFiles log = disk.log();
        for (size_t entry = 0; entry < entries.size(); ++entry) {
          const auto found = log.find(blob_path(sha256(blob_of(entry))));
          ASSERT_TRUE(found != log.end()) << entry;
          ASSERT_EQ(found->second, blob_of(entry));
        }
        expect_whole(disk, entries);
      }
    }
  }
}

TEST(LogWriter, PutsABlobAnewThatIsNotWhole) {
  Disk disk;
  const auto writer = disk.writer();
  ASSERT_TRUE(writer->keep("the bytes"));
  const std::string path = "/log/" + blob_path(sha256("the bytes"));
  disk.put(path, "the b");
  ASSERT_TRUE(writer->keep("the bytes"));
  EXPECT_EQ(disk.files().at(path), "the bytes");
  const uint64_t calls = disk.calls();
  ASSERT_TRUE(writer->keep("the bytes"));
  EXPECT_EQ(disk.calls(), calls) << "it is there";
}

TEST(LogWriter, RemovesWhatADeadWriterLeftUnfinished) {
  const auto entries = some_entries(600);
  Disk disk;
  {
    const auto writer = disk.writer();
    append_all(*writer, entries, 300);
    ASSERT_TRUE(writer->publish());
  }
  disk.put("/log/.staging/7", "half a file");
  ASSERT_TRUE(disk.open()->make_directory("/log/tile/entries/000.p"));
  disk.put("/log/tile/entries/000.p/9", "of a size that was");
  EXPECT_EQ(disk.writer()->size(), 300U);
  EXPECT_FALSE(disk.log().contains(".staging/7"));
  EXPECT_FALSE(disk.log().contains("tile/entries/000.p/9"));
}

// It was of a journal that is lost: others come in its place.
TEST(LogWriter, RemovesWhatADeadWriterLeftBeyondTheHead) {
  const auto entries = some_entries(300);
  Disk disk;
  {
    const auto writer = disk.writer();
    append_all(*writer, entries, 300);
    ASSERT_TRUE(writer->publish());
  }
  const LogFiles before = disk.log();
  const auto put = [&](const std::string& path) {
    for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      ASSERT_TRUE(disk.open()->make_directory("/log/" + path.substr(0, slash)));
    }
    disk.put("/log/" + path, "of what is lost");
  };
  for (const std::string path :
       {"tile/entries/001.p/60", "tile/0/001.p/60", "tile/entries/001", "tile/0/001", "tile/entries/007",
        "tile/0/009.p/3", "tile/1/000.p/2", "tile/2/000.p/1", "tile/entries/x001/000", "tile/entries/x001/015.p/160"}) {
    put(path);
  }
  EXPECT_EQ(disk.writer()->size(), 300U);
  EXPECT_EQ(disk.log(), before);
}

// As a version before this left it, and as it is put there by hand.
TEST(LogWriter, GoesOnFromAHeadThatIsANoteAloneAndWritesItsSuccessorsInPlace) {
  Disk disk;
  const auto entries = some_entries(400);
  {
    const auto writer = disk.writer();
    append_all(*writer, entries, 300);
    ASSERT_TRUE(writer->publish());
  }
  disk.put("/state/head", disk.log().at("checkpoint"));
  for (const size_t size : {350, 400}) {
    const auto writer = disk.writer();
    ASSERT_TRUE(writer);
    append_all(*writer, entries, size);
    ASSERT_TRUE(writer->publish());
    const auto head = parse_head_file(disk.files().at("/state/head"));
    ASSERT_TRUE(head);
    EXPECT_TRUE(head->number);
    EXPECT_EQ(head->note, disk.log().at("checkpoint"));
  }
  expect_whole(disk, entries);
}

// Of more signatures than a slot takes: it is a note alone then, and slots again when it fits.
TEST(LogWriter, HasOneHistoryAlsoWhereAHeadIsTooLongForASlot) {
  const auto keys_of = [](char end) {
    std::vector<SigningKey> keys;
    for (char seed = 'A'; seed < end; ++seed) keys.push_back(key_of(seed, std::string(150, 'n')));
    return keys;
  };
  const std::vector<SigningKey> few = keys_of('B'), many = keys_of('Z');
  const auto entries = some_entries(40);
  Disk disk;
  size_t size = 0;
  for (const auto* keys : {&few, &many, &many, &few, &few}) {
    const auto writer = disk.writer(*keys);
    ASSERT_TRUE(writer);
    EXPECT_EQ(writer->size(), size);
    append_all(*writer, entries, size += 8);
    const auto note = writer->publish();
    ASSERT_TRUE(note);
    const auto head = parse_head_file(disk.files().at("/state/head"));
    ASSERT_TRUE(head);
    EXPECT_EQ(head->note, *note);
    EXPECT_EQ(head->number.has_value(), keys == &few);
  }
}

// The checkpoint's name is not synced: what a head signed is shown again where a crash took it back.
TEST(LogWriter, ShowsAgainWhatACrashTookBack) {
  Disk disk;
  const auto entries = some_entries(700);
  std::string before, after;
  {
    const auto writer = disk.writer();
    append_all(*writer, entries, 300);
    before = writer->publish().value();
    append_all(*writer, entries, 700);
    after = writer->publish().value();
  }
  disk.put("/log/checkpoint", before);
  const auto writer = disk.writer();
  ASSERT_TRUE(writer);
  EXPECT_EQ(writer->published_note(), "");
  EXPECT_EQ(writer->publish().value(), after);
  EXPECT_EQ(writer->published_note(), after);
  EXPECT_EQ(disk.log().at("checkpoint"), after);
}

// What a head has signed is not written again, not even with the same bytes: the machine would die in the midst of it.
TEST(LogWriter, IsWholeWhereItsMachineDiesWhileItTriesAgainWhatFailed) {
  constexpr uint64_t kCallsOfAPublication = 14;
  const auto entries = some_entries(600);
  uint64_t died = 0;
  for (uint64_t failing = 0; failing < kCallsOfAPublication; ++failing) {
    for (uint64_t dying = failing + 1; dying < failing + kCallsOfAPublication; ++dying) {
      SCOPED_TRACE("fails at call " + std::to_string(failing) + ", dies at " + std::to_string(dying));
      Disk disk(failing * 100 + dying);
      std::vector<std::string> published;
      {
        const auto writer = disk.writer();
        append_all(*writer, entries, 300);
        published.push_back(writer->publish().value());
        append_all(*writer, entries, 500);
        disk.fate = [&, first = disk.calls()](uint64_t call) {
          if (call == first + dying) return Fate::dies_after;
          return call == first + failing ? Fate::fails : Fate::well;
        };
        try {
          append_all(*writer, entries, 600);
          for (int turn = 0; turn < 2; ++turn) {
            if (const auto note = writer->publish()) published.push_back(*note);
          }
        } catch (const MachineDied&) {
          ++died;
        }
        disk.fate = [](uint64_t) { return Fate::well; };
      }
      disk.lose_what_is_not_synced();
      expect_whole(disk, entries);
      const auto writer = disk.writer();
      ASSERT_TRUE(writer);
      append_all(*writer, entries, 600);
      published.push_back(writer->publish().value());
      expect_one_history(published, entries);
      expect_whole(disk, entries);
    }
  }
  EXPECT_GT(died, 50U);
}

// ---- what is not signed for ----------------------------------------------------------------------------------------

class RolledBack : public testing::Test {
 protected:
  void SetUp() override {
    const auto writer = disk_.writer();
    append_all(*writer, entries_, 300);
    const auto note = writer->publish();
    ASSERT_TRUE(note) << note.error().message;
    then_ = disk_.files();
    append_all(*writer, entries_, 700);
    ASSERT_TRUE(writer->publish());
  }

  const std::vector<std::string> entries_ = some_entries(700);
  Disk disk_;
  std::map<std::string, std::string> then_;
};

TEST_F(RolledBack, IsNotSignedForWhereTheDirectoryWasPutBack) {
  disk_.put_back(then_, "/log/");
  EXPECT_THAT(disk_.refusal(), HasSubstr("the log in /log is not the one of 700 entries that was signed last"));
}

TEST_F(RolledBack, IsNotSignedForWhereTheDirectoryIsGone) {
  disk_.put_back({}, "/log/");
  EXPECT_THAT(disk_.refusal(), HasSubstr("is not the one of 700 entries that was signed last"));
}

TEST_F(RolledBack, IsNotSignedForWhereTheHeadWasPutBack) {
  disk_.put_back(then_, "/state/head");
  EXPECT_THAT(disk_.refusal(),
              HasSubstr("/log/checkpoint (700 entries) is not what the last signed head, /state/head (300"));
}

TEST_F(RolledBack, IsNotSignedForWhereTheHeadIsGone) {
  disk_.take("/state/head");
  EXPECT_THAT(disk_.refusal(), HasSubstr("the last signed head, /state/head, is gone, and /log/checkpoint is there"));
}

TEST_F(RolledBack, IsNotSignedForWhereAnotherLogLiesInItsPlace) {
  Disk other;
  const auto writer = other.writer();
  append_all(*writer, some_entries(700, "another "), 700);
  ASSERT_TRUE(writer->publish());
  disk_.put_back(other.files(), "/log/");
  EXPECT_THAT(disk_.refusal(), HasSubstr("/log/checkpoint (700 entries) is not what the last signed head"));
  disk_.take("/log/checkpoint");
  EXPECT_THAT(disk_.refusal(), HasSubstr("is not the one of 700 entries that was signed last"));
}

TEST_F(RolledBack, IsNotSignedForWhereAnyByteOfItsRightEdgeWasChanged) {
  const auto whole = disk_.files();
  for (const std::string path : {"/log/tile/0/002.p/188", "/log/tile/1/000.p/2", "/log/tile/entries/002.p/188"}) {
    for (size_t at = 0; at < whole.at(path).size(); at += 97) {
      std::string bytes = whole.at(path);
      bytes[at] ^= 1;
      disk_.put(path, bytes);
      EXPECT_THAT(disk_.refusal(), HasSubstr("is damaged")) << path << " at " << at;
    }
    disk_.put(path, whole.at(path).substr(0, whole.at(path).size() - 1));
    EXPECT_THAT(disk_.refusal(), HasSubstr("is damaged")) << path;
    disk_.put(path, whole.at(path));
  }
  EXPECT_EQ(disk_.refusal(), "");
}

TEST_F(RolledBack, IsNotSignedForWhereAFileOfItsRightEdgeOrItsHeadIsCutAnywhere) {
  const auto whole = disk_.files();
  for (const std::string path : {"/state/head", "/log/checkpoint", "/log/tile/0/002.p/188", "/log/tile/1/000.p/2",
                                 "/log/tile/entries/002.p/188"}) {
    const std::string& bytes = whole.at(path);
    for (size_t length = path == "/log/checkpoint" ? 1 : 0; length < bytes.size(); ++length) {
      disk_.put(path, bytes.substr(0, length));
      ASSERT_NE(disk_.refusal(), "") << path << " cut at " << length;
    }
    disk_.put(path, bytes);
  }
  EXPECT_EQ(disk_.refusal(), "");
  disk_.put("/log/checkpoint", "");
  EXPECT_TRUE(disk_.writer()->publish());
  EXPECT_EQ(disk_.log().at("checkpoint"), whole.at("/log/checkpoint")) << "the head tells what it was";
}

// The last head that was stored, and not yet shown, is torn: the one before holds, at whichever length.
TEST_F(RolledBack, GoesOnFromTheHeadBeforeWhereTheLastOneIsTornAtAnyLength) {
  const std::string before = then_.at("/state/head");
  const std::string after = disk_.files().at("/state/head");
  const size_t begin = head_slot_place(2), end = begin + head_slot(2, parse_head_file(after)->note)->size();
  auto dead = disk_.files();
  for (const auto& [path, bytes] : then_) dead[path] = bytes;  // what is narrower goes when the head is stored
  for (size_t cut = begin; cut < end; ++cut) {
    const std::string torn = after.substr(0, cut) + before.substr(cut);
    if (torn == after) continue;  // what is missing was there before
    disk_.put_back(dead, "/");
    disk_.put("/state/head", torn);
    const auto writer = disk_.writer();
    ASSERT_TRUE(writer) << cut;
    ASSERT_EQ(writer->size(), 300U) << cut;
    append_all(*writer, entries_, 700);
    ASSERT_TRUE(writer->publish());
    ASSERT_EQ(parse_head_file(disk_.files().at("/state/head"))->note, disk_.log().at("checkpoint"));
  }
}

// Not what a crash leaves: what is shown was stored.
TEST_F(RolledBack, IsNotSignedForWhereTheLastHeadIsTornThoughItWasShown) {
  std::string bytes = disk_.files().at("/state/head");
  bytes[head_slot_place(2) + 40] ^= 1;
  disk_.put("/state/head", bytes);
  EXPECT_THAT(disk_.refusal(),
              HasSubstr("/log/checkpoint (700 entries) is not what the last signed head, /state/head (300"));
}

// A slot that is whole and not ours is no torn one: the one before it must not be gone on from.
TEST_F(RolledBack, IsNotSignedForByAKeyThatDidNotSignTheLastOfTwoHeads) {
  const SigningKey fresh = key_of('k');
  ASSERT_TRUE(disk_.writer({fresh, known_key()})->publish());
  ASSERT_TRUE(disk_.writer({fresh})->publish());
  disk_.take("/log/checkpoint");
  EXPECT_THAT(disk_.refusal({known_key()}), HasSubstr("/state/head was signed by another key"));
}

TEST_F(RolledBack, IsNotSignedForByAnotherKeyOrUnderAnotherName) {
  EXPECT_THAT(disk_.refusal({key_of('k')}), HasSubstr("/state/head was signed by another key: give that one too"));
  EXPECT_THAT(disk_.refusal({key_of('k', "example.com/other")}),
              HasSubstr("/state/head is of the log example.com/drift-audit, and the keys are of example.com/other"));
  EXPECT_THAT(disk_.refusal({known_key(), key_of('k', "example.com/other")}), HasSubstr("the keys are of two logs"));
  EXPECT_THAT(disk_.refusal({}), HasSubstr("there is no key"));
}

TEST_F(RolledBack, IsSignedForAgainWhenTheHeadIsPutThere) {
  const std::string shown = disk_.log().at("checkpoint");
  disk_.take("/state/head");
  disk_.put("/state/head", shown);
  EXPECT_EQ(disk_.writer()->size(), 700U);
}

TEST_F(RolledBack, IsSignedByTheNewKeyAloneOnceBothHaveSigned) {
  const SigningKey fresh = key_of('k');
  const auto both = disk_.writer({fresh, known_key()})->publish();
  ASSERT_TRUE(both);
  EXPECT_TRUE(open_checkpoint(*both, {known_key().verifier()}));
  EXPECT_TRUE(open_checkpoint(*both, {fresh.verifier()}));
  const auto writer = disk_.writer({fresh});
  ASSERT_TRUE(writer);
  EXPECT_EQ(writer->size(), 700U);
  ASSERT_TRUE(writer->publish());
  EXPECT_FALSE(open_checkpoint(disk_.log().at("checkpoint"), {known_key().verifier()}));
}

// ---- on the real disk ----------------------------------------------------------------------------------------------

class OnDisk : public testing::Test {
 protected:
  Result<std::unique_ptr<LogWriter>> open() {
    auto disk = open_log_disk(log(), directory_.path().string());
    if (!disk) return disk.error();
    return LogWriter::open({log(), (directory_.path() / "head").string(), {known_key()}}, *std::move(disk));
  }
  std::string log() const { return (directory_.path() / "log").string(); }

  TemporaryDirectory directory_;
};

TEST_F(OnDisk, IsWhatTheVerifierDerivesFromItsEntries) {
  const auto entries = some_entries(3000);
  for (const size_t size : {1000, 1024, 3000}) {
    const auto writer = open();
    ASSERT_TRUE(writer) << writer.error().message;
    append_all(**writer, entries, size);
    const auto note = (*writer)->publish();
    ASSERT_TRUE(note) << note.error().message;
    const auto verified = verify_log(log(), {known_key().verifier()}, {}, 1);
    ASSERT_TRUE(verified);
    EXPECT_TRUE(verified->good()) << verified->faults.front().message;
    EXPECT_EQ(verified->files_beyond, 0U);
  }
}

// A killed writer's files, of a journal that was lost then, are no sign that what was signed was changed.
TEST_F(OnDisk, IsGoodWhereADeadWriterHadGoneOnWithOtherEntries) {
  {
    const auto writer = open();
    ASSERT_TRUE(writer) << writer.error().message;
    append_all(**writer, some_entries(10), 10);
    ASSERT_TRUE((*writer)->publish());
  }
  auto lost = some_entries(60, "lost ");
  const auto kept = some_entries(100);
  std::copy_n(kept.begin(), 10, lost.begin());
  for (const auto& [path, bytes] : log_files(lost)) {
    if (path.ends_with("/60")) directory_.write("log/" + path, bytes);
  }
  const auto writer = open();
  ASSERT_TRUE(writer) << writer.error().message;
  append_all(**writer, kept, 100);
  ASSERT_TRUE((*writer)->publish());
  const auto verified = verify_log(log(), {known_key().verifier()}, {}, 1);
  ASSERT_TRUE(verified);
  EXPECT_TRUE(verified->good()) << verified->faults.front().message;
}

TEST_F(OnDisk, HasOneWriter) {
  const auto writer = open();
  ASSERT_TRUE(writer);
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_THAT(second.error().message, HasSubstr("process " + std::to_string(getpid())));
}

}  // namespace
}  // namespace kedge
