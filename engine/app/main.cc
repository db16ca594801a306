#include <unistd.h>

#include <csignal>
#include <iostream>

#include "api/actor.h"
#include "app/command.h"
#include "app/input.h"
#include "base/logging.h"
#include "base/memory.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed connection is an error of a write, not the end of the process
  kedge::keep_heaps_few();
  // Commands print what they found; only the daemon tells what it is doing (command_run.cc).
  if (const auto done = kedge::configure_logging(kedge::LogFormat::text, "error"); !done) return kedge::kFoundWrong;
  kedge::InputBuffer input(STDIN_FILENO);
  std::istream in(&input);
  const kedge::Environment environment = kedge::read_environment();
  const auto sudo_user = environment.find("SUDO_USER");
  kedge::Shell shell{
      in, std::cout, std::cerr, environment,
      kedge::typing_actor(getuid(), kedge::login_user(), sudo_user == environment.end() ? "" : sudo_user->second)};
  return kedge::run_command_line(argc, argv, shell);
}
