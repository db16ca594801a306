// kedge run: the daemon.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "app/command.h"
#include "app/daemon.h"
#include "app/output.h"
#include "base/logging.h"

namespace kedge {
namespace {

struct Arguments {
  std::string configuration;
  std::string log_format = "text";
  std::string log_level = "info";
};

void run(const Arguments& arguments, Shell& shell) {
  const LogFormat format = arguments.log_format == "json" ? LogFormat::json : LogFormat::text;
  if (const auto done = configure_logging(format, arguments.log_level); !done) {
    return shell.fail(kUsedWrongly, done.error().message);
  }
  const auto configuration = read_configuration(arguments.configuration, shell, true);
  if (!configuration) return;
  if (!configuration->loosened.empty()) {
    spdlog::warn("looser than by default: {}", fmt::join(configuration->loosened, ", "));
  }
  if (const auto ended = run_daemon(*configuration, shell.environment); !ended) {
    // What a setting is to blame for is told with its line.
    const Mistake mistake = mistake_from(*configuration, ended.error());
    const bool of_a_setting = configuration->lines.contains(mistake.field) && !mistake.field.empty();
    spdlog::error("{}", of_a_setting ? to_string(configuration->path, mistake) : ended.error().message);
    shell.exit_code = ended.error().code == ErrorCode::unavailable ? kNotReached : kFoundWrong;
  }
}

}  // namespace

void add_run(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("run", "the daemon: reads events, decides, acts, confirms");
  add_configuration_option(*command, arguments->configuration);
  command->add_option("--log-format", arguments->log_format, "text or json")
      ->check(one_of({"text", "json"}))
      ->type_name("FORMAT");
  command->add_option("--log-level", arguments->log_level, "trace, debug, info, warn or error")->type_name("LEVEL");
  command->footer(
      "SIGTERM ends it cleanly, SIGHUP loads the rules, and the settings of its sensors, anew (whole or not at all).");
  command->callback([arguments, &shell] { run(*arguments, shell); });
}

}  // namespace kedge
