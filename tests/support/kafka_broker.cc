#include "tests/support/kafka_broker.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <utility>

#include "base/random.h"
#include "tests/support/child_process.h"

namespace kedge {
namespace {

const char* name_of(KafkaListener listener) {
  switch (listener) {
    case KafkaListener::plain:
      return "plain";
    case KafkaListener::sasl_plain:
    case KafkaListener::sasl_scram:
      return "sasl_plain";
    case KafkaListener::tls:
      return "tls";
    case KafkaListener::sasl_tls:
      return "sasl_tls";
  }
  return "";
}

Result<Ran> run_script(std::vector<std::string> arguments, const std::vector<std::string>& properties = {}) {
  std::string lines;
  for (const auto& line : properties) lines += line + "\n";
  arguments.insert(arguments.begin(), KEDGE_SOURCE_DIR "/tests/support/kafka.sh");
  return run({.command = std::move(arguments),
              .environment = {{"KAFKA_PROPERTIES", lines}, {"KAFKA_OWNER", std::to_string(getpid())}}},
             std::chrono::seconds(90));
}

}  // namespace

KafkaBroker::KafkaBroker(Options options, std::unique_ptr<TemporaryDirectory> own, std::filesystem::path directory)
    : options_(std::move(options)), own_(std::move(own)), directory_(std::move(directory)) {}

KafkaBroker::~KafkaBroker() {
  if (own_) static_cast<void>(kill());
}

Result<std::unique_ptr<KafkaBroker>> KafkaBroker::start(Options options) {
  auto own = std::make_unique<TemporaryDirectory>();
  const auto directory = own->path();
  std::unique_ptr<KafkaBroker> broker(new KafkaBroker(std::move(options), std::move(own), directory));
  if (auto started = broker->start_again(); !started) return started.error();
  return broker;
}

Result<std::unique_ptr<KafkaBroker>> KafkaBroker::shared(const std::string& version) {
  const char* const folder = std::getenv("KEDGE_BROKERS");
  const std::filesystem::path directory = std::filesystem::path(folder != nullptr ? folder : "") / version;
  if (folder == nullptr || !std::filesystem::exists(directory / "pid")) return start({.version = version});
  return std::unique_ptr<KafkaBroker>(new KafkaBroker({.version = version}, nullptr, directory));
}

std::string KafkaBroker::address(KafkaListener listener) const {
  std::ifstream listeners(directory_ / "listeners.txt");
  std::string name;
  std::string address;
  while (listeners >> name >> address) {
    if (name == name_of(listener)) return address;
  }
  return "";
}

KafkaProperties KafkaBroker::properties(KafkaListener listener) const {
  KafkaProperties properties{{"bootstrap.servers", address(listener)}};
  const bool encrypted = listener == KafkaListener::tls || listener == KafkaListener::sasl_tls;
  const bool logs_in = listener != KafkaListener::plain && listener != KafkaListener::tls;
  properties["security.protocol"] = std::string(logs_in ? "sasl_" : "") + (encrypted ? "ssl" : "plaintext");
  if (encrypted) properties["ssl.ca.location"] = ca().string();
  if (logs_in) {
    properties["sasl.mechanisms"] = listener == KafkaListener::sasl_scram ? "SCRAM-SHA-256" : "PLAIN";
    properties["sasl.username"] = "kedge";
    properties["sasl.password"] = "kedge-secret";
  }
  return properties;
}

Result<void> KafkaBroker::command(const std::string& verb) const {
  const auto ran = run_script({verb, directory_.string()});
  if (!ran) return ran.error().with(verb);
  if (ran->exit != Exit{}) return Error{ErrorCode::internal, "kafka.sh " + verb + ": " + ran->output};
  return {};
}

Result<void> KafkaBroker::stop() { return command("stop"); }

Result<void> KafkaBroker::kill() { return command("kill"); }

Result<void> KafkaBroker::start_again() {
  const auto ran = run_script({"start", directory_.string(), options_.version}, options_.properties);
  if (!ran) return ran.error().with("starting Kafka");
  if (ran->exit == Exit{}) return {};
  const bool missing = ran->exit == Exit{.code = 3};
  return Error{missing ? ErrorCode::not_found : ErrorCode::internal, ran->output};
}

std::string unique(const std::string& name) {
  Random random;
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06x", static_cast<unsigned>(random.below(1 << 24)));
  return name + "-" + digits;
}

}  // namespace kedge
