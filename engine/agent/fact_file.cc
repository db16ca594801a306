#include "agent/fact_file.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

namespace kedge {
namespace {

constexpr size_t kBytesMax = 1U << 30U;  // one that is larger is none of ours
constexpr size_t kWasteMax = 1U << 20U;  // beyond the size that it had when it was written anew

std::string text_of(const SensorMemory::Facts& facts) {
  std::string text;
  for (const auto& [key, value] : facts) text += to_line({key, value});
  return text;
}

bool apply(std::string_view line, SensorMemory::Facts& facts) {
  auto parsed = parse_json(line);
  if (!parsed || !parsed->is_object()) return false;
  const auto key = parsed->find("k");
  if (key == parsed->end() || !key->is_string()) return false;
  std::string name = key->get<std::string>();
  const auto value = parsed->find("v");
  if (value != parsed->end()) {
    facts[std::move(name)] = std::move(*value);
    return true;
  }
  if (parsed->contains("below")) {
    for (auto one = facts.lower_bound(name); one != facts.end() && one->first.starts_with(name);)
      one = facts.erase(one);
    return true;
  }
  facts.erase(name);
  return true;
}

}  // namespace

std::string to_line(const SensorMemory::Fact& fact) {
  Json line = {{"k", fact.key}};
  if (fact.value) line["v"] = *fact.value;
  if (!fact.value && fact.below) line["below"] = true;
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

SensorMemory::Facts parse_facts(std::string_view lines, size_t& unreadable) {
  SensorMemory::Facts facts;
  for (size_t end = lines.find('\n'); end != std::string_view::npos; end = lines.find('\n')) {
    if (!apply(lines.substr(0, end), facts)) ++unreadable;
    lines.remove_prefix(end + 1);
  }
  return facts;
}

Result<std::unique_ptr<FactFile>> FactFile::open(const std::string& path) {
  std::unique_ptr<FactFile> file(new FactFile(path));
  const auto text = read_file(path, kBytesMax);
  if (!text && text.error().code != ErrorCode::not_found) return text.error();
  if (text) {
    size_t unreadable = 0;
    file->earlier_ = parse_facts(*text, unreadable);
    if (unreadable > 0) spdlog::error("{}: {} lines cannot be read: what they say is told again", path, unreadable);
  }
  const auto anew = write_file_atomically(path, text_of(file->earlier_), 0600);
  if (!anew) spdlog::warn("{} grows: {}", path, anew.error().message);
  if (auto done = file->reopen(); !done) return done.error();
  const size_t whole = !anew && text ? text->rfind('\n') + 1 : file->bytes_;  // of the old one, if it is that
  if (ftruncate(file->file_.get(), static_cast<off_t>(whole)) != 0) return io_error("cannot cut", path);
  file->bytes_ = whole;
  return file;
}

Result<void> FactFile::reopen() {
  file_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  struct stat status {};
  if (file_.get() < 0 || fstat(file_.get(), &status) != 0) return io_error("cannot open", path_);
  bytes_ = bytes_when_new_ = static_cast<size_t>(status.st_size);
  return {};
}

// A failure leaves what was there.
Result<void> FactFile::write_anew() {
  const auto text = read_file(path_, kBytesMax);
  if (!text) return text.error();
  size_t unreadable = 0;
  if (auto done = write_file_atomically(path_, text_of(parse_facts(*text, unreadable)), 0600); !done) return done;
  return reopen();
}

// What a failed write left behind is cut off again: the next one is to begin a line.
Result<void> FactFile::append(const std::vector<SensorMemory::Fact>& facts) {
  if (facts.empty()) return {};
  std::string lines;
  for (const SensorMemory::Fact& fact : facts) lines += to_line(fact);
  Result<void> done = write_all(file_, lines, path_);
  if (done && fdatasync(file_.get()) != 0) done = io_error("cannot sync", path_);
  if (!done) {
    if (ftruncate(file_.get(), static_cast<off_t>(bytes_)) != 0) spdlog::error("cannot cut {}", path_);
    return done;
  }
  bytes_ += lines.size();
  if (bytes_ <= 2 * bytes_when_new_ + kWasteMax) return {};
  if (auto anew = write_anew(); !anew) spdlog::warn("{} grows: {}", path_, anew.error().message);
  return {};
}

}  // namespace kedge
