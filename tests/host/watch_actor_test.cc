#include "host/watch_actor.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace kedge {
namespace {

TEST(Actors, AreReadWhileTheyRun) {
  Actors actors;
  const auto self = actors.of(getpid());
  EXPECT_EQ(self->process, getpid());
  EXPECT_EQ(self->executable, std::filesystem::read_symlink("/proc/self/exe").string());
  EXPECT_NE(self->command, "");
  actors.next_round();
  EXPECT_EQ(actors.of(getpid()), self);
}

TEST(Actors, OfAProcessThatIsGoneThereIsWhatWasReadBefore) {
  Actors actors;
  const pid_t seen = fork();
  if (seen == 0) pause();
  const pid_t unseen = fork();
  if (unseen == 0) pause();
  const auto before = actors.of(seen);
  EXPECT_NE(before->executable, "");
  for (const pid_t one : {seen, unseen}) {
    kill(one, SIGKILL);
    waitpid(one, nullptr, 0);
  }
  actors.next_round();
  EXPECT_EQ(actors.of(seen), before);
  EXPECT_EQ(*actors.of(unseen), (ProcessActor{unseen, "", "", "", {}}));
}

TEST(Actors, AProcessThatRunsAnotherProgramIsReadAgain) {
  Actors actors;
  int go[2];
  ASSERT_EQ(pipe2(go, 0), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(go[0], STDIN_FILENO);
    char one = 0;
    if (read(STDIN_FILENO, &one, 1) == 1) execl("/bin/cat", "cat", nullptr);
    _exit(1);
  }
  const auto before = actors.of(child);
  ASSERT_EQ(write(go[1], "x", 1), 1);
  std::shared_ptr<const ProcessActor> after = before;
  for (int i = 0; i < 100'000 && after->executable == before->executable; ++i) {
    actors.next_round();
    after = actors.of(child);
    sched_yield();
  }
  EXPECT_EQ(after->executable, std::filesystem::canonical("/bin/cat").string());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(go[0]);
  close(go[1]);
}

}  // namespace
}  // namespace kedge
