#include "agent/command_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.h"

namespace kedge {
namespace {

constexpr size_t kFileBytesMax = 1U << 30U;   // one that is larger is none of ours
constexpr size_t kEntryBytes = 256;           // of what is not the outcome
constexpr size_t kUnneededBytes = 1U << 20U;  // how much of the file may be of no use any more

Json begun(const CommandJournal::Entry& entry) {
  return {{"begun", {{"id", entry.id}, {"digest", entry.digest}, {"expires", format_time(entry.expires)}}}};
}
Json ended(const std::string& id, const std::string& outcome) {
  return {{"ended", {{"id", id}, {"outcome", outcome}}}};
}

}  // namespace

Result<std::unique_ptr<CommandJournal>> CommandJournal::open(const std::string& path, Options options) {
  std::unique_ptr<CommandJournal> journal(new CommandJournal(path, options));
  if (auto done = journal->restore(); !done) return done.error();
  if (auto done = journal->rewrite(); !done) return done.error();
  return journal;
}

Result<void> CommandJournal::restore() {
  const auto text = read_file(path_, kFileBytesMax);
  if (!text && text.error().code == ErrorCode::not_found) return {};
  if (!text) return text.error();
  int number = 0;
  for (std::string_view rest = *text; rest.find('\n') != std::string_view::npos;) {
    const size_t end = rest.find('\n');
    ++number;
    const auto line = parse_json(rest.substr(0, end));
    const auto restored = line ? restore(*line) : Result<void>(line.error());
    if (!restored) {
      return Error{ErrorCode::corrupt,
                   fmt::format("{}:{}: {}: what was done by commands is not known for certain; look "
                               "at it, and remove the file when all that expires is over",
                               path_, number, restored.error().message)};
    }
    rest.remove_prefix(end + 1);
  }
  return {};
}

Result<void> CommandJournal::restore(const Json& line) {
  try {
    if (line.contains("begun")) {
      const Json& of = line.at("begun");
      const auto expires = parse_time(of.at("expires").get<std::string>());
      if (!expires) return expires.error();
      Entry entry{of.at("id").get<std::string>(), of.at("digest").get<std::string>(), *expires, {}};
      bytes_ += kEntryBytes;
      entries_[entry.id] = std::move(entry);
    } else if (line.contains("ended")) {
      const Json& of = line.at("ended");
      Entry& entry = entries_.at(of.at("id").get<std::string>());
      entry.outcome = of.at("outcome").get<std::string>();
      bytes_ += entry.outcome.size();
    } else {
      const auto forgotten = parse_time(line.at("forgotten").get<std::string>());
      if (!forgotten) return forgotten.error();
      forgotten_ = *forgotten;
    }
  } catch (const std::exception& cause) {
    return Error{ErrorCode::corrupt, std::string("not a line of this file: ") + cause.what()};
  }
  return {};
}

const CommandJournal::Entry* CommandJournal::find(const std::string& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<CommandJournal::Entry> CommandJournal::unfinished() const {
  std::vector<Entry> entries;
  for (const auto& [id, entry] : entries_) {
    if (entry.outcome.empty()) entries.push_back(entry);
  }
  return entries;
}

void CommandJournal::forget(Time now) {
  std::erase_if(entries_, [&](const auto& each) {
    const Entry& entry = each.second;
    if (entry.expires + options_.slack >= now) return false;
    forgotten_ = std::max(forgotten_, entry.expires);
    bytes_ -= kEntryBytes + entry.outcome.size();
    return true;
  });
}

Result<void> CommandJournal::begin(Entry entry, Time now) {
  forget(now);
  if (entries_.size() >= options_.entries_max || bytes_ + kEntryBytes > options_.bytes_max) {
    return Error{ErrorCode::limit, fmt::format("{} commands of the last minutes are remembered, with {} bytes: no more "
                                               "find room",
                                               entries_.size(), bytes_)};
  }
  const std::string id = entry.id;
  const Json line = begun(entry);
  bytes_ += kEntryBytes;
  entries_[id] = std::move(entry);
  auto done = keep(line);
  if (done) return done;
  bytes_ -= kEntryBytes;
  entries_.erase(id);
  return done;
}

Result<void> CommandJournal::end(const std::string& id, std::string outcome) {
  Entry& entry = entries_.at(id);
  bytes_ += outcome.size() - entry.outcome.size();
  entry.outcome = std::move(outcome);
  return keep(ended(id, entry.outcome));
}

// A file whose write or sync failed once is not to be trusted with more.
Result<void> CommandJournal::keep(const Json& line) {
  if (broken_ || file_bytes_ > bytes_ + kUnneededBytes) return rewrite();
  const std::string text = line.dump() + "\n";
  Result<void> done = write_all(file_, text, path_);
  if (done && fdatasync(file_.get()) != 0) done = io_error("cannot sync", path_);
  broken_ = !done;
  if (done) file_bytes_ += text.size();
  return done;
}

// All that is known, and nothing else.
Result<void> CommandJournal::rewrite() {
  std::string lines = Json{{"forgotten", format_time(forgotten_)}}.dump() + "\n";
  for (const auto& [id, entry] : entries_) {
    lines += begun(entry).dump() + "\n";
    if (!entry.outcome.empty()) lines += ended(id, entry.outcome).dump() + "\n";
  }
  if (auto done = write_file_atomically(path_, lines, 0600); !done) return done;
  file_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (file_.get() < 0) return io_error("cannot open", path_);
  file_bytes_ = lines.size();
  broken_ = false;
  return {};
}

}  // namespace kedge
