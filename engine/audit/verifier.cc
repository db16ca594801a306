#include "audit/verifier.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "audit/blobs.h"
#include "audit/bundle.h"
#include "audit/derived_tree.h"
#include "audit/inventory.h"
#include "audit/kept_checkpoints.h"
#include "audit/log_place.h"
#include "audit/log_reader.h"
#include "audit/merkle.h"
#include "audit/narrower_files.h"
#include "audit/proof.h"
#include "audit/tile.h"
#include "base/bytes.h"

namespace kedge {
namespace {

constexpr uint64_t kBundlesAtOnce = 16;

std::string base64(const Digest& hash) { return to_base64(hash.as_bytes()); }

// As a fault that names the file says it.
std::string told(const Error& error, const std::string& path) {
  if (error.code == ErrorCode::not_found) return "the file is missing";
  const std::string prefix = path + ": ";
  return error.message.rfind(prefix, 0) == 0 ? error.message.substr(prefix.size()) : error.message;
}

// What does not agree within one bundle and the tile of its leaves.
struct Problem {
  struct Difference {
    uint64_t entry;
    Digest derived;  // from the entry
    Digest stored;   // in the tile
  };
  std::optional<Error> bundle_error;
  std::optional<uint64_t> bad_entry;  // with a bundle_error: the first entry that is not as its tile says
  std::optional<Error> tile_error;
  std::vector<Difference> differences;

  bool empty() const { return !bundle_error && !tile_error && differences.empty(); }
};

// Why a checkpoint that was kept elsewhere does not go with the log.
struct Disagreement {
  enum class Kind { not_signed, of_another_log, longer, fork };
  Kind kind;
  std::optional<uint64_t> entry;
  std::string message;
};

class Verifier {
 public:
  Verifier(const std::string& directory, const Checkpoint& checkpoint, const NamedBlobs& named, LogVerification& result)
      : directory_(directory),
        reader_(directory, checkpoint.size),
        checkpoint_(checkpoint),
        named_(named),
        result_(result),
        tree_(checkpoint.size) {}

  void run(unsigned threads) {
    derive(threads);
    tree_.fold();
    if (!unknown_) root_ = known_root(checkpoint_.size);
    judge_leaves();
    judge_levels();
    if (!is_proven() && !found_entry_) judge_root();
    result_.entry_bytes = entry_bytes_;
    result_.blobs_missing = missing_.size();
  }

  void judge_narrower(const std::vector<TilePlace>& narrower);
  // What keeps the log from extending an older checkpoint; none: it does. Quickest in the order of their sizes.
  std::optional<Disagreement> disagreement(const Checkpoint& before);

  void add(std::string file, std::optional<uint64_t> entry, std::string message);

 private:
  bool is_proven() const { return root_ == checkpoint_.root; }
  uint64_t bundles() const { return (checkpoint_.size + kTileWidth - 1) / kTileWidth; }
  TilePlace place(std::optional<unsigned> level, uint64_t index) const {
    return {level, index, tile_width(level, index, checkpoint_.size)};
  }
  std::optional<Digest> known_root(uint64_t size);

  void derive(unsigned threads);
  void derive_bundle(uint64_t index);
  using VisitEntry = std::function<void(std::string_view entry)>;
  Result<std::vector<Digest>> leaves_of(uint64_t index, const VisitEntry& visit = nullptr) const;
  void look_for_blobs(std::string_view entry);
  void keep(uint64_t index, Problem problem);

  void judge_leaves();
  void judge_differences(uint64_t index, const std::vector<Problem::Difference>& differences);
  void judge_levels();
  void judge_tile(unsigned level, uint64_t index);
  void judge_root();
  bool is_signed(uint64_t entry, const Digest& leaf) const;
  bool has_problem(uint64_t from_bundle, uint64_t to_bundle) const;

  const std::string directory_;
  const LogReader reader_;
  const Checkpoint checkpoint_;
  const NamedBlobs& named_;
  LogVerification& result_;

  std::atomic<uint64_t> next_{0};
  std::atomic<uint64_t> entry_bytes_{0};
  std::atomic<bool> unknown_{false};  // neither a bundle nor its tile could be read: there is no root
  std::mutex mutex_;
  // Guarded by mutex_ while threads run.
  std::map<uint64_t, Problem> problems_;  // by bundle, the first kLogFaultsMax
  std::set<Digest> missing_;              // blobs

  DerivedTree tree_;  // from the entries; where these cannot be read, from their tile
  std::optional<Digest> root_;
  std::map<Digest, uint64_t> places_;  // where the hashes in the tiles of the differences belong
  bool found_entry_ = false;           // a fault names entries that are not what was signed

  std::optional<uint64_t> last_bundle_;  // that a root was asked of, with its leaves: the next is often of the same
  std::vector<Digest> last_leaves_;
};

void Verifier::add(std::string file, std::optional<uint64_t> entry, std::string message) {
  if (result_.faults.size() == kLogFaultsMax) {
    ++result_.more_faults;
    return;
  }
  result_.faults.push_back({std::move(file), entry, std::move(message)});
}

// --- deriving, on all threads
// -----------------------------------------------------------------------------------------

void Verifier::derive(unsigned threads) {
  const auto body = [this] {
    for (;;) {
      const uint64_t from = next_.fetch_add(kBundlesAtOnce);
      if (from >= bundles()) return;
      for (uint64_t index = from; index < std::min(bundles(), from + kBundlesAtOnce); ++index) derive_bundle(index);
    }
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back(body);
  body();
  for (std::thread& other : others) other.join();
}

Result<std::vector<Digest>> Verifier::leaves_of(uint64_t index, const VisitEntry& visit) const {
  const TilePlace at = place(std::nullopt, index);
  const auto found = reader_.bundle(at);
  if (!found) return found.error();
  const bool longer = found->full && !at.full();
  const auto entries = parse_bundle(found->bytes, at.width, longer ? AfterEntries::ignored : AfterEntries::nothing);
  if (!entries) return entries.error();
  std::vector<Digest> leaves;
  leaves.reserve(at.width);
  for (const std::string_view entry : *entries) {
    leaves.push_back(leaf_hash(entry));
    if (visit) visit(entry);
  }
  return leaves;
}

// The first entry of a bundle that cannot be read to its end, and is not what its tile says.
uint64_t first_bad_entry(const LogReader& reader, const TilePlace& at, const std::vector<Digest>& tile) {
  const auto found = reader.bundle(at);
  unsigned count = 0;
  while (found && count < at.width) {
    const auto entries = parse_bundle(found->bytes, count + 1, AfterEntries::ignored);
    if (!entries || leaf_hash(entries->back()) != tile[count]) break;
    ++count;
  }
  return at.index * kTileWidth + std::min(count, at.width - 1);
}

void Verifier::derive_bundle(uint64_t index) {
  Problem problem;
  uint64_t bytes = 0;
  auto leaves = leaves_of(index, [&](std::string_view entry) {
    bytes += entry.size();
    if (named_) look_for_blobs(entry);
  });
  entry_bytes_ += bytes;
  const auto tile = reader_.tile(place(0, index));
  if (!tile) problem.tile_error = tile.error();
  if (!leaves) {
    problem.bundle_error = leaves.error();
    if (tile) problem.bad_entry = first_bad_entry(reader_, place(std::nullopt, index), *tile);
  }
  if (leaves && tile && *leaves != *tile) {
    for (size_t i = 0; i < leaves->size(); ++i) {
      if ((*leaves)[i] == (*tile)[i]) continue;
      problem.differences.push_back({index * kTileWidth + i, (*leaves)[i], (*tile)[i]});
    }
  }
  if (!problem.empty()) keep(index, std::move(problem));
  if (leaves) {
    tree_.set_leaves(index, *std::move(leaves));
  } else if (tile) {
    tree_.set_leaves(index, *tile);
  } else {
    unknown_ = true;
  }
}

// Those that are there are looked into later, whoever names them.
void Verifier::look_for_blobs(std::string_view entry) {
  for (const Digest& digest : named_(entry)) {
    std::error_code hidden;
    if (std::filesystem::exists(directory_ + "/" + blob_path(digest), hidden)) continue;
    const std::lock_guard lock(mutex_);
    missing_.insert(digest);
  }
}

// The first ones are kept, whichever thread comes first.
void Verifier::keep(uint64_t index, Problem problem) {
  const std::lock_guard lock(mutex_);
  problems_.emplace(index, std::move(problem));
  if (problems_.size() <= kLogFaultsMax) return;
  problems_.erase(std::prev(problems_.end()));
  ++result_.more_faults;
}

std::optional<Digest> Verifier::known_root(uint64_t size) {
  auto root = tree_.root(size, [this](uint64_t bundle) -> Result<std::vector<Digest>> {
    if (last_bundle_ != bundle) {
      auto leaves = leaves_of(bundle);
      if (!leaves) leaves = reader_.tile(place(0, bundle));
      if (!leaves) return leaves.error();
      last_bundle_ = bundle;
      last_leaves_ = *std::move(leaves);
    }
    return last_leaves_;
  });
  return root ? std::optional(*root) : std::nullopt;
}

// --- judging
// ----------------------------------------------------------------------------------------------------------

// Do the tiles, as they lie there, prove that an entry of this hash was signed?
bool Verifier::is_signed(uint64_t entry, const Digest& leaf) const {
  const auto proof = inclusion_proof(entry, checkpoint_.size,
                                     [this](unsigned level, uint64_t index) { return reader_.node(level, index); });
  return proof && check_inclusion(leaf, entry, checkpoint_.size, *proof, checkpoint_.root).ok();
}

bool Verifier::has_problem(uint64_t from_bundle, uint64_t to_bundle) const {
  const auto first = problems_.lower_bound(from_bundle);
  return first != problems_.end() && first->first < to_bundle;
}

void Verifier::judge_leaves() {
  for (const auto& [index, problem] : problems_) {
    for (const Problem::Difference& one : problem.differences) places_.emplace(one.stored, one.entry);
  }
  for (const auto& [index, problem] : problems_) {
    if (problem.bundle_error) {
      const std::string path = path_of(place(std::nullopt, index));
      add(path, problem.bad_entry.value_or(index * kTileWidth), told(*problem.bundle_error, path));
      found_entry_ = true;
    }
    if (problem.tile_error) {
      const std::string path = path_of(place(0, index));
      add(path, std::nullopt, told(*problem.tile_error, path));
    }
    if (!problem.differences.empty()) judge_differences(index, problem.differences);
  }
}

// "; nor are 3 others in this file"
std::string and_others(size_t count) {
  if (count == 1) return "";
  return count == 2 ? "; nor is another in this file"
                    : "; nor are " + std::to_string(count - 1) + " others in this file";
}

void Verifier::judge_differences(uint64_t index, const std::vector<Problem::Difference>& differences) {
  const Problem::Difference& first = differences.front();
  const std::string bundle = path_of(place(std::nullopt, index));
  const std::string tile = path_of(place(0, index));
  if (is_proven() || is_signed(first.entry, first.derived)) {
    return add(tile, first.entry,
               "its hash " + std::to_string(first.entry % kTileWidth) + " is not that of the entry, which is good" +
                   and_others(differences.size()));
  }
  found_entry_ = true;
  if (!is_signed(first.entry, first.stored)) {
    return add(bundle, first.entry,
               "the entry and its hash in " + tile + " do not agree, and neither is what was signed" +
                   and_others(differences.size()));
  }
  std::string message = "the entry is not what was signed" + and_others(differences.size());
  if (const auto other = places_.find(first.derived); other != places_.end()) {
    message += "; it is what belongs at entry " + std::to_string(other->second);
  }
  add(bundle, first.entry, message);
}

void Verifier::judge_levels() {
  if (unknown_) return;
  for (unsigned level = 1; level < kTileLevels; ++level) {
    for (uint64_t index = 0; place(level, index).width > 0; ++index) judge_tile(level, index);
  }
}

void Verifier::judge_tile(unsigned level, uint64_t index) {
  const TilePlace at = place(level, index);
  const auto tile = reader_.tile(at);
  if (!tile) return add(path_of(at), std::nullopt, told(tile.error(), path_of(at)));
  for (unsigned i = 0; i < at.width; ++i) {
    const uint64_t number = index * kTileWidth + i;
    if ((*tile)[i] == tree_.level(level)[number]) continue;
    const uint64_t span = uint64_t{1} << kTileHeight * (level - 1);  // so many bundles are below this hash
    if (!is_proven() && has_problem(number * span, (number + 1) * span)) continue;
    const std::string which = "its hash " + std::to_string(i) + " is not what ";
    const uint64_t from = number * span * kTileWidth;
    const std::string entries =
        "entries " + std::to_string(from) + " to " + std::to_string(from + span * kTileWidth - 1);
    if (is_proven()) return add(path_of(at), std::nullopt, which + "the entries lead to; they are good");
    found_entry_ = true;
    return add(path_of(at), from, which + entries + " lead to: it was changed, or they were");
  }
}

// Those of a file that has a fault of its own are not judged by it.
void Verifier::judge_narrower(const std::vector<TilePlace>& narrower) {
  std::set<std::string> bad;
  for (const LogFault& fault : result_.faults) bad.insert(fault.file);
  std::vector<TilePlace> judged;
  std::copy_if(narrower.begin(), narrower.end(), std::back_inserter(judged),
               [&](const TilePlace& at) { return !bad.contains(path_of(place(at.level, at.index))); });
  for (const LogFault& fault : faults_of_narrower(reader_, judged)) {
    add(fault.file, fault.entry, told(Error{ErrorCode::corrupt, fault.message}, fault.file));
  }
}

void Verifier::judge_root() {
  if (!root_) return;
  add("checkpoint", std::nullopt,
      "its root is " + base64(checkpoint_.root) + ", but the " + std::to_string(checkpoint_.size) +
          " entries lead to " + base64(*root_) +
          ": entries were changed together with their tiles, or the checkpoint is another log's");
}

std::optional<Disagreement> Verifier::disagreement(const Checkpoint& before) {
  using Kind = Disagreement::Kind;
  if (before.origin != checkpoint_.origin) {
    return Disagreement{Kind::of_another_log, std::nullopt,
                        "it is of the log " + before.origin + ", not of " + checkpoint_.origin};
  }
  if (before.size > checkpoint_.size) {
    return Disagreement{Kind::longer, checkpoint_.size,
                        "the log had " + std::to_string(before.size) + " entries, and has " +
                            std::to_string(checkpoint_.size) + ": it was cut, or put back to an older state"};
  }
  if (before.size == checkpoint_.size && before.root != checkpoint_.root) {
    return Disagreement{
        Kind::fork, std::nullopt,
        "two checkpoints of " + std::to_string(before.size) + " entries are signed, with different roots: a fork"};
  }
  const auto root = unknown_ ? std::nullopt : known_root(before.size);
  if (root == before.root) return std::nullopt;
  const std::string first = "the first " + std::to_string(before.size) + " entries ";
  return Disagreement{Kind::fork, std::nullopt,
                      is_proven() ? first + "are not those that this checkpoint signed: a fork, history was rewritten"
                                  : first + "do not lead to what this checkpoint signed"};
}

// The checkpoint of the directory, or the fault that it is.
std::optional<Checkpoint> open_own(const std::string& directory, const std::vector<VerifierKey>& keys,
                                   LogVerification& result) {
  const auto fault = [&](std::string message) {
    result.faults.push_back({"checkpoint", std::nullopt, std::move(message)});
    return std::nullopt;
  };
  const auto note = read_checkpoint_file(directory);
  if (!note && note.error().code == ErrorCode::not_found) return fault("the file is missing");
  if (!note) return fault(note.error().message);
  const auto checkpoint = open_checkpoint(*note, keys);
  if (!checkpoint) return fault(checkpoint.error().message);
  return *checkpoint;
}

// The checkpoints of one file, held against the log. Of disagreements of one kind, which are many where a log was put
// back, one is told: of a log that was longer, how long it was at the most; else that of the smallest size.
class Comparison {
 public:
  Comparison(const OldCheckpoints& file, Verifier& verifier) : file_(file), verifier_(verifier) {}

  // None: it is extended.
  std::optional<ExtendedCheckpoints> run(const std::vector<VerifierKey>& keys) {
    const KeptCheckpoints kept = split_kept_checkpoints(file_.text);
    only_one_ = kept.notes.size() == 1;
    if (kept.notes.empty()) {
      verifier_.add(file_.name, std::nullopt, "there is no checkpoint in it");
      return std::nullopt;
    }
    for (const auto& [checkpoint, line] : opened(kept.notes, keys)) {
      if (auto disagreement = verifier_.disagreement(checkpoint)) note(*std::move(disagreement), line);
    }
    for (const auto& [kind, told] : told_) tell(told);
    if (!told_.empty()) return std::nullopt;
    return ExtendedCheckpoints{file_.name, kept.notes.size(), kept.cut_off};
  }

 private:
  using WithLine = std::pair<Checkpoint, size_t>;
  struct Told {
    Disagreement disagreement;
    size_t line = 0;
    size_t others = 0;
  };

  // By size. What was published again, which changes nothing, is opened once.
  std::vector<WithLine> opened(const std::vector<KeptCheckpoint>& notes, const std::vector<VerifierKey>& keys) {
    std::vector<WithLine> found;
    std::string_view last;
    for (const KeptCheckpoint& kept : notes) {
      if (kept.note == last) continue;
      last = kept.note;
      if (auto checkpoint = open_checkpoint(kept.note, keys)) {
        found.emplace_back(*std::move(checkpoint), kept.line);
      } else {
        note({Disagreement::Kind::not_signed, std::nullopt, checkpoint.error().message}, kept.line);
      }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const WithLine& a, const WithLine& b) { return a.first.size < b.first.size; });
    return found;
  }

  void note(Disagreement disagreement, size_t line) {
    const Disagreement::Kind kind = disagreement.kind;
    const auto [told, fresh] = told_.try_emplace(kind);
    if (!fresh) ++told->second.others;
    if (!fresh && kind != Disagreement::Kind::longer) return;
    told->second.disagreement = std::move(disagreement);
    told->second.line = line;
  }

  void tell(const Told& told) {
    std::string message = told.disagreement.message;
    if (told.others > 0) message += "; the same holds for " + std::to_string(told.others) + " others in this file";
    const std::string where = only_one_ ? file_.name : file_.name + ":" + std::to_string(told.line);
    verifier_.add(where, told.disagreement.entry, std::move(message));
  }

  const OldCheckpoints& file_;
  Verifier& verifier_;
  bool only_one_ = false;
  std::map<Disagreement::Kind, Told> told_;
};

// What lies beside the log under the name of its digest.
Result<void> check_blobs(const std::string& directory, LogVerification& result) {
  return list_blobs(directory, [&](const std::string& path) {
    const auto digest = parse_blob_path(path);
    if (!digest) {
      if (result.foreign.size() < kForeignKept) result.foreign.push_back(path);
      return;
    }
    const auto bytes = read_blob(directory, *digest);
    if (bytes) {
      ++result.blobs;
    } else if (result.faults.size() < kLogFaultsMax) {
      result.faults.push_back({path, std::nullopt, told(bytes.error(), path)});
    } else {
      ++result.more_faults;
    }
  });
}

}  // namespace

Result<LogVerification> verify_log(const std::string& directory, const std::vector<VerifierKey>& keys,
                                   const std::vector<OldCheckpoints>& against, unsigned threads,
                                   const NamedBlobs& named) {
  std::error_code wrong;
  if (!std::filesystem::is_directory(directory, wrong)) {
    return Error{ErrorCode::not_found, directory + " is not a directory"};
  }
  if (!holds_log(directory)) {
    return Error{ErrorCode::not_found, "no log lies in " + directory + ": it has neither a checkpoint nor tile/"};
  }
  LogVerification result;
  result.signing_keys = signing_keys_in(directory, {});
  result.checkpoint = open_own(directory, keys, result);
  if (!result.checkpoint) return result;
  const Checkpoint& checkpoint = *result.checkpoint;
  const auto inventory = take_inventory(directory, checkpoint.size);
  if (!inventory) return inventory.error();
  result.files_beyond = inventory->beyond;
  result.foreign = inventory->foreign;
  const uint64_t needed = checkpoint.size / kTileWidth;
  if (inventory->bundles < needed / 2) {  // also: no memory for a size that was signed and never was
    const TilePlace missing{std::nullopt, *inventory->first_missing_bundle,
                            tile_width(std::nullopt, *inventory->first_missing_bundle, checkpoint.size)};
    result.faults.push_back({path_of(missing), missing.index * kTileWidth,
                             "the file is missing, as are most: of " + std::to_string(needed) + " bundles there are " +
                                 std::to_string(inventory->bundles)});
    return result;
  }
  Verifier verifier(directory, checkpoint, named, result);
  verifier.run(std::max(1U, threads));
  if (auto checked = check_blobs(directory, result); !checked) return checked.error();
  result.signing_keys = signing_keys_in(directory, result.foreign);
  verifier.judge_narrower(inventory->narrower);
  for (const OldCheckpoints& file : against) {
    if (auto extended = Comparison(file, verifier).run(keys)) result.extends.push_back(*std::move(extended));
  }
  return result;
}

}  // namespace kedge
