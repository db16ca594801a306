#include "tests/e2e/engine.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "tests/e2e/http.h"

namespace kedge {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Long: it is reached only when a test fails, or nearly, on a machine that is busy with other things.
constexpr auto kPatience = seconds(120);

bool comes_true(const std::function<bool()>& check) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!check()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(100));
  }
  return true;
}

Engine::Engine() {
  std::filesystem::copy(KEDGE_SOURCE_DIR "/rules", directory_.path() / "rules",
                        std::filesystem::copy_options::recursive);
  configuration = {{"version", 1},
                   {"data", "data"},
                   {"rules", {{"directory", "rules"}}},
                   {"api", {{"listen", "127.0.0.1:" + std::to_string(port_.number())}}}};
}

void Engine::start_unawaited() {
  directory_.write("kedge.yaml", configuration.dump(2));
  auto process = ChildProcess::start(
      {.command = {kedge_program(), "run", "-c", directory_.path() / "kedge.yaml"}, .environment = environment});
  ASSERT_TRUE(process) << process.error().message;
  process_ = *std::move(process);
}

void Engine::start() {
  start_unawaited();
  if (testing::Test::HasFatalFailure()) return;
  const auto ready = process_->wait_for_line(" ready; ", kPatience);
  ASSERT_TRUE(ready) << ready.error().message << "\n" << readiness();
}

Result<Exit> Engine::stop() {
  process_->signal(SIGTERM);
  auto ended = process_->wait(kPatience);
  forget_process();
  return ended;
}

void Engine::kill() {
  process_->signal(SIGKILL);
  const auto ended = process_->wait();
  EXPECT_TRUE(ended) << ended.error().message;
  const bool was_killed = !ended || *ended == Exit{.signal = SIGKILL};
  EXPECT_TRUE(was_killed) << "it had ended by itself:\n" << process_->output();
  forget_process();
}

void Engine::forget_process() {
  earlier_output_ += process_->output();
  process_.reset();
}

std::string Engine::output() const { return earlier_output_ + (process_ ? process_->output() : ""); }

std::string Engine::readiness() const {
  const auto answer = send_to("http://127.0.0.1:" + std::to_string(port_.number()), {"GET", "/readyz", {}, ""});
  return answer.status == 0 ? "" : answer.body;
}

std::string Engine::metric(const std::string& name) const {
  const auto answer = send_to("http://127.0.0.1:" + std::to_string(port_.number()), {"GET", "/metrics", {}, ""});
  const size_t line = ("\n" + answer.body).find("\n" + name + " ");
  if (line == std::string::npos) return "";
  const size_t value = line + name.size() + 1;
  return answer.body.substr(value, answer.body.find('\n', value) - value);
}

Ran Engine::run(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), kedge_program());
  arguments.insert(arguments.end(), {"-c", directory_.path() / "kedge.yaml"});
  auto ran = kedge::run({.command = std::move(arguments), .environment = environment});
  if (ran) return *std::move(ran);
  ADD_FAILURE() << ran.error().message;
  return {{.code = -1}, ""};
}

Json Engine::ask(std::vector<std::string> arguments) const {
  const std::string what = arguments.at(0) + " " + arguments.at(1);
  arguments.insert(arguments.end(), {"--output", "json"});
  const Ran ran = run(std::move(arguments));
  Json said = Json::parse(ran.output, nullptr, false);
  if (!said.is_discarded()) return said;
  ADD_FAILURE() << "kedge " << what << " said: " << ran.output;
  return {};
}

Json Engine::records(std::vector<std::string> filters) const {
  filters.insert(filters.begin(), {"audit", "list", "--limit", "10000"});
  return ask(std::move(filters));
}

}  // namespace kedge
