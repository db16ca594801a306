#include <pwd.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "app/command.h"
#include "app/input.h"
#include "base/logging.h"
#include "base/memory.h"

namespace {

std::string user_name() {
  char buffer[4096];
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr) return found->pw_name;
  return "uid " + std::to_string(getuid());
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed connection is an error of a write, not the end of the process
  kedge::keep_heaps_few();
  // Commands print what they found; only the daemon tells what it is doing (command_run.cc).
  if (const auto done = kedge::configure_logging(kedge::LogFormat::text, "error"); !done) return kedge::kFoundWrong;
  kedge::InputBuffer input(STDIN_FILENO);
  std::istream in(&input);
  kedge::Shell shell{in, std::cout, std::cerr, kedge::read_environment(), user_name()};
  return kedge::run_command_line(argc, argv, shell);
}
