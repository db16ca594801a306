// The ledger, and the floor under it, for bench/ledger.py: in a directory with a ledger and its past.
//
//   bench_ledger DIRECTORY make COUNT     makes a ledger in which COUNT remediations have ended
//   bench_ledger DIRECTORY open HELD EXPIRING WAITING RUNNING PLANNED     makes one in which so many are open
//   bench_ledger DIRECTORY rounds         does what its input says, line by line, each answered by a line of JSON:
//     decide COUNT BATCH        a lane commits batches of so many findings, each of which opens a remediation
//     carry WORKERS             so many threads carry on what is open: each its start, its outcome, its confirmation
//     floor                     bare commits of as many groups, as large as those of the last of these
#include <chrono>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "bench/ledger/floor.h"
#include "bench/ledger/noting_ledger.h"
#include "bench/ledger/open.h"
#include "bench/ledger/past.h"
#include "bench/ledger/remediations.h"
#include "ledger/committer.h"

namespace {

using namespace kedge;
using Stopwatch = std::chrono::steady_clock;

class Rounds {
 public:
  explicit Rounds(const std::string& directory)
      : ledger_(bench_ledger_options(directory), clock_, random_),
        runnable_(SIZE_MAX),
        committer_(ledger_, runnable_, {}),
        floor_(directory) {}

  void take(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    int64_t first = 0;
    int64_t second = 0;
    words >> command >> first >> second;
    ledger_.groups();
    const auto began = Stopwatch::now();
    int64_t pages = 0;
    if (command == "decide") {
      decide(first, second);
    } else if (command == "carry") {
      carry(first);
    } else if (command == "floor") {
      pages = floor_.repeat(last_);
    } else {
      fail("what is '" + line + "'?");
    }
    const double seconds = std::chrono::duration<double>(Stopwatch::now() - began).count();
    if (command != "floor") last_ = ledger_.groups();
    answer(seconds, command == "floor" ? pages : pages_of_last());
  }

 private:
  struct Open {
    std::string id, target;
  };

  void commit(Change change) {
    const Answer answer = committer_.commit(std::move(change));
    if (!answer.done()) fail(answer.error.message);
    if (answer.go && answer.go->go != Go::go) fail("a remediation did not go: " + answer.go->reason);
  }

  void decide(int64_t count, int64_t batch_size) {
    while (count > 0) {
      CommitBatch batch;
      for (; count > 0 && static_cast<int64_t>(batch.findings.size()) < batch_size; --count) {
        Finding finding = maker_.finding(committer_.now());
        open_.push_back({finding.remediation, finding.plan.target});
        batch.findings.push_back(std::move(finding));
      }
      commit(std::move(batch));
      runnable_.take_all(Duration{0});
    }
  }

  void carry(int64_t workers) {
    std::atomic<size_t> next{0};
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < workers; ++i) {
      threads.emplace_back([&] {
        for (size_t mine = next++; mine < open_.size(); mine = next++) carry_one(open_[mine]);
      });
    }
    for (std::thread& thread : threads) thread.join();
    open_.clear();
  }

  void carry_one(const Open& open) {
    commit(RemediationMaker::start(open.id, open.target, committer_.head()));
    commit(RemediationMaker::outcome(open.id, committer_.now()));
    commit(RemediationMaker::conclude(open.id, committer_.head()));
  }

  int64_t pages_of_last() const {
    int64_t pages = 0;
    for (const Group& group : last_) pages += group.pages;
    return pages;
  }

  void answer(double seconds, int64_t pages) const {
    size_t changes = 0;
    for (const Group& group : last_) changes += group.changes;
    std::printf("{\"seconds\":%.6f,\"groups\":%zu,\"changes\":%zu,\"pages\":%lld}\n", seconds, last_.size(), changes,
                static_cast<long long>(pages));
    std::fflush(stdout);
  }

  SystemClock clock_;
  Random random_;
  NotingLedger ledger_;
  Mailbox<Remediation> runnable_;
  Committer committer_;
  Floor floor_;
  RemediationMaker maker_{"bench-"};
  std::vector<Open> open_;
  std::vector<Group> last_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 3 && words[1] == "make") {
    make_past(words[0], std::stoll(words[2]));
  } else if (words.size() == 7 && words[1] == "open") {
    std::vector<int64_t> numbers;
    for (size_t i = 2; i < words.size(); ++i) numbers.push_back(std::stoll(words[i]));
    make_open(words[0], {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]});
  } else if (words.size() == 2 && words[1] == "rounds") {
    Rounds rounds(words[0]);
    for (std::string line; std::getline(std::cin, line);) rounds.take(line);
  } else {
    fail("bench_ledger DIRECTORY make COUNT | open HELD EXPIRING WAITING RUNNING PLANNED | rounds");
  }
}
