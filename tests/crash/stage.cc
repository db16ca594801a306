#include "tests/crash/stage.h"

#include <algorithm>

#include "tests/support/needs.h"

namespace kedge {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Of the engine; the proxy's delays go by them.
constexpr auto kCallTimeout = milliseconds(2'000);
constexpr auto kVisibilityDelay = milliseconds(500);

// So long nothing has to happen in the journal before a run is taken for stuck: longer than any wait in it.
constexpr auto kStillness = seconds(60);

Json without_counting_guards() {
  Json budgets = Json::object();
  for (const char* of : {"all", "account", "action", "rule"}) budgets[of] = "1000000/1m";
  return {{"unsafe_limits", true}, {"mass_match", "off"}, {"flap", "off"},
          {"rule_breaker", "off"}, {"budgets", budgets},  {"breaker", {{"first", "1s"}, {"most", "2s"}}}};
}

// A person's turn: it is held, or waits for what one that is held has locked.
bool waits_for_a_person(const Json& row, const Json& all) {
  if (row.at("state") == "held") return true;
  if (row.at("state") != "waiting" || row.at("guard") != "locks") return false;
  return std::any_of(all.begin(), all.end(), [&](const Json& other) {
    return other.at("state") == "held" &&
           row.at("reason").get<std::string>().find(other.at("remediation")) != std::string::npos;
  });
}

}  // namespace

void Stage::set_up(Result<std::unique_ptr<KafkaBroker>> broker, FaultPlan::Options faults) {
  Scene::set_up(std::move(broker));
  if (IsSkipped() || HasFatalFailure()) return;
  faults_ = std::make_unique<FaultPlan>(faults);
  proxy_ = std::make_unique<FaultProxy>(
      FaultProxy::Options{.upstream = cloud_->moto().url(),
                          .answer_late_by = kCallTimeout + kVisibilityDelay,
                          .delivery_late_by = kCallTimeout + kVisibilityDelay / 2,
                          .plan = [this](const Call& call) { return faults_->next(call); }});
  Json& configuration = engine_.configuration;
  configuration["aws"]["endpoint"] = proxy_->url();
  configuration["rules"]["modes"] = {{"aws.ec2.open-security-group", "enforce"}, {"aws.cloudtrail.stopped", "enforce"}};
  configuration["guards"] = without_counting_guards();
  configuration["sources"][0]["instance"] = "stage";
  configuration["sources"][0]["properties"] = {{"session.timeout.ms", "6000"}};
  if (faults.percent_of_changes == 0) return;  // and nothing is late
  configuration["executor"] = {{"call_timeout", std::to_string(kCallTimeout.count()) + "ms"},
                               {"visibility_delay", std::to_string(kVisibilityDelay.count()) + "ms"},
                               {"remediation_deadline", "20s"},
                               {"confirm_deadline", "20s"},
                               {"retry_first", "100ms"},
                               {"retry_most", "1s"}};
}

bool Stage::comes_to_rest() {
  size_t seen = 0;
  auto since = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - since < kStillness) {
    int64_t handled = 0;
    for (const Json& row : engine_.ask({"source", "list"})) handled += row.at("next").get<int64_t>();
    const Json rows = open();
    const bool settled =
        std::all_of(rows.begin(), rows.end(), [&](const Json& row) { return waits_for_a_person(row, rows); });
    if (handled == static_cast<int64_t>(load_->messages()) && settled) {
      proxy_->come_to_rest();
      return true;
    }
    const Json last = engine_.ask({"audit", "list", "--limit", "1"});
    const size_t head = last.empty() ? 0 : last.at(0).at("seq").get<size_t>();
    if (head != seen) since = std::chrono::steady_clock::now();
    seen = head;
    std::this_thread::sleep_for(milliseconds(200));
  }
  return false;
}

void Stage::let_pass(std::chrono::milliseconds span) { std::this_thread::sleep_for(span); }

Evidence Stage::evidence() { return {load_->drifts(), proxy_->calls(), journal(), open()}; }

void Stage::expect_all_right() {
  for (const std::string& target : load_->not_right()) {
    std::string story;
    for (const Json& row : engine_.records({"--target", target})) {
      const Json& record = row.at("record");
      story += "\n" + row.at("at").get<std::string>() + " " + row.at("kind").get<std::string>() + " " +
               record.value("remediation", "") + " " + record.value("from", "") + " -> " + record.value("to", "") +
               ": " + row.at("summary").get<std::string>();
    }
    ADD_FAILURE() << target << " is not right in the end:" << story;
  }
}

void Stage::expect_none(const std::string& what, const std::vector<std::string>& breaches) {
  EXPECT_TRUE(breaches.empty()) << what << ": " << testing::PrintToString(breaches);
}

}  // namespace kedge
