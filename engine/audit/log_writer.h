// LogWriter: the one writer of a verifiable log.
//
// append() takes entries into memory; publish() puts all of them on the disk, signs what the log is now, and shows it.
// There is no write-ahead log: whoever appends keeps the entries until they are published, and appends them again, the
// same bytes at the same indices, after whatever went wrong. How far the log is, its own last leaf says: size().
//
// Ownership:   owns the disk, and with it the log's lock.
// Threads:     one at a time.
// Durability:  full bundles and tiles are written when they are full. publish() writes what is not full, bundles before
//              tiles, tiles from level 0 up, and the signed note, beside where its checkpoint lies; one sync of all of
//              that, names included (a sync of each costs more than all the rest: a group of a hundred files takes ten
//              times as long); the head, stored apart in its slot (head_slots.h), which is synced; the checkpoint, by
//              its name. So what a head signs is on the disk, and what is shown was stored as signed. Two syncs, the
//              second begun when the first has ended: one cannot keep that order. The checkpoint's name is not synced:
//              where a crash puts back the one before, open() finds the head ahead of it, and what was shown is shown
//              again.
// Failure:     publish() fails whole: what no head has signed stays in memory, entries and blobs, and the next
// publish()
//              begins it anew, for what a sync that failed was to write no later one writes. Nothing that a head has
//              signed is ever written again, so what a failure or a crash leaves beyond it is in nobody's way; open()
//              removes it.
// One history: open() refuses a directory that is not, leaf by leaf of its right edge, what the signed head says, or a
//              head that is behind the checkpoint. So no two signed heads are inconsistent, as long as the head file is
//              not put back together with the log: that shows only a checkpoint that was kept elsewhere.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/head_slots.h"
#include "audit/log_disk.h"
#include "audit/merkle.h"
#include "audit/tile.h"

namespace kedge {

class LogWriter {
 public:
  struct Options {
    std::string directory;         // of the log
    std::string head_file;         // the last signed head: outside of the log's directory, in one that is there
    std::vector<SigningKey> keys;  // all of one name, the log's origin; a head is signed by each
  };

  // Errors: invalid, of the options; refused, with what to do, where this log must not be signed for; corrupt, where it
  // is damaged; those of the disk.
  static Result<std::unique_ptr<LogWriter>> open(Options, std::unique_ptr<LogDisk>);

  // The number of the entry, counted from 0. An entry that is too long for a log (kEntryBytesMax) is an error (limit).
  Result<uint64_t> append(std::string_view entry);

  // Puts a blob (blobs.h) beside the log, where it is not yet: what an entry names, before that entry is appended. It
  // is durable with the next publication that has something new. Errors are the disk's; limit: it is too large.
  Result<void> keep(std::string_view blob);

  // The checkpoint, a signed note. Where there is nothing new it is the one that is there.
  Result<std::string> publish();

  const std::string& origin() const { return origin_; }
  uint64_t size() const { return tree_.size(); }  // of what was appended
  const Checkpoint& published() const { return published_; }
  // The note of it, in its place in the log; empty: there is none, or after a crash one that was signed is not shown
  // yet.
  std::string published_note() const { return shown_ == stored_.note ? shown_ : std::string(); }
  size_t waiting_bytes() const { return waiting_bytes_; }  // of the entries that are not published, and their blobs
  const std::optional<std::string>& last_entry() const { return last_entry_; }

 private:
  // The files that are not full yet, or not published: their bytes, the first of them at index `first`.
  struct Edge {
    uint64_t first = 0;
    std::vector<std::shared_ptr<std::string>> files;  // those that are full are not changed any more
  };

  LogWriter(Options options, std::unique_ptr<LogDisk> disk);

  Result<void> load();
  Result<void> load_right_edge(const Checkpoint& head);
  Result<void> check_last_bundle(const Checkpoint& head);
  Result<void> read_last(std::optional<unsigned> level, uint64_t count, std::string& bytes);
  Result<void> remove_leftovers();
  void remove_beyond_head(std::optional<unsigned> level);
  Result<Checkpoint> open_head(const std::string& note, const std::string& file) const;

  const std::shared_ptr<std::string>& bytes_of(const TilePlace&) const;
  void add_hash(unsigned level, const Digest& hash);
  Result<void> make_ready(const std::vector<TilePlace>&, const std::string& note);
  void write_full_files();
  Result<void> write_files(const std::vector<TilePlace>&);
  Result<void> make_folder_of(const TilePlace&);
  Result<void> write_staged(const std::string& name, const std::string& bytes);
  void forget_folders();
  Result<void> put_blob(const std::string& path, const std::string& bytes);
  Result<void> make_directories_to(const std::string& path);
  bool has_slots_for(const std::string& note) const;
  std::string fresh_head_of(const std::string& note) const;
  Result<void> store_head(const std::string& note);
  void forget_stored(const std::vector<TilePlace>&);
  void remove_partials_of(const TilePlace& full);
  std::string staged(const std::string& name) const;
  std::string fresh_head() const { return options_.head_file + ".new"; }

  // Constant after construction.
  const Options options_;
  const std::unique_ptr<LogDisk> disk_;
  std::string origin_;

  MerkleFrontier tree_;
  Checkpoint head_;       // the last one that was stored
  Checkpoint published_;  // or signed before this writer was opened, and perhaps not yet shown
  std::string shown_;     // the checkpoint that is in its place
  StoredHead stored_;     // the head that is in its place
  Edge bundles_;
  std::vector<Edge> tiles_;  // by level
  size_t waiting_bytes_ = 0;
  size_t bundle_bytes_ = 0;  // the last full one had about as many: what is reserved does not move as it grows
  std::map<std::string, std::string> kept_;  // blobs that no sync has seen to yet, by their path in the log
  bool sync_failed_ = false;                 // what was written before may be lost, whatever a later one says
  uint64_t written_ = 0;                     // the full files of a log of so many entries are written
  std::vector<std::string> made_folders_;    // the last one for bundles, then by level
  std::optional<std::string> last_entry_;
};

}  // namespace kedge
