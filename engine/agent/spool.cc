#include "agent/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/files.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".events";
constexpr size_t kSegmentBytesMax = 1U << 30U;  // one that is larger is none of ours

std::optional<uint64_t> number_of(const std::string& name) {
  if (!name.ends_with(kEnding)) return std::nullopt;
  uint64_t number = 0;
  const char* const end = name.data() + name.size() - kEnding.size();
  const auto [stop, wrong] = std::from_chars(name.data(), end, number, 16);
  return wrong == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(const std::string& directory, SpoolIndex::Options options) {
  std::error_code wrong;
  fs::create_directories(directory, wrong);
  if (wrong) return Error{ErrorCode::refused, "cannot create " + directory + ": " + wrong.message()};
  std::unique_ptr<Spool> spool(new Spool(directory, options));
  if (auto done = spool->restore(); !done) return done.error();
  return spool;
}

std::string Spool::path_of(uint64_t segment) const { return fmt::format("{}/{:016x}{}", directory_, segment, kEnding); }

Result<void> Spool::restore() {
  std::deque<SpoolIndex::Segment> segments;
  std::error_code wrong;
  for (const auto& entry : fs::directory_iterator(directory_, wrong)) {
    const auto number = number_of(entry.path().filename().string());
    if (!number) continue;
    auto segment = restore_segment(*number);
    if (!segment) return segment.error();
    segments.push_back(*segment);
  }
  if (wrong) return Error{ErrorCode::unavailable, "cannot read " + directory_ + ": " + wrong.message()};
  std::sort(segments.begin(), segments.end(),
            [](const auto& one, const auto& other) { return one.number < other.number; });
  const auto sent = read_file(directory_ + "/sent", 4096);
  index_.restore(std::move(segments), sent ? parse_place(*sent) : SpoolPlace{});
  const auto text = read_file(directory_ + "/summary");
  if (!text) return {};
  const auto json = parse_json(*text);
  auto summary = json ? SpoolSummary::from_json(*json) : Result<SpoolSummary>(json.error());
  if (summary) {
    summary_ = *std::move(summary);
  } else {
    spdlog::error("{}/summary: {}", directory_, summary.error().message);
  }
  return {};
}

// A line that has no end was cut off.
Result<SpoolIndex::Segment> Spool::restore_segment(uint64_t number) const {
  const auto text = read_file(path_of(number), kSegmentBytesMax);
  if (!text) return text.error();
  const WholeLines whole = whole_lines(*text);
  if (whole.bytes < text->size() && truncate(path_of(number).c_str(), static_cast<off_t>(whole.bytes)) != 0) {
    return io_error("cannot cut", path_of(number));
  }
  return SpoolIndex::Segment{number, whole.bytes, whole.lines};
}

Result<void> Spool::append(const std::vector<std::string>& events) {
  if (events.empty()) return {};
  std::string lines;
  for (const std::string& event : events) lines.append(event).append("\n");
  const std::lock_guard lock(mutex_);
  Result<void> done = make_room(lines.size());
  if (done) done = write(lines, events.size());
  while (!done && done.error().code == ErrorCode::no_room && index_.segments().size() > 1) {
    if (auto dropped = drop_oldest(); !dropped) break;
    done = write(lines, events.size());
  }
  if (!done) {
    for (const std::string& event : events) summary_.add(event);
  }
  if (!done || !summary_is_kept_) keep_summary();
  return done;
}

Result<void> Spool::make_room(size_t bytes) {
  while (index_.to_be_dropped(bytes)) {
    if (auto done = drop_oldest(); !done) return done;
  }
  return {};
}

// The summary is on the disk before its events are not; where there is no room for it, they make some.
Result<void> Spool::drop_oldest() {
  const SpoolIndex::Segment oldest = index_.segments().front();
  const auto text = read_file(path_of(oldest.number), kSegmentBytesMax);
  if (!text) return text.error();
  const size_t sent = std::min(index_.sent_place().bytes, text->size());
  for (std::string_view rest = std::string_view(*text).substr(sent); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    summary_.add(line);
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  keep_summary();
  if (unlink(path_of(oldest.number).c_str()) != 0) return io_error("cannot remove", path_of(oldest.number));
  index_.drop();
  if (!summary_is_kept_) keep_summary();
  return {};
}

// What a failed write left behind is cut off again: the next one is to begin a line.
Result<void> Spool::write(std::string_view lines, size_t count) {
  const uint64_t number = index_.segment_for_writing();
  const std::string path = path_of(number);
  if (file_.get() < 0 || file_number_ != number) {
    const bool is_new = index_.segments().back().bytes == 0;
    Result<void> made = is_new ? write_file_atomically(path, "", 0600) : Result<void>();  // its name is synced, too
    if (!made) return made;
    file_ = Descriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    if (file_.get() < 0) return io_error("cannot open", path);
    file_number_ = number;
  }
  const auto before = static_cast<off_t>(index_.segments().back().bytes);
  Result<void> done = write_all(file_, lines, path);
  if (done && fdatasync(file_.get()) != 0) done = io_error("cannot sync", path);
  if (!done) {
    if (ftruncate(file_.get(), before) != 0) spdlog::error("cannot cut {}", path);
    return done;
  }
  index_.written(lines.size(), count);
  return {};
}

// Where even that finds no room it is kept in memory, until there is some.
void Spool::keep_summary() {
  SpoolSummary all = being_sent_;
  all.add(summary_);
  const std::string path = directory_ + "/summary";
  const bool was_kept = std::exchange(summary_is_kept_, true);
  if (all.empty()) {
    unlink(path.c_str());
    return;
  }
  if (auto done = write_file_atomically(path, all.to_json().dump(), 0600); !done) {
    summary_is_kept_ = false;
    if (was_kept) spdlog::error("the spool's summary is in memory only: {}", done.error().message);
  }
}

Result<Spool::Batch> Spool::take(size_t events_max, size_t bytes_max) {
  const std::lock_guard lock(mutex_);
  const auto begin = index_.next();
  if (!begin) return Batch{};
  const auto text = read_file(path_of(begin->segment), kSegmentBytesMax);
  if (!text) return text.error();
  return take_lines(*text, *begin, events_max, bytes_max);
}

Result<void> Spool::sent(const SpoolPlace& end) {
  const std::lock_guard lock(mutex_);
  const auto unneeded = index_.sent(end);
  if (unneeded) unlink(path_of(*unneeded).c_str());
  const SpoolPlace place = index_.sent_place();
  return write_file_atomically(directory_ + "/sent", to_text(place), 0600);
}

void Spool::give_up(const std::vector<std::string>& events) {
  const std::lock_guard lock(mutex_);
  for (const std::string& event : events) summary_.add(event);
  keep_summary();
}

SpoolSummary Spool::take_summary() {
  const std::lock_guard lock(mutex_);
  being_sent_.add(std::exchange(summary_, {}));
  return being_sent_;
}

void Spool::summary_sent() {
  const std::lock_guard lock(mutex_);
  being_sent_ = {};
  keep_summary();
}

void Spool::summary_not_sent() {
  const std::lock_guard lock(mutex_);
  summary_.add(std::exchange(being_sent_, {}));
}

Spool::Status Spool::status() const {
  const std::lock_guard lock(mutex_);
  return {index_.lines(), index_.bytes(), summary_.events() + being_sent_.events()};
}

}  // namespace kedge
