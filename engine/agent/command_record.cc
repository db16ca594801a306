#include "agent/command_record.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace kedge {

Result<void> CommandRecord::open() {
  file_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  struct stat found {};
  if (file_.get() < 0 || fstat(file_.get(), &found) != 0) return io_error("cannot open", path_);
  bytes_ = static_cast<size_t>(found.st_size);
  return {};
}

// A line that a crash cut off is ended by the first byte of the next one.
Result<void> CommandRecord::add(const Json& line) {
  const bool is_first = file_.get() < 0;
  if (is_first) {
    if (auto done = open(); !done) return done;
  }
  std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (bytes_ > 0 && bytes_ + text.size() > bytes_max_) {
    if (rename(path_.c_str(), (path_ + ".1").c_str()) != 0) return io_error("cannot rename", path_);
    if (auto done = open(); !done) return done;
  } else if (is_first && bytes_ > 0) {
    text.insert(text.begin(), '\n');
  }
  if (auto done = write_all(file_, text, path_); !done) return done;
  bytes_ += text.size();
  if (fdatasync(file_.get()) != 0) return io_error("cannot sync", path_);
  return {};
}

}  // namespace kedge
