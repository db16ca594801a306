// kedge agent: a host's end of the way that commands take. It carries out what engines that it knows have signed, and
// answers; nothing listens on the host.

#include "app/command_agent.h"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <memory>

#include "agent/agent.h"
#include "agent/command_handler.h"
#include "app/agent_configuration.h"
#include "app/host_alarms.h"
#include "app/local_host.h"
#include "app/output.h"
#include "app/service_manager.h"
#include "audit/key_file.h"
#include "base/clock.h"
#include "base/lock_file.h"
#include "base/logging.h"
#include "base/random.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kTurnMilliseconds = 250;  // how soon a signal is seen
constexpr Duration kStop = seconds(8);

struct Arguments {
  std::string configuration = "agent.yaml";
  std::string log_format = "text";
  std::string log_level = "info";
  bool check = false;
};

struct KeyArguments {
  std::string host, output;
};

sigset_t agent_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  return signals;
}

// The signal that came; 0: none in a turn.
int next_signal() {
  const sigset_t signals = agent_signals();
  const timespec turn{0, kTurnMilliseconds * 1'000'000L};
  return std::max(0, sigtimedwait(&signals, nullptr, &turn));
}

std::string machine_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// One agent, from a start or a reload until the next signal.
class AgentRun {
 public:
  explicit AgentRun(const AgentConfiguration& configuration)
      : configuration_(configuration), host_(configuration.host, clock_) {}

  // The signal that ended it.
  Result<int> run() {
    auto lock = LockFile::take(configuration_.data + "/lock", "another agent uses this directory");
    if (!lock) return lock.error();
    CommandHandler::Options options;
    options.rules = configuration_.rules;
    options.directory = configuration_.data;
    auto handler = CommandHandler::open(std::move(options), *configuration_.key, host_.actions(), clock_);
    if (!handler) return handler.error().with("data");
    Agent agent(configuration_.agent, *configuration_.key, **handler, clock_, random_);
    if (auto kept = keep_what_stands(agent); !kept) {
      host_.stop();
      return kept.error();
    }
    host_.start_roots([&](const std::string& root, const Error& why) {
      spdlog::error("the root {} does not run: {}", root, why.message);
      agent.tell(host_alarm(root, why));
    });
    agent.start();
    spdlog::info("{} takes commands of {}", configuration_.agent.host, engines());
    service_manager_.ready();
    int signal = 0;
    while ((signal = next_signal()) == 0) tell_how_it_stands(agent.status());
    service_manager_.stopping();
    host_.stop();  // whatever tells the agent of something ends before it
    const bool clean = agent.stop(kStop);
    if (!clean) {
      spdlog::warn("the Kafka client does not end, and is left as it is");
      _exit(kGood);
    }
    return signal;
  }

 private:
  // What was done before goes on being held, and ends in time, whether Kafka is there or not.
  Result<void> keep_what_stands(Agent& agent) {
    return host_.start_keeping([&](const QuarantineNews& news) {
      spdlog::warn("{}: {} (remediation {})", to_string(news.kind), news.message, news.remediation);
      agent.tell(host_alarm(news));
    });
  }

  std::string engines() const {
    std::vector<std::string> names;
    for (const TrustedKey& one : configuration_.rules.keys) names.push_back(one.key.name());
    return names.empty() ? "nobody" : fmt::to_string(fmt::join(names, ", "));
  }

  void tell_how_it_stands(const Agent::Status& status) {
    service_manager_.alive();
    if (status.trouble) return service_manager_.status("Kafka: " + *status.trouble);
    if (!status.doing.empty()) return service_manager_.status(status.doing);
    service_manager_.status(status.reads ? "waits for commands" : "looks for its topic");
  }

  const AgentConfiguration& configuration_;
  SystemClock clock_;
  Random random_;
  ServiceManager service_manager_{clock_};
  LocalHost host_;
};

std::optional<AgentConfiguration> read_agent_configuration(const std::string& path, Shell& shell) {
  auto loaded = load_agent_configuration(path, shell.environment, machine_name());
  if (!loaded) {
    shell.fail(kUsedWrongly, loaded.error().message + "; name the file with -c");
    return std::nullopt;
  }
  if (loaded->mistakes.empty()) return std::move(loaded->configuration);
  for (const Mistake& mistake : loaded->mistakes) shell.err << to_string(path, mistake) << "\n";
  shell.exit_code = kFoundWrong;
  return std::nullopt;
}

void run_agent(const Arguments& arguments, Shell& shell) {
  const LogFormat format = arguments.log_format == "json" ? LogFormat::json : LogFormat::text;
  if (const auto done = configure_logging(format, arguments.log_level); !done) {
    return shell.fail(kUsedWrongly, done.error().message);
  }
  const sigset_t signals = agent_signals();
  if (!arguments.check) pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto configuration = read_agent_configuration(arguments.configuration, shell);
  while (configuration && !arguments.check) {
    std::error_code wrong;
    std::filesystem::create_directories(configuration->data, wrong);
    if (wrong) return shell.fail(kNotReached, "data: cannot create " + configuration->data + ": " + wrong.message());
    const auto ended = AgentRun(*configuration).run();
    if (!ended) return shell.fail(kNotReached, ended.error().message);
    if (*ended != SIGHUP) return;
    spdlog::info("reads {} anew", arguments.configuration);
    auto again = read_agent_configuration(arguments.configuration, shell);
    if (again) {
      configuration = std::move(again);
    } else {
      spdlog::error("goes on as it was before");
    }
    shell.exit_code = kGood;
  }
}

void make_key(const KeyArguments& arguments, Shell& shell) {
  if (!is_host_name(arguments.host)) {
    return shell.fail(kUsedWrongly, "--host: a host's name has letters, digits, '.', '-' and '_'");
  }
  const auto key = make_key_file(arguments.output, arguments.host);
  if (!key && key.error().code == ErrorCode::unavailable) return shell.fail(kNotReached, key.error().message);
  if (!key) return shell.fail(kUsedWrongly, key.error().message);
  shell.out << key->to_text() << "\n";
  shell.err << "kedge: " << arguments.output << " holds the secret, and stays on the host; the key above, also in "
            << arguments.output << ".pub, is for the engines that call it\n";
}

void add_keygen(CLI::App& agent, Shell& shell) {
  const auto arguments = std::make_shared<KeyArguments>();
  CLI::App* const command =
      agent.add_subcommand("keygen", "makes the key that signs what the host answers, and what verifies it");
  command->add_option("--host", arguments->host, "the host's name, as agent.yaml and rules have it")->required();
  command->add_option("--output", arguments->output, "the file for the secret; it must not be there yet")->required();
  command->callback([arguments, &shell] { make_key(*arguments, shell); });
}

}  // namespace

void add_agent(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command =
      app.add_subcommand("agent", "carries out on a host what engines have signed, and answers: over Kafka");
  command->add_option("-c,--config", arguments->configuration, "the agent's configuration (agent.yaml)")
      ->type_name("FILE");
  command->add_flag("--check", arguments->check,
                    "reads the configuration and the keys, tells every mistake, and takes no command");
  command->add_option("--log-format", arguments->log_format, "text or json")
      ->check(one_of({"text", "json"}))
      ->type_name("FORMAT");
  command->add_option("--log-level", arguments->log_level, "trace, debug, info, warn or error")->type_name("LEVEL");
  command->footer(
      "SIGTERM ends it cleanly; SIGHUP reads the configuration anew. docs/agent.md explains the settings and what is\n"
      "refused.");
  add_keygen(*command, shell);
  command->callback([arguments, command, &shell] {
    if (command->get_subcommands().empty()) run_agent(*arguments, shell);
  });
}

}  // namespace kedge
