// The derived index over the trail, for bench/trail.py: in a directory with a ledger and its past, and an audit log of
// it.
//
//   bench_trail DIRECTORY make COUNT    makes a ledger whose journal has so many records
//   bench_trail DIRECTORY publish       makes the audit log of that journal, from which the rest is read then
//   bench_trail DIRECTORY build         builds the index anew: a line of JSON
//   bench_trail DIRECTORY ask ROUNDS    puts each question so many times, each time another of its kind, with the index
//                                       opened anew as a command does: a line of JSON for each question
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <random>

#include "audit/log_writer.h"
#include "base/json.h"
#include "bench/trail/past.h"
#include "ledger/sqlite_ledger.h"
#include "trail/index_file.h"
#include "trail/record_index_builder.h"
#include "trail/record_list.h"
#include "trail/story.h"
#include "trail/trail.h"

namespace {

using namespace kedge;
using Stopwatch = std::chrono::steady_clock;

double seconds_since(Stopwatch::time_point began) {
  return std::chrono::duration<double>(Stopwatch::now() - began).count();
}

template <class T>
T good(Result<T> result) {
  if (!result) fail_trail(result.error().message);
  return *std::move(result);
}

// The audit log of the ledger's journal.
void publish(const std::string& directory) {
  const auto reader = good(open_sqlite_reader(directory));
  LogWriter::Options options{directory + "/audit", directory + "/audit-head", {}};
  options.keys.push_back(good(SigningKey::from_seed("bench.example/trail", std::string(32, 'b'))));
  const auto log = good(LogWriter::open(std::move(options), good(open_log_disk(directory + "/audit", directory))));
  for (;;) {
    const auto entries = good(reader->journal(static_cast<int64_t>(log->size()), 20'000));
    if (entries.empty()) break;
    for (const JournalEntry& entry : entries) good(log->append(entry.bytes));
    good(log->publish());
  }
}

class Questions {
 public:
  explicit Questions(std::string directory)
      : directory_(std::move(directory)),
        reader_(good(open_sqlite_reader(directory_))),
        trail_(good(Trail::of_engine(directory_ + "/audit", *reader_))),
        records_(trail_.records()),
        end_(good(records_.end())) {}

  void build() {
    for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(index_path(directory_) + part);
    const auto began = Stopwatch::now();
    {
      const auto builder = good(RecordIndexBuilder::open(directory_));
      while (!good(builder->advance(records_, 50'000)).complete) {
      }
    }
    const double seconds = seconds_since(began);
    uint64_t bytes = 0;
    for (int64_t from = 0; from < end_; from += 10'000) {
      for (const JournalEntry& entry : good(records_.records(from, 10'000))) bytes += entry.bytes.size();
    }
    std::cout << Json{{"records", end_},
                      {"seconds", seconds},
                      {"index_bytes", std::filesystem::file_size(index_path(directory_))},
                      {"record_bytes", bytes}}
              << "\n";
  }

  void ask(int rounds) {
    list("newest 100", rounds, [](RecordFilter&) {});
    list("100 of a day", rounds, [&](RecordFilter& f) {
      f.from = *parse_time(any_record()["at"].get<std::string>());
      f.to = *f.from + std::chrono::hours(24);
    });
    list("kind, frequent", rounds, [](RecordFilter& f) { f.kinds = {"hold"}; });
    list("kind, seldom", rounds, [](RecordFilter& f) { f.kinds = {"pause"}; });
    list("rule", rounds, [&](RecordFilter& f) { f.rule = past_rule(below(kPastRules)); });
    list("target, whole", rounds, [&](RecordFilter& f) { f.target = past_target(below(kPastTargets)); });
    list("target, a part of many", rounds, [&](RecordFilter& f) { f.target = fmt::format("team-{}-", below(97)); });
    list("target, of none", rounds, [](RecordFilter& f) { f.target = "no-such-bucket"; });
    list("state, seldom", rounds, [](RecordFilter& f) { f.state = "unconfirmed"; });
    list("guard, seldom", rounds, [](RecordFilter& f) { f.guard = "self-protection"; });
    list("severity, seldom", rounds, [](RecordFilter& f) { f.severity = "critical"; });
    list("actor", rounds, [&](RecordFilter& f) { f.actor = fmt::format("person-{:04}", below(kPastActors)); });
    list("remediation", rounds, [&](RecordFilter& f) { f.remediation = any_remediation(); });
    list("frequent rule, seldom guard", rounds, [](RecordFilter& f) {
      f.rule = past_rule(0);
      f.guard = "self-protection";
    });
    list("seldom target, frequent kind", rounds, [&](RecordFilter& f) {
      f.target = past_target(below(kPastTargets));
      f.kinds = {"plan", "attempt"};
    });
    list("frequent, but never together", rounds, [](RecordFilter& f) {
      f.rule = past_rule(0);
      f.state = "confirmed";
      f.guard = "mode";
      f.severity = "high";
    });
    list("frequent target and kind, never together", rounds, [](RecordFilter& f) {
      f.target = past_target(0);
      f.kinds = {"notice"};
    });
    list("text, an event's id", rounds, [&](RecordFilter& f) { f.text = any_event(); });
    list("text, 8 bytes", rounds, [&](RecordFilter& f) { f.text = any_event().substr(24, 8); });
    list("text, of none", rounds, [](RecordFilter& f) { f.text = "a text of no record"; });
    measure(
        "show", rounds,
        [&](RecordSearch& search) { return good(find_story(trail_, search, remediation_)).records.size(); },
        [&] { remediation_ = any_remediation(); });
  }

 private:
  size_t below(size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random_); }

  Json any_record() {
    const auto from = static_cast<int64_t>(below(static_cast<size_t>(end_)));
    return good(parse_json(good(records_.records(from, 1)).front().bytes));
  }
  std::string any_remediation() {
    for (;;) {
      const Json record = any_record();
      if (record.contains("remediation")) return record["remediation"];
    }
  }
  std::string any_event() {
    for (;;) {
      const Json record = any_record();
      if (record.contains("event")) return record["event"]["id"];
    }
  }

  void list(const char* name, int rounds, const std::function<void(RecordFilter&)>& choose) {
    RecordFilter filter;
    measure(
        name, rounds, [&](RecordSearch& search) { return good(list_records(search, filter)).size(); },
        [&] {
          filter = {};
          choose(filter);
        });
  }

  void measure(const char* name, int rounds, const std::function<size_t(RecordSearch&)>& ask,
               const std::function<void()>& choose) {
    std::vector<double> millis;
    size_t found = 0;
    for (int round = 0; round < rounds; ++round) {
      choose();
      const auto began = Stopwatch::now();
      RecordSearch search(records_, good(RecordIndex::open(directory_)));
      found += ask(search);
      millis.push_back(seconds_since(began) * 1000);
    }
    std::sort(millis.begin(), millis.end());
    const auto at = [&](size_t percent) { return millis[(millis.size() * percent + 99) / 100 - 1]; };
    std::cout << Json{{"question", name},
                      {"p50", at(50)},
                      {"p95", at(95)},
                      {"most", millis.back()},
                      {"found", static_cast<double>(found) / rounds}}
              << std::endl;
  }

  const std::string directory_;
  const std::unique_ptr<LedgerReader> reader_;
  const Trail trail_;
  RecordSource& records_;
  const int64_t end_;
  std::mt19937_64 random_{11};
  std::string remediation_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 3 && words[1] == "make") {
    make_trail(words[0], std::stoll(words[2]));
  } else if (words.size() == 2 && words[1] == "publish") {
    publish(words[0]);
  } else if (words.size() == 2 && words[1] == "build") {
    Questions(words[0]).build();
  } else if (words.size() == 3 && words[1] == "ask") {
    Questions(words[0]).ask(std::stoi(words[2]));
  } else {
    fail_trail("bench_trail DIRECTORY make COUNT | publish | build | ask ROUNDS");
  }
}
