#include "tests/remediate/fake_world.h"

#include <algorithm>
#include <utility>

#include "base/json.h"

namespace kedge {
namespace {

constexpr std::string_view kRoot = "http://world/";

HttpResponse answer(int status, std::string body = "") {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

ActionError error_of(const Result<HttpResponse>& response, bool wrote) {
  using Kind = ActionError::Kind;
  if (!response) {
    const bool not_done = !wrote || surely_not_sent(response.error());
    return {not_done ? Kind::retry : Kind::unknown, "network", response.error().message, std::nullopt};
  }
  if (response->status == 404) return {Kind::gone, "NotFound", "there is no such value", std::nullopt};
  if (response->status == 403) return {Kind::refused, "AccessDenied", "needs world:Write", std::nullopt};
  if (response->status == 400) return {Kind::retry, "TooMuch", "asks too often", std::nullopt, true};
  return {Kind::retry, "Busy", "try again", retry_after(*response, Time())};
}

HttpRequest put(const Context& context, const std::string& name, const std::string& value) {
  HttpRequest request;
  request.method = "PUT";
  request.url = std::string(kRoot) + name;
  request.headers = {{"User-Agent", context.agent}};
  request.body = value;
  return request;
}

}  // namespace

// ---- the world ---------------------------------------------------------------------------------------------------

void FakeWorld::next_writes(std::deque<Luck> luck) {
  const std::lock_guard lock(mutex_);
  writes_luck_ = std::move(luck);
}

void FakeWorld::next_reads(std::deque<Luck> luck) {
  const std::lock_guard lock(mutex_);
  reads_luck_ = std::move(luck);
}

void FakeWorld::set_delay(Duration delay) {
  const std::lock_guard lock(mutex_);
  delay_ = delay;
}

void FakeWorld::set(const std::string& name, const std::string& value) {
  const std::lock_guard lock(mutex_);
  settle();
  values_[name] = value;
}

void FakeWorld::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  values_.erase(name);
}

std::string FakeWorld::value(const std::string& name) {
  const std::lock_guard lock(mutex_);
  settle();
  const auto found = values_.find(name);
  return found == values_.end() ? "" : found->second;
}

bool FakeWorld::on_its_way(const std::string& name) {
  const std::lock_guard lock(mutex_);
  settle();
  for (const Coming& change : coming_) {
    if (change.name == name && !change.answered) return true;
  }
  return false;
}

std::vector<FakeWorld::Write> FakeWorld::writes() {
  const std::lock_guard lock(mutex_);
  return writes_;
}

size_t FakeWorld::reads() {
  const std::lock_guard lock(mutex_);
  return reads_;
}

std::vector<FakeWorld::Write> FakeWorld::arrived() {
  const std::lock_guard lock(mutex_);
  settle();
  return std::exchange(arrived_, {});
}

void FakeWorld::settle() {
  std::stable_sort(coming_.begin(), coming_.end(), [](const Coming& a, const Coming& b) { return a.due < b.due; });
  std::vector<Coming> left;
  for (Coming& change : coming_) {
    if (change.due <= clock_.elapsed()) {
      values_[change.name] = change.value;
      arrived_.push_back({change.name, change.value, change.agent, true});
    } else {
      left.push_back(std::move(change));
    }
  }
  coming_ = std::move(left);
}

FakeWorld::Luck FakeWorld::draw(std::deque<Luck>& luck) {
  if (luck.empty()) return Luck::fine;
  const Luck drawn = luck.front();
  luck.pop_front();
  return drawn;
}

Result<HttpResponse> FakeWorld::send(const HttpRequest& request) {
  if (watcher_) watcher_(request);
  const std::string name = request.url.substr(kRoot.size());
  bool times_out = false;
  auto response = [&]() -> Result<HttpResponse> {
    const std::lock_guard lock(mutex_);
    settle();
    auto result = request.writes ? write(request, name, draw(writes_luck_)) : read(name, draw(reads_luck_));
    times_out = !result && result.error().code == ErrorCode::timeout;
    if (result) result->headers.push_back({"x-amz-request-id", "request-" + std::to_string(++requests_)});
    return result;
  }();
  if (times_out) pass_(request.timeout);
  return response;
}

Result<HttpResponse> FakeWorld::read(const std::string& name, Luck luck) {
  ++reads_;
  if (luck == Luck::refused) return answer(403);
  if (luck == Luck::busy) return answer(503);
  if (luck == Luck::throttled) return answer(400);
  if (luck == Luck::request_lost) return Error{ErrorCode::timeout, "no answer"};
  const auto found = values_.find(name);
  if (found == values_.end()) return answer(404);
  return answer(200, found->second);
}

Result<HttpResponse> FakeWorld::write(const HttpRequest& request, const std::string& name, Luck luck) {
  const bool done = luck == Luck::fine || luck == Luck::answer_lost || luck == Luck::twice || luck == Luck::resent;
  const std::string& agent = request.headers.at(0).value;
  if (luck != Luck::not_sent) writes_.push_back({name, request.body, agent, done});
  if (done) values_[name] = request.body;
  switch (luck) {
    case Luck::fine:
    case Luck::ignored:
      return answer(200);
    case Luck::late:
    case Luck::twice:
      coming_.push_back({clock_.elapsed() + delay_, name, request.body, agent, true});
      return answer(200);
    case Luck::refused:
      return answer(403);
    case Luck::busy: {
      HttpResponse busy = answer(503);
      busy.headers = {{"Retry-After", "3"}};
      return busy;
    }
    case Luck::throttled:
      return answer(400);
    case Luck::not_sent:
      return Error{ErrorCode::unavailable, "no connection"};
    case Luck::arrives_late:
    case Luck::resent:
      coming_.push_back({clock_.elapsed() + delay_, name, request.body, agent});
      [[fallthrough]];
    default:
      return Error{ErrorCode::timeout, "no answer"};
  }
}

// ---- the action --------------------------------------------------------------------------------------------------

FakeAction::FakeAction(std::string name, Repetition repetition, bool undoable, bool lease) {
  spec_.name = std::move(name);
  spec_.summary = "the value is as it should be";
  spec_.arguments = {{"name", ArgumentType::string, true, false, "of the value"},
                     {"value", ArgumentType::string, true, false, "as it should be"},
                     {"place", ArgumentType::string, false, false, "where it is kept"}};
  spec_.repetition = repetition;
  spec_.undoable = undoable;
  spec_.lease = lease;
  spec_.mark = "user agent";
  spec_.touches = [](const Json& args) {
    return std::vector<std::string>{"value:" + args.at("name").get<std::string>()};
  };
  spec_.endpoint = [](const Json& args) { return Endpoint{"world", "", args.value("place", "here")}; };
}

ActionResult<Observation> FakeAction::observe(Context& context, const nlohmann::json& args) const {
  HttpRequest request;
  request.url = std::string(kRoot) + args.at("name").get<std::string>();
  request.writes = false;
  const auto response = context.http.send(request);
  if (!response || response->status != 200) return error_of(response, false);
  Observation seen;
  seen.holds = response->body == args.at("value").get<std::string>();
  seen.state = {{"value", response->body}};
  seen.summary = args.at("name").get<std::string>() + " is " + response->body;
  if (response->body == "?") seen.hold = "the witnesses disagree";
  return seen;
}

ActionResult<Applied> FakeAction::apply(Context& context, const nlohmann::json& args, const Observation&) const {
  const auto response = context.http.send(put(context, args.at("name"), args.at("value")));
  if (!response || response->status != 200) return error_of(response, true);
  return Applied{{"set " + args.at("name").get<std::string>()}};
}

ActionResult<Applied> FakeAction::undo(Context& context, const nlohmann::json& args, const nlohmann::json& before,
                                       const nlohmann::json&) const {
  const auto response = context.http.send(put(context, args.at("name"), before.at("value")));
  if (!response || response->status != 200) return error_of(response, true);
  return Applied{};
}

std::vector<std::unique_ptr<Action>> fake_actions() {
  std::vector<std::unique_ptr<Action>> actions;
  actions.push_back(std::make_unique<FakeAction>("test.set"));
  actions.push_back(std::make_unique<FakeAction>("test.set_once", Repetition::once));
  actions.push_back(std::make_unique<FakeAction>("test.set_for_good", Repetition::absolute, false));
  actions.push_back(std::make_unique<FakeAction>("test.isolate", Repetition::absolute, true, true));
  return actions;
}

}  // namespace kedge
