#include "host/evidence_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/bytes.h"
#include "base/files.h"
#include "host/file_state.h"

namespace kedge {
namespace {

constexpr const char* kIndex = "index.json";
constexpr const char* kSums = "SHA256SUMS";
constexpr size_t kSumsBytesMax = 16U << 20U;
constexpr size_t kIndexBytesMax = 64U << 20U;

Result<void> check_id(const std::string& id) {
  const auto may_stand = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  if (!id.empty() && id.front() != '.' && id.size() <= 128 && std::all_of(id.begin(), id.end(), may_stand)) return {};
  return Error{ErrorCode::invalid, "'" + visible(id) + "' cannot name evidence: letters, digits, '-', '_' and '.'"};
}

Result<void> make_directory(int at, const std::string& name, const std::string& shown) {
  if (mkdirat(at, name.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return io_error("cannot make", shown);
}

Result<void> sync(int file, const std::string& shown) {
  if (fsync(file) == 0) return {};
  return io_error("cannot sync", shown);
}

Result<void> sync_directory(const std::string& path) {
  const Descriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return io_error("cannot open", path);
  return sync(folder.get(), path);
}

// One line of SHA256SUMS: the digest and the name.
std::optional<std::pair<std::string, std::string>> sum_of(std::string_view line) {
  constexpr size_t kDigits = 64;
  if (line.size() < kDigits + 3 || line.substr(kDigits, 2) != "  ") return std::nullopt;
  return std::pair(std::string(line.substr(0, kDigits)), std::string(line.substr(kDigits + 2)));
}

Result<void> check_part(const std::string& directory, std::string_view line) {
  const auto sum = sum_of(line);
  if (!sum) return Error{ErrorCode::corrupt, directory + "/" + kSums + " has a line that is no sum"};
  const std::string path = directory + "/" + sum->second;
  const auto bytes = read_file(path, SIZE_MAX);
  if (!bytes) return bytes.error();
  if (sha256(*bytes).hex() == sum->first) return {};
  return Error{ErrorCode::corrupt, path + " is not what was captured"};
}

}  // namespace

Result<std::unique_ptr<EvidenceWriter>> EvidenceWriter::create(const std::string& directory, const std::string& id,
                                                               const EvidenceLimits& limits, Clock& clock) {
  if (auto good = check_id(id); !good) return good.error();
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(directory).parent_path(), ignored);
  if (auto made = make_directory(AT_FDCWD, directory, directory); !made) return made.error();
  const std::string unfinished = directory + "/." + id + ".new";
  std::error_code failed;
  std::filesystem::remove_all(unfinished, failed);
  if (failed) return Error{ErrorCode::unavailable, "cannot remove " + unfinished + ": " + failed.message()};
  if (mkdir(unfinished.c_str(), 0700) != 0) return io_error("cannot make", unfinished);
  std::unique_ptr<EvidenceWriter> writer(new EvidenceWriter(directory, id, limits, clock));
  writer->folder_ = Descriptor(open(unfinished.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (writer->folder_.get() < 0) return io_error("cannot open", unfinished);
  return writer;
}

EvidenceWriter::~EvidenceWriter() {
  if (finished_) return;
  std::error_code ignored;
  std::filesystem::remove_all(directory_ + "/." + id_ + ".new", ignored);
}

void EvidenceWriter::write(const std::string& name, std::string_view bytes) {
  if (error_) return;
  if (auto done = write_part(name, bytes); !done) error_ = done.error();
}

Result<void> EvidenceWriter::write_part(const std::string& name, std::string_view bytes) {
  const size_t slash = name.find('/');
  if (slash != std::string::npos) {
    if (auto made = make_directory(folder_.get(), name.substr(0, slash), name); !made) return made;
  }
  const Descriptor file(
      openat(folder_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.get() < 0) return io_error("cannot create", name);
  if (auto done = write_all(file, bytes, name); !done) return done;
  if (auto done = sync(file.get(), name); !done) return done;
  parts_[name] = sha256(bytes);
  sizes_[name] = bytes.size();
  written_ += std::min(bytes.size(), room());
  return {};
}

void EvidenceWriter::cut(const std::string& what, std::optional<uint64_t> left_out, const std::string& why) {
  cuts_.push_back({{"what", what}, {"left_out", left_out ? Json(*left_out) : Json()}, {"why", why}});
}

std::string EvidenceWriter::sums() const {
  std::string text;
  for (const auto& [name, digest] : parts_) text += digest.hex() + "  " + name + "\n";
  return text;
}

Result<Evidence> EvidenceWriter::finish(Json about) {
  if (error_) return *error_;
  Evidence evidence;
  Json parts = Json::object();
  for (const auto& [name, size] : sizes_) parts[name] = size;
  about["version"] = 1;
  about["id"] = id_;
  about["parts"] = std::move(parts);
  about["cut"] = cuts_;
  const auto index = canonical_json(about);
  if (!index) return index.error().with("the index of the evidence");
  const std::string unfinished = directory_ + "/." + id_ + ".new";
  if (auto done = write_part(kIndex, *index + "\n"); !done) return done.error();
  const std::string sums_text = sums();
  if (auto done = write_part(kSums, sums_text); !done) return done.error();
  for (const char* below : {"/files", "/raw"}) {
    if (access((unfinished + below).c_str(), F_OK) != 0) continue;
    if (auto done = sync_directory(unfinished + below); !done) return done.error();
  }
  if (auto done = sync(folder_.get(), unfinished); !done) return done.error();
  evidence.directory = directory_ + "/" + id_;
  if (rename(unfinished.c_str(), evidence.directory.c_str()) != 0) return io_error("cannot make", evidence.directory);
  finished_ = true;
  if (auto done = sync_directory(directory_); !done) return done.error();
  evidence.digest = sha256(sums_text);
  evidence.index = std::move(about);
  return evidence;
}

bool EvidenceList::has_room() {
  if (why_.empty()) {
    if (count_ >= count_max_) why_ = fmt::format("more than {}", count_max_);
    if (lines_.size() >= bytes_max_) why_ = fmt::format("more than {} bytes of this list", bytes_max_);
    if (writer_.is_late()) why_ = "after " + format_duration(writer_.limits().time);
  }
  if (!why_.empty()) ++left_out_;
  return why_.empty();
}

void EvidenceList::add(const Json& one) {
  const auto line = canonical_json(one);
  if (line && lines_.size() + line->size() < bytes_max_) {
    lines_.append(*line).append("\n");
    ++count_;
    return;
  }
  if (why_.empty()) why_ = line ? fmt::format("more than {} bytes of this list", bytes_max_) : line.error().message;
  ++left_out_;
}

void EvidenceList::write() {
  if (!why_.empty()) writer_.cut(name_, left_out_, why_);
  writer_.write(name_ + ".jsonl", lines_);
}

void put_text(Json& object, const std::string& key, std::string_view bytes) {
  const bool plain = is_utf8(bytes);
  object[key] = plain ? std::string(bytes) : visible(bytes);
  if (!plain) object[key + "_escaped"] = true;
}

Result<Evidence> read_evidence(const std::string& directory) {
  Evidence evidence;
  evidence.directory = directory;
  const auto sums = read_file(directory + "/" + kSums, kSumsBytesMax);
  if (!sums) return sums.error();
  for (std::string_view rest = *sums; !rest.empty();) {
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) return Error{ErrorCode::corrupt, directory + "/" + kSums + " is cut off"};
    if (auto good = check_part(directory, rest.substr(0, end)); !good) return good.error();
    rest.remove_prefix(end + 1);
  }
  const auto index = read_file(directory + "/" + kIndex, kIndexBytesMax);
  if (!index) return index.error();
  auto read = parse_json(*index);
  if (!read) return read.error().with(directory + "/" + kIndex);
  evidence.digest = sha256(*sums);
  evidence.index = *std::move(read);
  return evidence;
}

}  // namespace kedge
