#include "audit/log_writer.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <tuple>
#include <utility>

#include "audit/blobs.h"
#include "audit/bundle.h"

namespace kedge {
namespace {

// Below the log's directory: what is written and not yet in its place. On the same disk, so that it can be moved.
constexpr const char* kStaging = "/.staging";

constexpr uint64_t kFirstSlot = 1;  // of a head file that is new

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == 0) return "/";
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::shared_ptr<std::string> new_file() { return std::make_shared<std::string>(); }

std::string entries(uint64_t number) { return std::to_string(number) + (number == 1 ? " entry" : " entries"); }

uint64_t count_on(std::optional<unsigned> level, uint64_t size) { return size >> (kTileHeight * level.value_or(0)); }

std::vector<Digest> digests_of(std::string_view bytes) {
  std::vector<Digest> digests(bytes.size() / kHashBytes);
  for (size_t i = 0; i < digests.size(); ++i) {
    std::memcpy(digests[i].bytes.data(), bytes.data() + i * kHashBytes, kHashBytes);
  }
  return digests;
}

// None: there is no such file.
Result<std::optional<std::string>> read_if_there(LogDisk& disk, const std::string& path) {
  auto text = disk.read(path, kNoteBytesMax);
  if (text) return std::optional(*std::move(text));
  if (text.error().code == ErrorCode::not_found) return std::optional<std::string>();
  return text.error();
}

}  // namespace

LogWriter::LogWriter(Options options, std::unique_ptr<LogDisk> disk)
    : options_(std::move(options)), disk_(std::move(disk)), tiles_(kTileLevels), made_folders_(kTileLevels + 1) {}

Result<std::unique_ptr<LogWriter>> LogWriter::open(Options options, std::unique_ptr<LogDisk> disk) {
  if (options.keys.empty()) return Error{ErrorCode::invalid, "there is no key to sign with"};
  std::unique_ptr<LogWriter> writer(new LogWriter(std::move(options), std::move(disk)));
  writer->origin_ = writer->options_.keys.front().verifier().name();
  for (const SigningKey& key : writer->options_.keys) {
    if (key.verifier().name() == writer->origin_) continue;
    return Error{ErrorCode::invalid, "the keys are of two logs, " + writer->origin_ + " and " + key.verifier().name()};
  }
  if (auto loaded = writer->load(); !loaded) return loaded.error();
  return writer;
}

// ---- what is there -------------------------------------------------------------------------------------------------

// A head is ours if one of our keys signed it, for our origin.
Result<Checkpoint> LogWriter::open_head(const std::string& note, const std::string& file) const {
  std::vector<VerifierKey> verifiers;
  for (const SigningKey& key : options_.keys) verifiers.push_back(key.verifier());
  const auto parsed = parse_note(note);
  const auto said = parsed ? parse_checkpoint(parsed->text) : Result<Checkpoint>(parsed.error());
  if (!said) return said.error().with(file);
  if (said->origin != origin_) {
    return Error{ErrorCode::refused, file + " is of the log " + said->origin + ", and the keys are of " + origin_};
  }
  auto head = open_checkpoint(note, verifiers);
  if (head) return head;
  return Error{
      ErrorCode::refused,
      file + " was signed by another key: give that one too, until one head is signed by both (" +
          head.error().message +
          "). Where that key is lost, this log is at its end: begin another log, with a key of another origin"};
}

Result<void> LogWriter::load() {
  const std::string checkpoint_file = options_.directory + "/checkpoint";
  const auto stored = read_if_there(*disk_, options_.head_file);
  if (!stored) return stored.error();
  auto shown = read_if_there(*disk_, checkpoint_file);
  if (!shown) return shown.error();
  shown_ = shown->value_or("");
  if (!*stored && !shown_.empty()) {
    return Error{ErrorCode::refused, "the last signed head, " + options_.head_file + ", is gone, and " +
                                         checkpoint_file +
                                         " is there: where no later checkpoint was ever published, copy it there"};
  }
  head_ = {origin_, 0, empty_root()};
  if (*stored) {
    auto in_file = parse_head_file(**stored);
    if (!in_file) return in_file.error().with(options_.head_file);
    stored_ = *std::move(in_file);
    auto head = open_head(stored_.note, options_.head_file);
    if (!head) return head.error();
    head_ = *std::move(head);
  }
  if (!shown_.empty()) {
    const auto checkpoint = open_head(shown_, checkpoint_file);
    if (!checkpoint) return checkpoint.error();
    const bool same = checkpoint->size != head_.size || checkpoint->root == head_.root;
    if (checkpoint->size > head_.size || !same) {
      return Error{ErrorCode::refused, checkpoint_file + " (" + entries(checkpoint->size) +
                                           ") is not what the last signed head, " + options_.head_file + " (" +
                                           entries(head_.size) +
                                           "), lets it be: that file was put back, or the log is another one"};
    }
  }
  if (auto loaded = load_right_edge(head_); !loaded) {
    const Error& error = loaded.error();
    const bool differs = error.code == ErrorCode::not_found || error.code == ErrorCode::corrupt;
    if (!differs) return error;
    return Error{ErrorCode::refused, "the log in " + options_.directory + " is not the one of " + entries(head_.size) +
                                         " that was signed last: it was put back to an earlier state, or is damaged (" +
                                         error.message + ")"};
  }
  published_ = head_;
  written_ = head_.size;
  return remove_leftovers();
}

// The last file of a level of which `count` hashes (or entries) there are, if it is partial.
Result<void> LogWriter::read_last(std::optional<unsigned> level, uint64_t count, std::string& bytes) {
  const TilePlace place{level, count / kTileWidth, static_cast<unsigned>(count % kTileWidth)};
  const std::string path = options_.directory + "/" + path_of(place);
  auto read = disk_->read(path, kBundleBytesMax);
  if (!read) return read.error();
  if (level && read->size() != place.width * kHashBytes) {
    return Error{ErrorCode::corrupt, path + " has " + std::to_string(read->size()) + " bytes"};
  }
  bytes = *std::move(read);
  return {};
}

Result<void> LogWriter::load_right_edge(const Checkpoint& head) {
  const uint64_t size = head.size;
  for (unsigned level = 0; level < kTileLevels; ++level) {
    const uint64_t count = count_on(level, size);
    tiles_[level].first = count / kTileWidth;
    if (count % kTileWidth == 0) continue;
    if (auto read = read_last(level, count, *tiles_[level].files.emplace_back(new_file())); !read) return read;
  }
  bundles_.first = size / kTileWidth;
  if (size % kTileWidth != 0) {
    if (auto read = read_last(std::nullopt, size, *bundles_.files.emplace_back(new_file())); !read) return read;
  }
  std::vector<Digest> subtrees;  // largest first
  for (int bit = 62; bit >= 0; --bit) {
    if ((size >> bit & 1U) == 0) continue;
    const auto [level, height] = std::div(bit, static_cast<int>(kTileHeight));
    std::vector<Digest> hashes = digests_of(*tiles_[static_cast<size_t>(level)].files.front());
    const size_t before = hashes.size() >> (height + 1) << (height + 1);
    subtrees.push_back(perfect_root(hashes.data() + before, size_t{1} << height));
  }
  auto tree = MerkleFrontier::from_subtrees(size, subtrees);
  if (!tree) return tree.error();
  tree_ = *std::move(tree);
  if (tree_.root() != head.root) return Error{ErrorCode::corrupt, "its root is another"};
  return size == 0 ? Result<void>() : check_last_bundle(head);
}

// The last entries against the leaves' hashes, and these, where their tile is full, against what stands for it above.
Result<void> LogWriter::check_last_bundle(const Checkpoint& head) {
  const uint64_t index = (head.size - 1) / kTileWidth;
  const TilePlace place{std::nullopt, index, tile_width(std::nullopt, index, head.size)};
  const std::string path = options_.directory + "/" + path_of(place);
  const auto bundle = disk_->read(path, kBundleBytesMax);
  if (!bundle) return bundle.error();
  const auto parsed = parse_bundle(*bundle, place.width);
  if (!parsed) return parsed.error().with(path);
  std::vector<Digest> hashes;
  for (const std::string_view entry : *parsed) hashes.push_back(leaf_hash(entry));
  last_entry_ = std::string(parsed->back());
  for (unsigned level = 0; level < kTileLevels; ++level) {
    const TilePlace tile{level, (count_on(level, head.size) - 1) / kTileWidth, static_cast<unsigned>(hashes.size())};
    const std::string tile_path = options_.directory + "/" + path_of(tile);
    const auto bytes = disk_->read(tile_path, kBundleBytesMax);
    if (!bytes) return bytes.error();
    if (digests_of(*bytes) != hashes)
      return Error{ErrorCode::corrupt, tile_path + " does not go with what is below it"};
    if (!tile.full()) return {};  // the root covers it
    const Digest root = perfect_root(hashes.data(), hashes.size());
    const TilePlace above{level + 1, (count_on(level + 1, head.size) - 1) / kTileWidth,
                          tile_width(level + 1, (count_on(level + 1, head.size) - 1) / kTileWidth, head.size)};
    const std::string above_path = options_.directory + "/" + path_of(above);
    const auto next = disk_->read(above_path, kBundleBytesMax);
    if (!next) return next.error();
    hashes = digests_of(*next);
    if (hashes.size() != above.width || hashes.back() != root) {
      return Error{ErrorCode::corrupt, above_path + " does not go with what is below it"};
    }
  }
  return {};
}

// Of a writer that died: what was not yet in its place, partial files beside the last of the full ones, and what lies
// beyond the head. That may be of other entries than those that come, where the journal was put back since; and a
// narrower file that is not the beginning of the wider one would tell of a change that was none.
Result<void> LogWriter::remove_leftovers() {
  const std::string staging = options_.directory + kStaging;
  if (const auto names = disk_->list(staging)) {
    for (const std::string& name : *names) {
      if (auto removed = disk_->remove(staging + "/" + name); !removed) return removed;
    }
  }
  std::vector<std::optional<unsigned>> levels = {std::nullopt};
  for (unsigned level = 0; level < kTileLevels; ++level) levels.emplace_back(level);
  for (const std::optional<unsigned> level : levels) {
    const uint64_t full = count_on(level, head_.size) / kTileWidth;
    for (uint64_t index = full - full % 1000; index < full; ++index) remove_partials_of({level, index});
    remove_beyond_head(level);
  }
  return {};
}

// What cannot be read or removed may stay, too: nobody trusts it.
void LogWriter::remove_beyond_head(std::optional<unsigned> level) {
  constexpr uint64_t kInOneFolder = 1000;
  const auto is_beyond = [&](const std::string& path) {
    const auto place = parse_tile_path(path);
    return place && place->level == level && place->width > tile_width(level, place->index, head_.size);
  };
  const uint64_t full = count_on(level, head_.size) / kTileWidth;
  for (uint64_t first = full - full % kInOneFolder;; first += kInOneFolder) {
    const std::string folder = folder_of(path_of({level, first}));
    const auto names = disk_->list(options_.directory + "/" + folder);
    if (!names) return;
    for (const std::string& name : *names) {
      const std::string path = folder + "/" + name;
      if (is_beyond(path)) std::ignore = disk_->remove(options_.directory + "/" + path);
      if (!name.ends_with(".p")) continue;
      const auto widths = disk_->list(options_.directory + "/" + path);
      if (!widths) continue;
      for (const std::string& width : *widths) {
        if (is_beyond(path + "/" + width)) std::ignore = disk_->remove(options_.directory + "/" + path + "/" + width);
      }
    }
  }
}

// ---- appending -----------------------------------------------------------------------------------------------------

Result<uint64_t> LogWriter::append(std::string_view entry) {
  const uint64_t index = tree_.size();
  const bool begins = index % kTileWidth == 0;
  if (begins) bundles_.files.emplace_back(new_file())->reserve(bundle_bytes_);
  if (auto added = append_entry(*bundles_.files.back(), entry); !added) {
    if (begins) bundles_.files.pop_back();
    return added.error();
  }
  const Digest leaf = leaf_hash(entry);
  tree_.append(leaf);
  add_hash(0, leaf);
  for (unsigned level = 1; level < kTileLevels && tree_.size() % (uint64_t{1} << (kTileHeight * level)) == 0; ++level) {
    add_hash(level, tree_.completed(kTileHeight * level));
  }
  if (tree_.size() % kTileWidth == 0) {
    bundle_bytes_ = bundles_.files.back()->size() * 9 / 8;
    write_full_files();
  }
  waiting_bytes_ += entry.size();
  if (!last_entry_) last_entry_.emplace();
  last_entry_->assign(entry);  // in the memory of the one before
  return index;
}

// The hash with which the level has as many as the tree's size says.
void LogWriter::add_hash(unsigned level, const Digest& hash) {
  std::vector<std::shared_ptr<std::string>>& files = tiles_[level].files;
  if ((count_on(level, tree_.size()) - 1) % kTileWidth == 0) {
    files.emplace_back(new_file())->reserve(kTileWidth * kHashBytes);
  }
  *files.back() += hash.as_bytes();
}

// So that the disk begins before they are published. What fails is tried again, and told, by publish().
void LogWriter::write_full_files() {
  std::vector<TilePlace> full = tiles_of(tree_.size(), written_);
  std::erase_if(full, [](const TilePlace& place) { return !place.full(); });
  for (const TilePlace& place : full) {
    if (!make_folder_of(place)) return;
  }
  for (const TilePlace& place : full) {
    disk_->write_early(options_.directory + "/" + path_of(place), bytes_of(place));
  }
  written_ = tree_.size();
}

// One that is there may be what a crash left of it: it is looked at.
Result<void> LogWriter::keep(std::string_view blob) {
  if (blob.size() > kBlobBytesMax) return Error{ErrorCode::limit, "a blob is larger than a log keeps"};
  const std::string path = blob_path(sha256(blob));
  const auto there = disk_->read(options_.directory + "/" + path, kBlobBytesMax);
  if (there && *there == blob) return {};
  std::string bytes(blob);
  if (auto put = put_blob(path, bytes); !put) return put;
  waiting_bytes_ += bytes.size();
  kept_[path] = std::move(bytes);
  return {};
}

Result<void> LogWriter::write_staged(const std::string& name, const std::string& bytes) {
  if (auto made = disk_->make_directory(options_.directory + kStaging); !made) return made;
  return disk_->write(staged(name), bytes);
}

Result<void> LogWriter::put_blob(const std::string& path, const std::string& bytes) {
  if (auto made = make_directories_to(folder_of(path)); !made) return made;
  if (auto written = write_staged("blob", bytes); !written) return written;
  return disk_->rename(staged("blob"), options_.directory + "/" + path);
}

// ---- publishing ----------------------------------------------------------------------------------------------------

Result<std::string> LogWriter::publish() {
  const std::vector<TilePlace> places = tiles_of(tree_.size(), head_.size);
  const Checkpoint head{origin_, tree_.size(), tree_.root()};
  auto note = sign_checkpoint(head, options_.keys);
  if (!note) return note.error();
  if (*note == stored_.note && *note == shown_) return note;
  if (auto ready = make_ready(places, *note); !ready) return ready.error();
  if (*note != stored_.note) {
    if (auto stored = store_head(*note); !stored) return stored.error();
    forget_stored(places);
    head_ = head;
    written_ = head.size;
  }
  if (*note != shown_) {
    const std::string path = options_.directory + "/checkpoint";
    if (auto shown = disk_->rename(staged("checkpoint"), path); !shown) return shown.error();
    shown_ = *note;
  }
  published_ = head;
  return note;
}

// Then all that the note signs is on the disk, and so is the note, under names by which nobody looks for one.
Result<void> LogWriter::make_ready(const std::vector<TilePlace>& places, const std::string& note) {
  auto ready = write_files(places);
  if (ready && sync_failed_) {
    for (auto kept = kept_.begin(); ready && kept != kept_.end(); ++kept) ready = put_blob(kept->first, kept->second);
  }
  if (ready && note != stored_.note && !has_slots_for(note)) ready = disk_->write(fresh_head(), fresh_head_of(note));
  if (ready && note != shown_) ready = write_staged("checkpoint", note);
  if (!ready) return ready;
  auto synced = disk_->sync_all();
  sync_failed_ = !synced;
  if (synced) kept_.clear();
  if (!synced) {  // what was written may not be there
    written_ = head_.size;
    forget_folders();
  }
  return synced;
}

// Full files are written when they are full, all others now; each in its place at once: until a checkpoint says that it
// is there, nobody looks for it.
Result<void> LogWriter::write_files(const std::vector<TilePlace>& places) {
  for (const TilePlace& place : places) {
    if (place.full() && tile_width(place.level, place.index, written_) == kTileWidth) continue;
    auto written = make_folder_of(place);
    if (written) written = disk_->write(options_.directory + "/" + path_of(place), *bytes_of(place));
    if (!written) return forget_folders(), written;
  }
  return {};
}

Result<void> LogWriter::make_folder_of(const TilePlace& place) {
  std::string folder = folder_of(path_of(place));
  std::string& made = made_folders_[place.level ? *place.level + 1 : 0];
  if (folder == made) return {};
  auto there = make_directories_to(folder);
  if (there) made = std::move(folder);
  return there;
}

void LogWriter::forget_folders() {
  for (std::string& folder : made_folders_) folder.clear();
}

bool LogWriter::has_slots_for(const std::string& note) const {
  return stored_.number && head_slot(*stored_.number + 1, note);
}

std::string LogWriter::fresh_head_of(const std::string& note) const {
  const auto slot = head_slot(kFirstSlot, note);
  return slot ? head_file_with(kFirstSlot, *slot) : note;
}

// In the slot that has not the head before, or, where the file has none, by its name.
Result<void> LogWriter::store_head(const std::string& note) {
  if (has_slots_for(note)) {
    const uint64_t number = *stored_.number + 1;
    auto stored = disk_->overwrite(options_.head_file, head_slot_place(number), *head_slot(number, note));
    if (stored) stored_ = {note, number};
    return stored;
  }
  if (auto moved = disk_->rename(fresh_head(), options_.head_file); !moved) return moved;
  if (auto synced = disk_->sync_directory(folder_of(options_.head_file)); !synced) return synced;
  stored_ = {note, head_slot(kFirstSlot, note) ? std::optional(kFirstSlot) : std::nullopt};
  return {};
}

// "tile/0/x001/x234" below the log's directory.
Result<void> LogWriter::make_directories_to(const std::string& path) {
  for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (auto made = disk_->make_directory(options_.directory + "/" + path.substr(0, slash)); !made) return made;
  }
  return disk_->make_directory(options_.directory + "/" + path);
}

// Of a file that is full now, narrower ones are there only where it was the last one of the head before.
void LogWriter::forget_stored(const std::vector<TilePlace>& places) {
  const auto forget = [](Edge& edge, uint64_t count) {
    const auto full = static_cast<ptrdiff_t>(count / kTileWidth - edge.first);
    edge.files.erase(edge.files.begin(), edge.files.begin() + full);
    edge.first = count / kTileWidth;
  };
  forget(bundles_, tree_.size());
  for (unsigned level = 0; level < kTileLevels; ++level) forget(tiles_[level], count_on(level, tree_.size()));
  waiting_bytes_ = 0;
  for (const TilePlace& place : places) {
    if (place.full() && tile_width(place.level, place.index, head_.size) > 0) remove_partials_of(place);
  }
}

// They may stay: what cannot be removed is only tried again at the next start.
void LogWriter::remove_partials_of(const TilePlace& full) {
  disk_->remove_folder_early(options_.directory + "/" + path_of(full) + ".p");
}

const std::shared_ptr<std::string>& LogWriter::bytes_of(const TilePlace& place) const {
  const Edge& edge = place.level ? tiles_[*place.level] : bundles_;
  return edge.files[place.index - edge.first];
}

std::string LogWriter::staged(const std::string& name) const { return options_.directory + kStaging + "/" + name; }

}  // namespace kedge
