#include "aws/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

namespace kedge {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

Error failed(const std::string& what, int number) {
  return {ErrorCode::unavailable, "cannot " + what + ": " + std::strerror(number)};
}

// Starts the command as the leader of a process group of its own, its output going to `output`.
Result<pid_t> start(const std::string& command, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  std::string shell = "/bin/sh";
  std::string option = "-c";
  std::string text = command;
  char* const arguments[] = {shell.data(), option.data(), text.data(), nullptr};
  pid_t child = 0;
  const int number = posix_spawn(&child, shell.c_str(), &actions, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (number != 0) return failed("start /bin/sh", number);
  return child;
}

// Reads until the end of the output.
Result<std::string> read_all(int input, SteadyTime deadline, size_t bytes_max) {
  std::string bytes;
  for (;;) {
    const auto now = std::chrono::steady_clock::now();  // tidy: poll() knows no other time
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
    pollfd wait{input, POLLIN, 0};
    const int ready = left <= 0 ? 0 : poll(&wait, 1, static_cast<int>(std::min<int64_t>(left, 1'000'000)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return failed("wait for the command", errno);
    if (ready == 0) return Error{ErrorCode::timeout, "the command did not end in time"};
    char buffer[4096];
    const ssize_t got = read(input, buffer, sizeof buffer);
    if (got < 0) return failed("read from the command", errno);
    if (got == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(got));
    if (bytes.size() > bytes_max) {
      return Error{ErrorCode::limit, "the command wrote more than " + std::to_string(bytes_max) + " bytes"};
    }
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

Result<std::string> run_command(const std::string& command, Duration timeout, size_t output_bytes_max) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return failed("make a pipe", errno);
  const auto child = start(command, ends[1]);
  close(ends[1]);
  if (!child) {
    close(ends[0]);
    return child.error();
  }
  const auto deadline = std::chrono::steady_clock::now() + timeout;  // tidy: poll() knows no other time
  auto output = read_all(ends[0], deadline, output_bytes_max);
  close(ends[0]);
  if (!output) kill(-*child, SIGKILL);
  const int status = wait_for(*child);
  if (!output) return output;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Error{ErrorCode::refused, WIFEXITED(status)
                                         ? "the command ended with exit code " + std::to_string(WEXITSTATUS(status))
                                         : std::string("the command was ended by a signal")};
  }
  return output;
}

}  // namespace kedge
