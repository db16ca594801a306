#include "audit/verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "audit/blobs.h"
#include "base/files.h"
#include "tests/audit/log_files.h"
#include "tests/audit/reference_tree.h"

namespace kedge {
namespace {

using testing::HasSubstr;

class Verify : public testing::Test {
 protected:
  LogVerification verify(const LogFiles& files, const std::vector<OldCheckpoints>& against = {}, unsigned threads = 1) {
    std::filesystem::remove_all(directory_.path());
    std::filesystem::create_directories(directory_.path());
    write_log(directory_, files);
    return verify_again(against, threads);
  }
  LogVerification verify_again(const std::vector<OldCheckpoints>& against = {}, unsigned threads = 1) {
    return verify_log(directory_.path(), {known_key().verifier()}, against, threads).value();
  }
  // The one fault that there must be.
  LogFault fault(const LogFiles& files, const std::vector<OldCheckpoints>& against = {}) {
    const LogVerification verification = verify(files, against);
    EXPECT_EQ(verification.faults.size(), 1U);
    return verification.faults.empty() ? LogFault{} : verification.faults.front();
  }
  void flip_each(const LogFiles& good, size_t step_in_large_files);

  TemporaryDirectory directory_;
};

void flip(LogFiles& files, const std::string& path, size_t at) {
  files.at(path)[at] = static_cast<char>(files.at(path)[at] ^ 1);
}

TEST_F(Verify, LooksIntoTheBlobsBesideTheLogAndCountsThoseThatAreNotThere) {
  LogFiles files = log_files({"names a", "names b", "names nothing", "names a"});
  files[blob_path(sha256("a"))] = "a";
  files[blob_path(sha256("c"))] = "c";
  files["blobs/notes.txt"] = "of a person";
  const NamedBlobs named = [](std::string_view entry) {
    std::vector<Digest> digests;
    if (entry != "names nothing") digests.push_back(sha256(entry.substr(6)));
    return digests;
  };
  EXPECT_TRUE(verify(files).good());
  auto verification = *verify_log(directory_.path(), {known_key().verifier()}, {}, 2, named);
  EXPECT_TRUE(verification.good()) << "what is missing was never signed";
  EXPECT_EQ(verification.blobs, 2U);
  EXPECT_EQ(verification.blobs_missing, 1U);
  EXPECT_EQ(verification.foreign, std::vector<std::string>{"blobs/notes.txt"});
  files[blob_path(sha256("a"))] = "b";
  const LogFault changed = fault(files);
  EXPECT_EQ(changed.file, blob_path(sha256("a")));
  EXPECT_THAT(changed.message, HasSubstr("other bytes"));
}

TEST_F(Verify, FindsNothingWrongWithAGoodLogOfAnySize) {
  for (const uint64_t size : {0, 1, 2, 255, 256, 257, 511, 512, 513, 1000}) {
    const auto entries = numbered_entries(size);
    const LogVerification verification = verify(log_files(entries), {}, 3);
    EXPECT_TRUE(verification.good()) << size << verification.faults.front().message;
    EXPECT_EQ(verification.checkpoint->size, size);
    uint64_t bytes = 0;
    for (const std::string& entry : entries) bytes += entry.size();
    EXPECT_EQ(verification.entry_bytes, bytes);
  }
}

TEST_F(Verify, FindsNothingWrongWhereATileOfLevelTwoBegins) {
  EXPECT_TRUE(verify(log_files(numbered_entries(65536)), {}, 2).good());
  EXPECT_TRUE(verify(log_files(numbered_entries(65800)), {}, 2).good());
}

// Flips a bit of every `step`th byte of every file, one at a time: there is none that does not matter.
void Verify::flip_each(const LogFiles& good, size_t step_in_large_files) {
  write_log(directory_, good);
  ASSERT_TRUE(verify_again().good());
  for (const auto& [path, bytes] : good) {
    for (size_t at = 0; at < bytes.size(); at += bytes.size() < 1000 ? 1 : step_in_large_files) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ 1 << at % 8);
      directory_.write(path, flipped);
      const LogVerification verification = verify_again();
      ASSERT_FALSE(verification.good()) << path << " byte " << at;
      ASSERT_EQ(verification.faults.front().file, path) << at << verification.faults.front().message;
    }
    directory_.write(path, bytes);
  }
}

TEST_F(Verify, SeesEveryFlippedByteOfASmallLog) { flip_each(log_files(vectors::kEntries), 1); }
TEST_F(Verify, SeesFlippedBytesOfALogWithTwoLevels) { flip_each(log_files(numbered_entries(258)), 31); }

// As a log has them that was published at each of these sizes: partial files beside wider ones, and beside full ones.
LogFiles with_narrower(const std::vector<size_t>& sizes) {
  const auto entries = numbered_entries(sizes.back());
  LogFiles files;
  for (const size_t size : sizes) {
    for (const auto& [path, bytes] : log_files({entries.begin(), entries.begin() + static_cast<ptrdiff_t>(size)})) {
      files[path] = bytes;
    }
  }
  return files;
}

TEST_F(Verify, SeesFlippedBytesOfPartialFilesThatTheLogHasOutgrown) {
  const LogFiles good = with_narrower({1, 3, 200, 258, 300, 520, 530});
  ASSERT_TRUE(good.contains("tile/entries/001.p/2") && good.contains("tile/1/000.p/1"));
  flip_each(good, 31);
}

TEST_F(Verify, SaysWhichEntryOfAnOutgrownFileIsAnother) {
  LogFiles files = with_narrower({258, 300});
  flip(files, "tile/entries/001.p/2", files.at("tile/entries/001.p/2").size() - 1);
  const LogFault found = fault(files);
  EXPECT_EQ(found.entry, 257U);
  EXPECT_EQ(found.message, "it is not the beginning of tile/entries/001.p/44: its entry 257 is another");
}

TEST_F(Verify, NamesOnlyTheWiderFileWhereThatOneIsWrong) {
  LogFiles files = with_narrower({258, 300});
  flip(files, "tile/entries/001.p/44", 5);
  EXPECT_EQ(fault(files).file, "tile/entries/001.p/44");
}

TEST_F(Verify, RefusesEveryFileCutAtAnyLengthOrLonger) {
  const LogFiles good = log_files(numbered_entries(258));
  write_log(directory_, good);
  for (const auto& [path, bytes] : good) {
    for (size_t length = 0; length <= bytes.size() + 1; length += bytes.size() > 1000 ? 13 : 1) {
      if (length == bytes.size()) continue;
      directory_.write(path, length < bytes.size() ? bytes.substr(0, length) : bytes + "x");
      const LogVerification verification = verify_again();
      ASSERT_FALSE(verification.good()) << path << " cut at " << length;
      ASSERT_EQ(verification.faults.front().file, path) << length << verification.faults.front().message;
    }
    directory_.write(path, bytes);
  }
  EXPECT_TRUE(verify_again().good());
}

TEST_F(Verify, NamesEachMissingFile) {
  const LogFiles good = log_files(numbered_entries(700));
  for (const auto& [path, bytes] : good) {
    LogFiles files = good;
    files.erase(path);
    const LogFault found = fault(files);
    EXPECT_EQ(found.file, path);
    EXPECT_EQ(found.message, "the file is missing") << path;
  }
}

TEST_F(Verify, NamesTheFirstChangedEntry) {
  const auto entries = numbered_entries(600);
  LogFiles files = log_files(entries);
  std::string changed;
  for (uint64_t i = 256; i < 512; ++i) {
    (void)append_entry(changed, i == 300 || i == 310 ? "another" : entries[i]).ok();
  }
  files["tile/entries/001"] = changed;
  const LogFault found = fault(files);
  EXPECT_EQ(found.file, "tile/entries/001");
  EXPECT_EQ(found.entry, 300U);
  EXPECT_EQ(found.message, "the entry is not what was signed; nor is another in this file");
}

TEST_F(Verify, KnowsSwappedEntries) {
  auto entries = numbered_entries(600);
  const LogFiles good = log_files(entries);
  std::swap(entries[10], entries[20]);
  LogFiles files = good;
  files["tile/entries/000"] = log_files(entries).at("tile/entries/000");
  LogFault found = fault(files);
  EXPECT_EQ(found.entry, 10U);
  EXPECT_THAT(found.message, HasSubstr("it is what belongs at entry 20"));

  files = good;
  std::swap(files["tile/entries/000"], files["tile/entries/001"]);
  const LogVerification verification = verify(files);
  ASSERT_EQ(verification.faults.size(), 2U);
  EXPECT_EQ(verification.faults[0].entry, 0U);
  EXPECT_THAT(verification.faults[0].message, HasSubstr("it is what belongs at entry 256"));
}

TEST_F(Verify, NamesTheEntryOfABundleThatCannotBeReadToItsEnd) {
  LogFiles files = log_files(numbered_entries(300));
  std::string& bundle = files["tile/entries/001.p/44"];
  bundle[0] = '\xFF';
  LogFault found = fault(files);
  EXPECT_EQ(found.entry, 256U);
  EXPECT_THAT(found.message, HasSubstr("inside of entry 0"));
  files = log_files(numbered_entries(300));
  files["tile/entries/001.p/44"].pop_back();
  found = fault(files);
  EXPECT_EQ(found.entry, 299U);
}

TEST_F(Verify, TellsATileThatIsWrongFromEntriesThatAre) {
  LogFiles files = log_files(numbered_entries(600));
  flip(files, "tile/0/001", 32 * 7 + 3);
  LogFault found = fault(files);
  EXPECT_EQ(found.file, "tile/0/001");
  EXPECT_EQ(found.message, "its hash 7 is not that of the entry, which is good");
  files = log_files(numbered_entries(600));
  flip(files, "tile/1/000.p/2", 33);
  found = fault(files);
  EXPECT_EQ(found.file, "tile/1/000.p/2");
  EXPECT_THAT(found.message, HasSubstr("its hash 1 is not what the entries lead to; they are good"));
}

TEST_F(Verify, SeesALogThatWasRewrittenWithAllItsTiles) {
  auto entries = numbered_entries(600);
  const std::string checkpoint = checkpoint_of(entries);
  entries[3] = "another";
  LogFiles files = log_files(entries);
  files["checkpoint"] = checkpoint;
  const LogFault found = fault(files);
  EXPECT_EQ(found.file, "checkpoint");
  EXPECT_THAT(found.message, HasSubstr("entries were changed together with their tiles"));
}

TEST_F(Verify, TakesNoCheckpointOfAnotherKey) {
  const auto entries = numbered_entries(5);
  const SigningKey other = SigningKey::from_seed(vectors::kOrigin, std::string(32, 'x')).value();
  const LogFault found = fault(log_files(entries, other));
  EXPECT_EQ(found.file, "checkpoint");
  EXPECT_THAT(found.message, HasSubstr("no signature is by a key that is trusted"));
}

TEST_F(Verify, ShowsThatTheLogExtendsEachOlderCheckpoint) {
  const auto entries = numbered_entries(1000);
  std::vector<OldCheckpoints> against;
  for (const ptrdiff_t size : {0, 1, 5, 255, 256, 257, 300, 512, 767, 768, 900, 999, 1000}) {
    against.push_back({std::to_string(size), checkpoint_of({entries.begin(), entries.begin() + size})});
  }
  const LogVerification verification = verify(log_files(entries), against, 2);
  EXPECT_TRUE(verification.good());
  EXPECT_EQ(verification.extends.size(), against.size());
}

TEST_F(Verify, SeesAForkThatTheOwnerSigned) {
  auto entries = numbered_entries(600);
  const std::string before = checkpoint_of({entries.begin(), entries.begin() + 300});
  const std::string untouched = checkpoint_of({entries.begin(), entries.begin() + 200});
  const std::string same_size = checkpoint_of(entries);
  entries[250] = "another";
  const LogVerification verification =
      verify(log_files(entries), {{"q1", before}, {"q0", untouched}, {"q2", same_size}});
  ASSERT_EQ(verification.faults.size(), 2U);
  EXPECT_EQ(verification.faults[0].file, "q1");
  EXPECT_THAT(verification.faults[0].message, HasSubstr("the first 300 entries are not those"));
  EXPECT_EQ(verification.faults[1].file, "q2");
  EXPECT_THAT(verification.faults[1].message, HasSubstr("a fork"));
  EXPECT_EQ(verification.extends, (std::vector<ExtendedCheckpoints>{{"q0", 1, 0}}));
}

TEST_F(Verify, SeesALogThatWasCut) {
  const auto entries = numbered_entries(600);
  const LogFault found = fault(log_files({entries.begin(), entries.begin() + 300}), {{"kept", checkpoint_of(entries)}});
  EXPECT_EQ(found.file, "kept");
  EXPECT_EQ(found.entry, 300U);
  EXPECT_THAT(found.message, HasSubstr("it was cut, or put back"));
}

TEST_F(Verify, HoldsEveryCheckpointOfAFileAgainstTheLog) {
  const auto entries = numbered_entries(1000);
  std::string file;
  for (ptrdiff_t size = 1; size <= 1000; size += 9) file += checkpoint_of({entries.begin(), entries.begin() + size});
  const LogFiles files = log_files(entries);
  EXPECT_EQ(verify(files, {{"kept", file}}).extends, (std::vector<ExtendedCheckpoints>{{"kept", 112, 0}}));
  EXPECT_EQ(verify(files, {{"kept", file + file.substr(0, 50)}}).extends,
            (std::vector<ExtendedCheckpoints>{{"kept", 112, 1}}));
}

TEST_F(Verify, TellsOnceWhatManyCheckpointsOfAFileSayOfALogThatWasPutBack) {
  const auto entries = numbered_entries(600);
  std::string file;
  for (ptrdiff_t size = 100; size <= 600; size += 100) file += checkpoint_of({entries.begin(), entries.begin() + size});
  const LogFault found = fault(log_files({entries.begin(), entries.begin() + 300}), {{"kept", file}});
  EXPECT_EQ(found.file, "kept:26");
  EXPECT_EQ(found.entry, 300U);
  EXPECT_EQ(found.message,
            "the log had 600 entries, and has 300: it was cut, or put back to an older state; the same holds for 2 "
            "others in this file");
}

TEST_F(Verify, TellsOfTheFirstCheckpointOfAFileBehindWhichHistoryWasRewritten) {
  auto entries = numbered_entries(600);
  std::string file;
  for (ptrdiff_t size = 100; size <= 600; size += 100) file += checkpoint_of({entries.begin(), entries.begin() + size});
  entries[250] = "another";
  const LogFault found = fault(log_files(entries), {{"kept", file}});
  EXPECT_EQ(found.file, "kept:11");
  EXPECT_THAT(found.message, HasSubstr("the first 300 entries are not those"));
  EXPECT_THAT(found.message, HasSubstr("for 3 others"));
}

TEST_F(Verify, SaysWhereAFileHasNoCheckpointOrOneThatIsNotSigned) {
  const auto entries = numbered_entries(5);
  const SigningKey other = SigningKey::from_seed(vectors::kOrigin, std::string(32, 'x')).value();
  EXPECT_THAT(fault(log_files(entries), {{"kept", ""}}).message, HasSubstr("there is no checkpoint in it"));
  const LogFault found = fault(log_files(entries), {{"kept", checkpoint_of(entries) + checkpoint_of(entries, other)}});
  EXPECT_EQ(found.file, "kept:6");
  EXPECT_THAT(found.message, HasSubstr("no signature is by a key that is trusted"));
}

TEST_F(Verify, TakesNoOldCheckpointOfAnotherKeyOrLog) {
  const auto entries = numbered_entries(5);
  const SigningKey other = SigningKey::from_seed("another", std::string(32, 'x')).value();
  const LogVerification verification = verify(log_files(entries), {{"old", checkpoint_of(entries, other)}, {"x", "y"}});
  EXPECT_EQ(verification.faults.size(), 2U);
}

TEST_F(Verify, LeavesAloneWhatLiesBeyondTheCheckpoint) {
  const auto entries = numbered_entries(600);
  LogFiles files = log_files(entries);
  const LogFiles before = log_files({entries.begin(), entries.begin() + 300});
  files["checkpoint"] = before.at("checkpoint");
  files["tile/1/000.p/1"] = before.at("tile/1/000.p/1");
  files["tile/entries/009"] = "left over";
  files["tile/entries/.000.new"] = "left over";
  files.erase("tile/entries/002.p/88");
  const LogVerification verification = verify(files);
  EXPECT_TRUE(verification.good());
  EXPECT_EQ(verification.files_beyond, 5U);  // 009; the full 001 of entries and level 0, 002.p of level 0, 1/000.p/2
  EXPECT_EQ(verification.foreign, std::vector<std::string>{"tile/entries/.000.new"});
}

// Entry by entry, as a writer does it: a partial file goes once the full one is there, and the checkpoint comes last.
void grow(const std::string& directory, const std::vector<std::string>& entries, uint64_t from) {
  const LogFiles whole = log_files(entries);
  for (uint64_t size = from + 1; size <= entries.size(); ++size) {
    for (const TilePlace& place : tiles_of(size, size - 1)) {
      std::filesystem::create_directories(std::filesystem::path(directory + "/" + path_of(place)).parent_path());
      const TilePlace last{place.level, place.index, tile_width(place.level, place.index, entries.size())};
      const std::string& bytes = whole.at(path_of(last));
      size_t length = place.width * kHashBytes;
      if (!place.level) {
        length = 0;
        for (const std::string_view entry : parse_bundle(bytes, place.width, AfterEntries::ignored).value()) {
          length += 2 + entry.size();
        }
      }
      ASSERT_TRUE(write_file_atomically(directory + "/" + path_of(place), bytes.substr(0, length)).ok());
      if (place.full()) std::filesystem::remove_all(directory + "/" + path_of(place) + ".p");
    }
    const std::vector<std::string> first(entries.begin(), entries.begin() + static_cast<ptrdiff_t>(size));
    ASSERT_TRUE(write_file_atomically(directory + "/checkpoint", checkpoint_of(first)).ok());
  }
}

TEST_F(Verify, FindsNothingWrongWithALogThatGrowsMeanwhile) {
  const auto entries = numbered_entries(520);
  const std::vector<std::string> first(entries.begin(), entries.begin() + 500);
  ASSERT_TRUE(verify(log_files(first)).good());
  std::thread writer([&] { grow(directory_.path(), entries, 500); });
  for (uint64_t size = 0; size < 520;) {
    const LogVerification verification = verify_again({}, 2);
    EXPECT_TRUE(verification.good());  // not ASSERT: the writer has to be joined
    size = verification.checkpoint->size;
  }
  writer.join();
}

TEST_F(Verify, RefusesASizeThatNoDirectoryCouldHold) {
  LogFiles files = log_files(numbered_entries(5));
  files["checkpoint"] =
      sign_checkpoint({vectors::kOrigin, uint64_t{1} << 62, vectors::kRoots[0]}, {known_key()}).value();
  EXPECT_THAT(fault(files).message, HasSubstr("the file is missing, as are most"));
}

TEST_F(Verify, KeepsTheFirstFaultsWhenThereAreMany) {
  const auto entries = numbered_entries(256 * 150);
  LogFiles files = log_files(entries);
  for (auto& [path, bytes] : files) {
    if (path.rfind("tile/entries", 0) == 0) bytes[2] = '!';
  }
  const LogVerification verification = verify(files, {}, 3);
  EXPECT_EQ(verification.faults.size(), kLogFaultsMax);
  EXPECT_GE(verification.more_faults, 50U);
  EXPECT_EQ(verification.faults.front().entry, 0U);
}

TEST(VerifyLog, WithoutADirectoryIsAnError) {
  EXPECT_EQ(verify_log("/nonexistent", {}, {}, 1).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace kedge
