// kedge's matcher, or simdjson as the floor, for bench/match.py; see bench/matching/matchers.py for what is said to it
// and what it answers.
//
//   bench_match_rows strict|trusted|floor|threads EVENTS
//
// floor: every event is parsed by simdjson's DOM parser, and nothing is asked. threads: strict, each half of the events
// by a thread of its own. `build` is from the patterns' text; `bytes` is what the matcher takes; `change`, what it
// takes to replace one pattern by another.
#include <malloc.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "match/matcher.h"

namespace {

using namespace kedge;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    lines.push_back(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(lines.back().size() + 1, text.size()));
  }
  return lines;
}

[[noreturn]] void fail(const std::string& why) {
  std::cerr << why << '\n';
  std::exit(1);
}

using Events = std::vector<std::string_view>;

void match(const Matcher& matcher, Events::const_iterator begin, Events::const_iterator end, Reading reading,
           std::vector<size_t>& counts) {
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  for (; begin != end; ++begin) {
    if (const auto done = matcher.match_document(*begin, scratch, matched, reading); !done) fail(done.error().message);
    for (const uint32_t rule : matched) ++counts[rule];
  }
}

// The median of several.
double seconds_to_change(const Matcher& matcher, uint32_t rules, std::string_view text) {
  const auto pattern = parse_pattern(text);
  const std::pair<uint32_t, const Pattern*> added[] = {{rules, &*pattern}};
  std::vector<double> times;
  for (uint32_t i = 0; i < 9; ++i) {
    const uint32_t removed[] = {i % rules};
    const auto began = Clock::now();
    const Matcher other = matcher.changed(added, removed);
    times.push_back(seconds_since(began));
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void answer(double build, double change, double seconds, size_t bytes, const std::vector<size_t>& counts) {
  std::printf("{\"build\":%.6f,\"change\":%.6f,\"seconds\":%.6f,\"bytes\":%zu,\"counts\":[", build, change, seconds,
              bytes);
  for (size_t i = 0; i < counts.size(); ++i) std::printf(i > 0 ? ",%zu" : "%zu", counts[i]);
  std::printf("]}\n");
  std::fflush(stdout);
}

void run(const std::string& how, const Events& events, const std::string& rules_path) {
  const std::string text = read(rules_path);
  const size_t before = mallinfo2().uordblks;
  const auto began = Clock::now();
  Matcher matcher;
  uint32_t rules = 0;
  {
    Matcher::Builder builder;
    for (const std::string_view line : lines_of(text)) {
      const auto pattern = parse_pattern(line);
      if (!pattern) fail(pattern.error().message);
      builder.add(rules++, *pattern);
    }
    matcher = std::move(builder).build();
  }
  const double build = seconds_since(began);
  const size_t bytes = mallinfo2().uordblks - before;
  std::vector<size_t> counts(rules);
  const auto matching = Clock::now();
  if (how == "threads") {
    const auto middle = events.begin() + static_cast<std::ptrdiff_t>(events.size() / 2);
    std::vector<size_t> others(rules);
    std::jthread other([&] { match(matcher, events.begin(), middle, Reading::strict, others); });
    match(matcher, middle, events.end(), Reading::strict, counts);
    other.join();
    for (size_t i = 0; i < counts.size(); ++i) counts[i] += others[i];
  } else {
    match(matcher, events.begin(), events.end(), how == "trusted" ? Reading::trusted : Reading::strict, counts);
  }
  const double seconds = seconds_since(matching);
  answer(build, seconds_to_change(matcher, rules, lines_of(text).front()), seconds, bytes, counts);
}

void run_floor(const Events& events) {
  simdjson::dom::parser parser;
  const auto began = Clock::now();
  for (const std::string_view event : events) {
    // The events stand in one buffer with padding behind it: nothing needs to be copied.
    if (parser.parse(reinterpret_cast<const uint8_t*>(event.data()), event.size(), false).error() !=
        simdjson::SUCCESS) {
      fail("not JSON");
    }
  }
  answer(0, 0, seconds_since(began), 0, {});
}

}  // namespace

int main(int, char** arguments) {
  const std::string how = arguments[1];
  std::string text = read(arguments[2]);
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  const Events events = lines_of(text);
  for (std::string path; std::getline(std::cin, path);) how == "floor" ? run_floor(events) : run(how, events, path);
}
