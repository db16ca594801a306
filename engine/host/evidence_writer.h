// EvidenceWriter: a directory of evidence while it is written, bounded in bytes and in time.
//
//   DIRECTORY/ID/index.json          what is in here, of what, and what was cut, and why
//   DIRECTORY/ID/processes.jsonl     lists: an object a line, in canonical JSON
//   DIRECTORY/ID/files/0001          what a file held
//   DIRECTORY/ID/raw/modules         what the kernel said, as it said it
//   DIRECTORY/ID/SHA256SUMS          as sha256sum(1) writes and checks it, of all of the above, sorted by name
//
// The digest of the whole is that of SHA256SUMS. Until finish() all lies in DIRECTORY/.ID.new, which a later writer of
// that id removes: DIRECTORY/ID is whole, or not there. Directories are 0700 and files 0600; nothing that stands at a
// name is written into or followed.
//
// One thread. The clock outlives it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/result.h"

namespace kedge {

struct EvidenceLimits {
  Duration time = std::chrono::seconds(10);
  size_t bytes = 256U << 20U;      // all parts together
  size_t file_bytes = 16U << 20U;  // kept of what one file holds
  size_t processes = 8'192;
  size_t open_files = 65'536;  // of all processes
  size_t sockets = 65'536;
  size_t paths = 4'096;
};

// What is kept, once it is whole.
struct Evidence {
  std::string directory;
  Digest digest;
  Json index;
};

class EvidenceWriter {
 public:
  // `id` is a name of letters, digits, '-', '_' and '.'.
  static Result<std::unique_ptr<EvidenceWriter>> create(const std::string& directory, const std::string& id,
                                                        const EvidenceLimits& limits, Clock& clock);
  ~EvidenceWriter();
  EvidenceWriter(const EvidenceWriter&) = delete;
  EvidenceWriter& operator=(const EvidenceWriter&) = delete;

  const EvidenceLimits& limits() const { return limits_; }
  Clock& clock() const { return clock_; }
  bool is_late() const { return clock_.elapsed() >= deadline_; }
  size_t room() const { return limits_.bytes - written_; }

  // A part that must fit into room(). What the disk says is kept, and is finish()'s error.
  void write(const std::string& name, std::string_view bytes);

  // What is not in here: how many, where that is known.
  void cut(const std::string& what, std::optional<uint64_t> left_out, const std::string& why);

  // With what `about` says, as the index's further members. Nothing may be called afterwards.
  Result<Evidence> finish(Json about);

 private:
  EvidenceWriter(std::string directory, std::string id, const EvidenceLimits& limits, Clock& clock)
      : directory_(std::move(directory)),
        id_(std::move(id)),
        limits_(limits),
        clock_(clock),
        deadline_(clock.elapsed() + limits.time) {}

  Result<void> write_part(const std::string& name, std::string_view bytes);
  std::string sums() const;

  // Constant after construction.
  const std::string directory_;
  const std::string id_;
  const EvidenceLimits limits_;
  Clock& clock_;
  const Duration deadline_;
  Descriptor folder_;

  std::map<std::string, Digest> parts_;
  std::map<std::string, size_t> sizes_;
  Json cuts_ = Json::array();
  size_t written_ = 0;
  std::optional<Error> error_;
  bool finished_ = false;
};

// A list of the evidence while it is made. It takes a quarter of the room at most, so that one list leaves room for the
// others.
class EvidenceList {
 public:
  // `count_max`: further ones are cut. The list is written as NAME.jsonl.
  EvidenceList(EvidenceWriter& writer, std::string name, size_t count_max)
      : writer_(writer), name_(std::move(name)), count_max_(count_max), bytes_max_(writer.room() / 4) {}

  // Whether another one has room and time. Where not, it is counted as left out.
  bool has_room();
  void add(const Json& one);
  size_t size() const { return count_; }
  void write();

 private:
  EvidenceWriter& writer_;
  const std::string name_;
  const size_t count_max_;
  const size_t bytes_max_;
  std::string lines_;
  size_t count_ = 0;
  size_t left_out_ = 0;
  std::string why_;
};

// Names are bytes, and JSON is text: what is not UTF-8 is written as visible() does, and KEY_escaped says so.
void put_text(Json& object, const std::string& key, std::string_view bytes);

// The evidence that lies in `directory`, with every part held against its digest. Errors: not_found, corrupt.
Result<Evidence> read_evidence(const std::string& directory);

}  // namespace kedge
