// What of an engine keeps its records, as a process that can be killed: the ledger, its committer, and the audit log
// that follows. The records are stops, whose reasons are names that no other has.
//
//   audit_keeper DIRECTORY KEY LIFE   keeps records until SIGTERM, in DIRECTORY
//
// Prints "kept NAME" when a record is durable. Exit code 1: something could not be opened or written, and it says what.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "app/audit_log.h"
#include "base/clock.h"
#include "base/random.h"
#include "ledger/committer.h"
#include "ledger/sqlite_ledger.h"
#include "pipeline/audit_follower.h"

namespace {

using namespace kedge;

constexpr int kThreads = 3;
constexpr uint64_t kPaddingMax = 2'000;
constexpr auto kPublishEvery = std::chrono::milliseconds(3);

int fail(const Error& error) {
  std::printf("%s\n", error.message.c_str());
  return 1;
}

void keep_records(Committer& committer, const std::string& who, std::atomic<bool>& stopping) {
  Random random;
  for (int i = 0; !stopping; ++i) {
    const std::string name = who + "-" + std::to_string(i);
    const Answer answer = committer.commit(NoteStop{name + " " + std::string(random.below(kPaddingMax), 'x')});
    if (answer.done()) std::fputs(("kept " + name + "\n").c_str(), stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return fail({ErrorCode::invalid, "audit_keeper DIRECTORY KEY LIFE"});
  const std::string directory = argv[1];
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  SystemClock clock;
  Random random;
  SqliteLedgerOptions options;
  options.directory = directory;
  auto ledger = open_sqlite_ledger(options, clock, random);
  if (!ledger) return fail(ledger.error());
  auto reader = open_sqlite_reader(directory);
  if (!reader) return fail(reader.error());
  AuditOptions audit;
  audit.keys = {argv[2]};
  auto log = open_log(audit, directory);
  if (!log) return fail(log.error());
  const auto older = not_of_this_ledger(**log, **reader);
  if (!older) return fail(older.error());
  if (*older) return fail({ErrorCode::conflict, "not of this ledger: " + **older});
  AuditFollower follower(**reader, **log, clock, {.publish_every = kPublishEvery});
  follower.start();
  Mailbox<Remediation> runnable(1000);
  Committer committer(**ledger, runnable, {});
  std::atomic<bool> stopping = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] { keep_records(committer, std::string(argv[3]) + "." + std::to_string(i), stopping); });
  }
  int signal = 0;
  for (timespec rest{0, 20'000'000}; signal != SIGTERM && !committer.failed();) {
    signal = sigtimedwait(&ends, nullptr, &rest);
  }
  stopping = true;
  for (std::thread& thread : threads) thread.join();
  committer.stop();
  follower.stop();
  return committer.failed() ? fail(*committer.failed()) : 0;
}
