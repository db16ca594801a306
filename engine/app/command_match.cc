// kedge match: the bare matcher over lines.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>

#include "app/command.h"
#include "app/input.h"
#include "app/output.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/waiting.h"
#include "match/match_lines.h"

namespace kedge {
namespace {

constexpr size_t kBlockBytes = 1U << 20U;  // of whole lines; a line may be longer
constexpr size_t kAheadBytes = 4U << 20U;  // read ahead for each thread
constexpr size_t kReadBytes = 256U << 10U;
constexpr Duration kForever = std::chrono::hours(24 * 365);

struct Arguments {
  std::string patterns;
  std::string events;
  unsigned threads = 1;
  bool count = false;
  bool extras = false;
  std::string reading = "strict";
};

struct Block {
  std::string lines;
  size_t first = 0;  // the number of the first one
};

// Cuts a stream into blocks of whole lines, each of as many as are there: it waits only for the first of a block.
class Blocks {
 public:
  explicit Blocks(std::istream& in) : in_(in) {}

  // False: there are no more.
  bool next(Block& block) {
    block = {std::move(rest_), line_};
    rest_.clear();
    size_t end = 0;  // of the whole lines
    while (block.lines.size() < kBlockBytes || end == 0) {
      const size_t before = block.lines.size();
      if (!read_what_is_there(block.lines)) {
        if (end > 0) break;
        if (in_.peek() == std::istream::traits_type::eof()) {
          end = block.lines.size();
          break;
        }
        block.lines += static_cast<char>(in_.get());
      }
      const size_t found = std::string_view(block.lines).substr(before).rfind('\n');
      if (found != std::string_view::npos) end = before + found + 1;
    }
    rest_ = block.lines.substr(end);
    block.lines.resize(end);
    line_ += static_cast<size_t>(std::count(block.lines.begin(), block.lines.end(), '\n'));
    return end > 0;
  }

 private:
  bool read_what_is_there(std::string& lines) {
    const size_t before = lines.size();
    lines.resize(before + kReadBytes);
    const auto size = static_cast<size_t>(in_.readsome(lines.data() + before, kReadBytes));
    lines.resize(before + size);
    if (size == kReadBytes) lines.reserve(kBlockBytes + kReadBytes);  // more will come
    return size > 0;
  }

  std::istream& in_;
  std::string rest_;
  size_t line_ = 1;
};

struct Totals {
  size_t events = 0;
  size_t invalid = 0;
  std::vector<size_t> counts;
};

// One thread reads ahead; the others match whatever has come, round by round, each a part of it.
class Run {
 public:
  Run(const LineMatcher& matcher, const Arguments& arguments)
      : matcher_(matcher),
        reading_(arguments.reading == "trusted" ? Reading::trusted : Reading::strict),
        with_lines_(!arguments.count),
        work_(arguments.threads) {}

  // Ends early where nobody takes what is printed.
  Totals over(std::istream& events, Shell& shell) {
    Mailbox<Block> ahead(kAheadBytes * work_.size());
    std::jthread reader([&] { read_ahead(events, ahead); });
    while (shell.out) {
      const bool is_last = ahead.closed();
      const std::vector<Block> round = ahead.take_all(kForever, kAheadBytes * work_.size());
      if (round.empty() && is_last) break;
      match(round);
      for (LineMatcher::Work& work : work_) hand_out(work, shell);
      if (ahead.weight() == 0) shell.out.flush();
    }
    ahead.close();
    return total();
  }

 private:
  static void read_ahead(std::istream& events, Mailbox<Block>& ahead) {
    Blocks blocks(events);
    for (Block block; blocks.next(block);) {
      const size_t size = block.lines.size();
      if (!ahead.put(std::move(block), size)) return;
    }
    ahead.close();
  }

  // Each thread takes as many of the blocks as the others, in their order.
  void match(const std::vector<Block>& round) {
    const size_t parts = std::min(round.size(), work_.size());
    const auto match_part = [&](size_t part) {
      for (size_t i = round.size() * part / parts; i < round.size() * (part + 1) / parts; ++i) {
        matcher_.match(round[i].lines, round[i].first, reading_, with_lines_, work_[part]);
      }
    };
    std::vector<std::jthread> threads;
    for (size_t part = 1; part < parts; ++part) threads.emplace_back(match_part, part);
    if (parts > 0) match_part(0);
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
  std::unique_ptr<InputBuffer> buffer;
  if (from_file) {
    auto opened = InputBuffer::open(arguments.events);
    if (!opened) return shell.fail(kUsedWrongly, opened.error().message);
    buffer = *std::move(opened);
  }
  std::istream file(buffer.get());
  std::istream& events = from_file ? file : shell.in;

  PatternExtras extras;
  extras.read_file = [](const std::string& name) { return read_file(name); };
  const LineMatcher matcher(patterns, shell.err, arguments.extras ? &extras : nullptr);
  SystemClock clock;
  const Duration started = clock.elapsed();
  const Totals totals = Run(matcher, arguments).over(events, shell);
  const std::chrono::duration<double> seconds = clock.elapsed() - started;
  if (arguments.count) print_summary(matcher, totals, seconds.count(), shell.out);
  if (!shell.out.flush())
    return shell.fail(kFoundWrong, "cannot write what matches: nobody takes it, or the disk is full");
  if (events.bad()) {
    return shell.fail(kFoundWrong, (from_file ? arguments.events : "the standard input") +
                                       " cannot be read to its end: no file, damaged or cut off");
  }
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
