// kedge match: the bare matcher over lines.

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>

#include "app/command.h"
#include "app/output.h"
#include "base/clock.h"
#include "base/files.h"
#include "match/match_lines.h"

namespace kedge {
namespace {

constexpr size_t kBlockBytes = 4U << 20U;  // of whole lines; a line may be longer

struct Arguments {
  std::string patterns;
  std::string events;
  unsigned threads = 1;
  bool count = false;
  bool extras = false;
  std::string reading = "strict";
};

// A file as it is, or what it holds where it is gzip's.
class GzipBuffer : public std::streambuf {
 public:
  explicit GzipBuffer(const std::string& path) : file_(gzopen(path.c_str(), "rb")) {
    if (file_ != nullptr) gzbuffer(file_, 1U << 18U);
  }
  ~GzipBuffer() override {
    if (file_ != nullptr) gzclose(file_);
  }
  GzipBuffer(const GzipBuffer&) = delete;
  GzipBuffer& operator=(const GzipBuffer&) = delete;

  bool is_open() const { return file_ != nullptr; }
  bool is_broken() const { return broken_; }

 protected:
  int_type underflow() override {
    const int size = gzread(file_, bytes_.data(), static_cast<unsigned>(bytes_.size()));
    int status = Z_OK;
    gzerror(file_, &status);
    broken_ = broken_ || size < 0 || (size == 0 && status != Z_OK && status != Z_STREAM_END);
    if (size <= 0) return traits_type::eof();
    setg(bytes_.data(), bytes_.data(), bytes_.data() + size);
    return traits_type::to_int_type(bytes_[0]);
  }

 private:
  gzFile file_;
  bool broken_ = false;
  std::array<char, 1U << 18U> bytes_{};
};

// Cuts a stream into blocks of whole lines.
class Blocks {
 public:
  explicit Blocks(std::istream& in) : in_(in) {}

  struct Block {
    std::string lines;
    size_t first = 0;  // the number of the first one
  };

  // False: there are no more.
  bool next(Block& block) {
    block.lines = std::move(rest_);
    rest_.clear();
    block.first = line_;
    for (size_t end = 0; end == 0;) {
      const size_t before = block.lines.size();
      block.lines.resize(before + kBlockBytes);
      in_.read(block.lines.data() + before, static_cast<std::streamsize>(kBlockBytes));
      block.lines.resize(before + static_cast<size_t>(in_.gcount()));
      end = in_ ? block.lines.rfind('\n') + 1 : block.lines.size();
      if (end == 0 && !in_) return false;
      if (end == 0) continue;
      rest_ = block.lines.substr(end);
      block.lines.resize(end);
    }
    line_ += static_cast<size_t>(std::count(block.lines.begin(), block.lines.end(), '\n'));
    return true;
  }

 private:
  std::istream& in_;
  std::string rest_;
  size_t line_ = 1;
};

struct Totals {
  size_t events = 0;
  size_t invalid = 0;
  std::vector<size_t> counts;
};

// Round by round: each thread matches a block, while this one reads those of the next round.
class Run {
 public:
  Run(const LineMatcher& matcher, const Arguments& arguments)
      : matcher_(matcher),
        reading_(arguments.reading == "trusted" ? Reading::trusted : Reading::strict),
        with_lines_(!arguments.count),
        work_(arguments.threads) {}

  Totals over(std::istream& events, Shell& shell) {
    Blocks blocks(events);
    std::vector<Blocks::Block> now = read_round(blocks);
    while (!now.empty()) {
      std::vector<std::jthread> threads;
      for (size_t i = 0; i + 1 < now.size(); ++i) threads.emplace_back([this, &now, i] { match(now[i], work_[i]); });
      std::vector<Blocks::Block> next;
      std::jthread reader([&] { next = read_round(blocks); });
      match(now.back(), work_[now.size() - 1]);
      threads.clear();
      reader.join();
      for (size_t i = 0; i < now.size(); ++i) hand_out(work_[i], shell);
      now = std::move(next);
    }
    return total();
  }

 private:
  std::vector<Blocks::Block> read_round(Blocks& blocks) const {
    std::vector<Blocks::Block> round;
    for (Blocks::Block block; round.size() < work_.size() && blocks.next(block);) round.push_back(std::move(block));
    return round;
  }

  void match(const Blocks::Block& block, LineMatcher::Work& work) const {
    matcher_.match(block.lines, block.first, reading_, with_lines_, work);
  }

  static void hand_out(LineMatcher::Work& work, Shell& shell) {
    shell.out << work.out;
    shell.err << work.errors;
    work.out.clear();
    work.errors.clear();
  }

  Totals total() const {
    Totals totals{0, 0, std::vector<size_t>(matcher_.names().size())};
    for (const LineMatcher::Work& work : work_) {
      totals.events += work.events;
      totals.invalid += work.invalid;
      for (size_t i = 0; i < work.counts.size(); ++i) totals.counts[i] += work.counts[i];
    }
    return totals;
  }

  const LineMatcher& matcher_;
  const Reading reading_;
  const bool with_lines_;
  std::vector<LineMatcher::Work> work_;
};

void print_summary(const LineMatcher& matcher, const Totals& totals, double seconds, std::ostream& out) {
  out << fmt::format("{{\"events\":{},\"invalid\":{},\"seconds\":{:.3f},\"events_per_second\":{:.0f},\"matches\":{{",
                     totals.events, totals.invalid, seconds,
                     static_cast<double>(totals.events) / std::max(seconds, 1e-6));
  for (size_t i = 0; i < totals.counts.size(); ++i) {
    out << (i > 0 ? "," : "") << matcher.names()[i] << ':' << totals.counts[i];
  }
  out << "}}\n";
}

void run(const Arguments& arguments, Shell& shell) {
  std::ifstream patterns(arguments.patterns);
  if (!patterns) return shell.fail(kUsedWrongly, "cannot read " + arguments.patterns);
  const bool from_file = !arguments.events.empty() && arguments.events != "-";
  std::unique_ptr<GzipBuffer> buffer;
  if (from_file) {
    buffer = std::make_unique<GzipBuffer>(arguments.events);
    if (!buffer->is_open()) return shell.fail(kUsedWrongly, "cannot read " + arguments.events);
  }
  std::istream file(buffer.get());

  PatternExtras extras;
  extras.read_file = [](const std::string& name) { return read_file(name); };
  const LineMatcher matcher(patterns, shell.err, arguments.extras ? &extras : nullptr);
  SystemClock clock;
  const Duration started = clock.elapsed();
  const Totals totals = Run(matcher, arguments).over(from_file ? file : shell.in, shell);
  const std::chrono::duration<double> seconds = clock.elapsed() - started;
  if (arguments.count) print_summary(matcher, totals, seconds.count(), shell.out);
  if (buffer && buffer->is_broken()) return shell.fail(kFoundWrong, arguments.events + " is damaged or cut off");
  if (matcher.invalid_patterns() + totals.invalid > 0) shell.exit_code = kFoundWrong;
}

}  // namespace

void add_match(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("match", "the bare matcher: which patterns each line of JSON matches");
  command->add_option("--patterns", arguments->patterns, R"(lines of {"name": ..., "pattern": ...})")
      ->type_name("FILE")
      ->required();
  command->add_flag("--count", arguments->count,
                    "one line in the end: how many events each pattern matched, and how fast");
  command->add_option("--threads", arguments->threads, "how many threads match")->check(CLI::Range(1U, 256U));
  command->add_option("--reading", arguments->reading, "strict, or trusted: stop behind the last field that is wanted")
      ->check(one_of({"strict", "trusted"}));
  command->add_flag("--extras", arguments->extras,
                    "patterns may also have regex, lists and files of networks, and numbers against another field");
  command->add_option("EVENTS", arguments->events, "one JSON document a line, .gz or not; standard input if none or -");
  command->callback([arguments, &shell] { run(*arguments, shell); });
}

}  // namespace kedge
