#include "pipeline/checkpoint_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "audit/kept_checkpoints.h"
#include "audit/note.h"
#include "base/descriptor.h"

namespace kedge {
namespace {

constexpr int kFlags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;  // not to hang in a pipe

// At most a note's length of it.
Result<std::string> end_of(const Descriptor& file, const std::string& path) {
  struct stat found {};
  if (fstat(file.get(), &found) != 0) return io_error("cannot read", path);
  if (!S_ISREG(found.st_mode)) return Error{ErrorCode::invalid, path + " is no file that can be appended to"};
  const auto size = static_cast<size_t>(std::min<off_t>(found.st_size, kNoteBytesMax));
  std::string end(size, '\0');
  for (size_t read = 0; read < size;) {
    const ssize_t got =
        pread(file.get(), end.data() + read, size - read, found.st_size - static_cast<off_t>(size - read));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return io_error("cannot read", path);
    read += static_cast<size_t>(got);
  }
  return end;
}

// Of another one of this log that is as new, or newer, and does not say the same: nothing is verified here.
Result<void> check_goes_behind(const std::string& end, const PublishedCheckpoint& checkpoint, const std::string& path) {
  for (const KeptCheckpoint& kept : split_kept_checkpoints(end).notes) {
    if (kept.note == checkpoint.note) continue;
    const auto note = parse_note(kept.note);
    const auto there = note ? parse_checkpoint(note->text) : Result<Checkpoint>(note.error());
    if (!there || there->origin != checkpoint.origin || there->size < checkpoint.size) continue;
    if (there->size == checkpoint.size && checkpoint.note.starts_with(note->text)) continue;  // signed by other keys
    return Error{ErrorCode::refused,
                 path + " has a checkpoint of " + std::to_string(there->size) + " entries, and this one is of " +
                     std::to_string(checkpoint.size) +
                     ": the log was put back to an earlier state, or another one is kept there too"};
  }
  return {};
}

Result<void> sync_directory_of(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const std::string directory = parent.empty() ? "." : parent.string();
  const Descriptor folder(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || fsync(folder.get()) != 0) return io_error("cannot sync", directory);
  return {};
}

}  // namespace

Result<void> CheckpointFile::append(const PublishedCheckpoint& checkpoint) const {
  Descriptor file(open(path_.c_str(), kFlags));
  const bool fresh = file.get() < 0 && errno == ENOENT;
  if (fresh) file = Descriptor(open(path_.c_str(), kFlags | O_CREAT, 0644));
  if (file.get() < 0) return io_error("cannot open", path_);
  const auto end = end_of(file, path_);
  if (!end) return end.error();
  if (auto behind = check_goes_behind(*end, checkpoint, path_); !behind) return behind;
  // In one call: a process that dies leaves nothing half written.
  const std::string bytes = (ends_between_notes(*end) ? "" : std::string(kCutOff)) + checkpoint.note;
  if (auto written = write_all(file, bytes, path_); !written) return written;
  if (fsync(file.get()) != 0) return io_error("cannot sync", path_);
  // The name of a file that was made by a try that failed behind it may not be synced yet.
  return end->empty() ? sync_directory_of(path_) : Result<void>();
}

Delivery CheckpointFile::publish(const PublishedCheckpoint& checkpoint, Time /*now*/, std::stop_token /*stop*/) {
  const auto appended = append(checkpoint);
  if (appended) return {};
  return {.kind = Delivery::Kind::retry, .status = 0, .error = appended.error().message, .retry_after = {}};
}

Result<std::vector<Checkpoint>> last_checkpoints_in(const std::string& path, const std::vector<VerifierKey>& keys) {
  std::vector<Checkpoint> found;
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (file.get() < 0 && errno == ENOENT) return found;
  if (file.get() < 0) return io_error("cannot open", path);
  const auto end = end_of(file, path);
  if (!end) return end.error();
  for (const KeptCheckpoint& kept : split_kept_checkpoints(*end).notes) {
    if (auto checkpoint = open_checkpoint(kept.note, keys)) found.push_back(*std::move(checkpoint));
  }
  return found;
}

}  // namespace kedge
