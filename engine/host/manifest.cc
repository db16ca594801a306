#include "host/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.h"

namespace kedge {
namespace {

constexpr std::string_view kHead = "#mtree\n#kedge baseline 1\n";
constexpr std::string_view kNote = "#note";

Error invalid(std::string message) { return Error{ErrorCode::invalid, std::move(message)}; }

// As an error names a piece of the text: one line, and not all of it.
std::string quoted(std::string_view text) {
  text = utf8_prefix(text, 40);
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  return "'" + (plain ? std::string(text) : visible(text)) + "'";
}

// --- writing

std::string entry_line(const FileState& state) {
  std::string line =
      fmt::format("{} type={} uid={} gid={} mode={:04o}", state.path.empty() ? "." : "./" + visible(state.path),
                  to_string(state.type), state.uid, state.gid, state.mode);
  const auto mtime = [&] { return fmt::format(" time={}.{:09}", state.mtime.seconds, state.mtime.nanoseconds); };
  switch (state.type) {
    case FileType::file:
      line += fmt::format(" nlink={} size={}", state.links, state.size) + mtime();
      if (state.sha256) line += " sha256digest=" + state.sha256->hex();
      break;
    case FileType::link:
      line += mtime() + " link=" + visible(state.link_target);
      break;
    case FileType::block:
    case FileType::character:
      line += fmt::format(" device=native,{},{}", state.device_major, state.device_minor);
      break;
    case FileType::directory:
    case FileType::fifo:
    case FileType::socket:
      break;
  }
  return line;
}

std::string acceptance_line(const Acceptance& accepted) {
  std::string line = fmt::format("#accepted time={} owner={} reason={}", format_time(accepted.time),
                                 visible(accepted.owner), visible(accepted.reason));
  if (!accepted.by.empty()) line += " by=" + visible(accepted.by);
  line += fmt::format(" previous={} differences={}", accepted.previous.hex(), accepted.differences);
  for (const std::string& path : accepted.paths) line += " path=" + shown_path(path);
  return line;
}

std::string note_text(const Digest& digest) { return "kedge baseline 1\nsha256 " + digest.hex() + "\n"; }

std::string as_comments(const Note& note) {
  std::string lines;
  const std::string text = to_text(note);
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = rest.find('\n');
    lines += kNote;
    if (end > 0) lines.append(" ").append(rest.substr(0, end));
    lines += '\n';
    rest.remove_prefix(end + 1);
  }
  return lines;
}

// --- reading: what each line says; that it is written as we write it, is asked of the whole line

template <class Number>
Result<void> read_number(std::string_view text, Number& number, int base = 10) {
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (wrong != std::errc() || end != text.data() + text.size() || text.empty()) {
    return invalid(quoted(text) + " is not a number that can stand here");
  }
  return {};
}

Result<void> read_digest(std::string_view text, Digest& digest) {
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != digest.bytes.size()) return invalid("a SHA-256 has 64 hexadecimal digits");
  std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
  return {};
}

Result<void> read_visible(std::string_view text, std::string& bytes) {
  auto read = from_visible(text);
  if (!read) return read.error();
  bytes = *std::move(read);
  return {};
}

Result<void> read_time(std::string_view text, FileTime& time) {
  const size_t point = text.find('.');
  if (point == std::string_view::npos) return invalid("a time is SECONDS.NANOSECONDS");
  if (auto done = read_number(text.substr(0, point), time.seconds); !done) return done;
  if (auto done = read_number(text.substr(point + 1), time.nanoseconds); !done) return done;
  if (time.nanoseconds > 999'999'999) return invalid("a second has 1,000,000,000 nanoseconds");
  return {};
}

Result<void> read_device(std::string_view text, FileState& state) {
  constexpr std::string_view kFormat = "native,";
  const size_t comma = text.rfind(',');
  if (!text.starts_with(kFormat) || comma < kFormat.size()) return invalid("a device is native,MAJOR,MINOR");
  if (auto done = read_number(text.substr(kFormat.size(), comma - kFormat.size()), state.device_major); !done) {
    return done;
  }
  return read_number(text.substr(comma + 1), state.device_minor);
}

Result<void> read_type(std::string_view text, FileType& type) {
  const auto found = file_type(text);
  if (!found) return invalid("there is no type " + quoted(text));
  type = *found;
  return {};
}

Result<void> read_entry_word(std::string_view key, std::string_view value, FileState& state) {
  if (key == "type") return read_type(value, state.type);
  if (key == "uid") return read_number(value, state.uid);
  if (key == "gid") return read_number(value, state.gid);
  if (key == "mode") return read_number(value, state.mode, 8);
  if (key == "nlink") return read_number(value, state.links);
  if (key == "size") return read_number(value, state.size);
  if (key == "time") return read_time(value, state.mtime);
  if (key == "link") return read_visible(value, state.link_target);
  if (key == "device") return read_device(value, state);
  if (key == "sha256digest") return read_digest(value, state.sha256.emplace());
  return invalid("there is no word " + quoted(key));
}

Result<void> read_accepted_word(std::string_view key, std::string_view value, Acceptance& accepted) {
  if (key == "owner") return read_visible(value, accepted.owner);
  if (key == "reason") return read_visible(value, accepted.reason);
  if (key == "by") return read_visible(value, accepted.by);
  if (key == "previous") return read_digest(value, accepted.previous);
  if (key == "differences") return read_number(value, accepted.differences);
  if (key == "path" && value == ".") return accepted.paths.emplace_back(), Result<void>();
  if (key == "path") return read_visible(value, accepted.paths.emplace_back());
  if (key != "time") return invalid("there is no word " + quoted(key));
  const auto time = parse_time(value);
  if (!time) return time.error();
  accepted.time = *time;
  return {};
}

// Each "KEY=VALUE" of a line.
template <class Take>
Result<void> read_words(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const size_t equal = word.find('=');
    if (equal == std::string_view::npos) return invalid(quoted(word) + " is not KEY=VALUE");
    if (auto done = take(word.substr(0, equal), word.substr(equal + 1)); !done) return done;
  }
  return {};
}

Result<void> check_path(std::string_view path) {
  if (path.size() > kPathBytesMax) return invalid(fmt::format("a path has at most {} bytes", kPathBytesMax));
  if (path.find('\0') != std::string_view::npos) return invalid("a path holds no byte of zero");
  for (std::string_view rest = path;;) {
    const std::string_view name = rest.substr(0, rest.find('/'));
    if (name.empty() || name == "." || name == "..") return invalid("a path is ./NAME/NAME");
    if (name.size() == rest.size()) return {};
    rest.remove_prefix(name.size() + 1);
  }
}

Result<FileState> read_entry(std::string_view line) {
  FileState state;
  const std::string_view path = line.substr(0, line.find(' '));
  if (path != ".") {
    if (!path.starts_with("./")) return invalid("a path begins with ./");
    if (auto done = read_visible(path.substr(2), state.path); !done) return done.error();
    if (auto done = check_path(state.path); !done) return done.error();
  }
  const auto take = [&](std::string_view key, std::string_view value) { return read_entry_word(key, value, state); };
  const auto done = read_words(line.substr(std::min(line.size(), path.size() + 1)), take);
  if (!done) return done.error();
  if (state.mode > 07777) return invalid("a mode is at most 7777");
  if (entry_line(state) != line) return invalid("the line is not written as kedge writes it");
  return state;
}

Result<Acceptance> read_acceptance(std::string_view line) {
  Acceptance accepted;
  const auto take = [&](std::string_view key, std::string_view value) {
    return read_accepted_word(key, value, accepted);
  };
  if (auto done = read_words(line.substr(line.find(' ') + 1), take); !done) return done.error();
  if (acceptance_line(accepted) != line) return invalid("the line is not written as kedge writes it");
  return accepted;
}

// A text, line by line: the head, the entries, the end, the note.
class ManifestReader {
 public:
  explicit ManifestReader(std::string_view text) : text_(text), rest_(text) {}

  Result<ReadManifest> read() {
    for (const auto part : {&ManifestReader::read_head, &ManifestReader::read_entries, &ManifestReader::read_note}) {
      if (auto done = (this->*part)(); !done) return done.error();
    }
    return std::move(read_);
  }
  int line() const { return number_; }

 private:
  std::string_view peek() const { return rest_.substr(0, rest_.find('\n')); }
  // The next line must have an end; a text that stops in the middle of one was cut off.
  Result<std::string_view> next() {
    ++number_;
    const size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return invalid("the text is cut off here");
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

  Result<void> read_head() {
    if (!rest_.starts_with(kHead)) {
      number_ = 1;
      return invalid("a baseline begins with the lines #mtree and #kedge baseline 1");
    }
    rest_.remove_prefix(kHead.size());
    number_ = 2;
    Manifest& manifest = read_.manifest;
    for (int part = 0; rest_.starts_with('#');) {
      const auto line = next();
      if (!line) return line.error();
      const std::string_view key = line->substr(0, line->find(' '));
      const int now = key == "#all-file-systems" ? 1 : key == "#exclude" ? 2 : key == "#accepted" ? 3 : 0;
      if (now == 0 || now < part || (now == 1 && (part == 1 || *line != key))) {
        return invalid(quoted(*line) + " cannot stand here");
      }
      part = now;
      if (auto done = read_head_line(*line, now, manifest); !done) return done;
    }
    return {};
  }

  static Result<void> read_head_line(std::string_view line, int part, Manifest& manifest) {
    if (part == 1) manifest.all_file_systems = true;
    if (part == 2) {
      const size_t space = line.find(' ');
      if (space == std::string_view::npos) return invalid("a pattern is missing");
      return read_visible(line.substr(space + 1), manifest.excludes.emplace_back());
    }
    if (part == 3) {
      auto accepted = read_acceptance(line);
      if (!accepted) return accepted.error();
      manifest.acceptances.push_back(*std::move(accepted));
    }
    return {};
  }

  Result<void> read_entries() {
    for (;;) {
      const auto line = next();
      if (!line) return line.error();
      if (line->starts_with("#end ")) return read_end(*line);
      if (auto done = line->starts_with('#') ? read_addition(*line) : read_next_entry(*line); !done) return done;
    }
  }

  Result<void> read_next_entry(std::string_view line) {
    std::vector<FileState>& entries = read_.manifest.entries;
    if (auto good = check_digest(); !good) return good;
    auto entry = read_entry(line);
    if (!entry) return entry.error();
    if (entries.empty() != entry->path.empty()) return invalid("the root . stands first, and once");
    if (!entries.empty() && !path_before(entries.back().path, entry->path)) {
      return invalid("paths are sorted, and each stands once");
    }
    if (auto good = check_parent(entry->path); !good) return good;
    entries.push_back(*std::move(entry));
    if (entries.back().type == FileType::directory) open_.push_back(entries.size() - 1);
    return {};
  }

  // What is in a directory stands behind it: of those that are open, the last one that the path lies in.
  Result<void> check_parent(std::string_view path) {
    const std::vector<FileState>& entries = read_.manifest.entries;
    if (entries.empty()) return {};
    while (!open_.empty() && !is_at_or_below(path, entries[open_.back()].path)) open_.pop_back();
    const size_t slash = path.rfind('/');
    const std::string_view parent = slash == std::string_view::npos ? "" : path.substr(0, slash);
    if (open_.empty() || entries[open_.back()].path != parent) return invalid("what it lies in is no directory above");
    return {};
  }

  Result<void> read_addition(std::string_view line) {
    std::vector<FileState>& entries = read_.manifest.entries;
    constexpr std::string_view kCapability = "#capability ";
    if (entries.empty()) return invalid("an entry must stand before it");
    FileState& entry = entries.back();
    const bool file = entry.type == FileType::file;
    if (line == "#unread" && !entry.unread && !entry.sha256 && (file || entry.type == FileType::directory)) {
      entry.unread = true;
      return {};
    }
    if (line.starts_with(kCapability) && file && entry.capabilities.empty() && !entry.unread) {
      const std::string_view hex = line.substr(kCapability.size());
      auto bytes = from_hex(hex);
      if (!bytes || bytes->empty() || to_hex(*bytes) != hex) return invalid("a capability is hexadecimal");
      entry.capabilities = *std::move(bytes);
      return {};
    }
    return invalid(quoted(line) + " cannot stand here");
  }

  // A file's content is known, or said to be unknown.
  Result<void> check_digest() const {
    const std::vector<FileState>& entries = read_.manifest.entries;
    if (entries.empty() || entries.back().type != FileType::file) return {};
    if (entries.back().sha256.has_value() != entries.back().unread) return {};
    return invalid("the file above has no sha256digest");
  }

  Result<void> read_end(std::string_view line) {
    if (auto good = check_digest(); !good) return good;
    const size_t count = read_.manifest.entries.size();
    if (count == 0) return invalid("the root . is missing");
    if (line != fmt::format("#end {}", count)) return invalid(fmt::format("{} entries stand above", count));
    read_.digest = sha256(text_.substr(0, text_.size() - rest_.size()));
    return {};
  }

  Result<void> read_note() {
    if (rest_.empty()) return {};
    const std::string_view lines = rest_;
    if (lines.size() > 2 * kNoteBytesMax) return ++number_, invalid("the note is too long");
    std::string text;
    const int first = number_ + 1;
    while (!rest_.empty()) {
      const auto line = next();
      if (!line) return line.error();
      if (!line->starts_with(kNote)) return invalid("only the note follows the end");
      text.append(line->substr(std::min(line->size(), kNote.size() + 1))).append("\n");
    }
    number_ = first;
    auto note = parse_note(text);
    if (!note) return note.error();
    if (as_comments(*note) != lines) return invalid("the note is not written as kedge writes it");
    if (note->text != note_text(read_.digest)) return invalid("the note is about another manifest than the one above");
    read_.note = *std::move(note);
    return {};
  }

  const std::string_view text_;
  std::string_view rest_;
  int number_ = 0;            // of the line that was read last
  std::vector<size_t> open_;  // the directories that the entry read last lies in
  ReadManifest read_;
};

}  // namespace

std::string to_text(const Manifest& manifest) {
  std::string text(kHead);
  if (manifest.all_file_systems) text += "#all-file-systems\n";
  for (const std::string& pattern : manifest.excludes) text += "#exclude " + visible(pattern) + "\n";
  for (const Acceptance& accepted : manifest.acceptances) text += acceptance_line(accepted) + "\n";
  for (const FileState& state : manifest.entries) {
    text += entry_line(state) + "\n";
    if (!state.capabilities.empty()) text += "#capability " + to_hex(state.capabilities) + "\n";
    if (state.unread) text += "#unread\n";
  }
  text += fmt::format("#end {}\n", manifest.entries.size());
  return text;
}

std::string note_lines(std::string_view manifest_text, const SigningKey& key) {
  Note note{note_text(sha256(manifest_text)), {}};
  note.signatures.push_back(key.sign(note.text));
  return as_comments(note);
}

Result<ReadManifest> parse_manifest(std::string_view text, const std::string& name) {
  ManifestReader reader(text);
  auto read = reader.read();
  if (!read) return read.error().with(fmt::format("{}:{}", name, reader.line()));
  return read;
}

Result<std::vector<std::string>> signers(const ReadManifest& read, const std::vector<VerifierKey>& keys) {
  if (!read.note) return Error{ErrorCode::refused, "it is unsigned"};
  const auto good = verified_signatures(*read.note, keys);
  if (!good) return good.error();
  std::vector<std::string> names;
  for (const NoteSignature& signature : *good) names.push_back(signature.name);
  return names;
}

}  // namespace kedge
