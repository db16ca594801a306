#include "tests/support/http_receiver.h"

#include <httplib.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <utility>

namespace kedge {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

HttpReceiver::Request request_of(const httplib::Request& from) {
  HttpReceiver::Request request{from.method, from.target, {}, from.body};
  for (const auto& [name, value] : from.headers) request.headers.emplace(lower(name), value);
  return request;
}

}  // namespace

std::string HttpReceiver::Request::header(const std::string& name) const {
  const auto found = headers.find(lower(name));
  return found == headers.end() ? "" : found->second;
}

HttpReceiver::HttpReceiver() : server_(std::make_unique<httplib::Server>()) {
  answer_otherwise({});
  const auto serve = [this](const httplib::Request& from, httplib::Response& to) {
    const auto request = request_of(from);
    const auto answer = take_answer(request);
    to.status = answer.status;
    for (const auto& [name, value] : answer.headers) to.headers.emplace(name, value);
    to.set_content(answer.body, answer.content_type);
  };
  const std::string any = ".*";
  server_->Get(any, serve).Post(any, serve).Put(any, serve).Patch(any, serve).Delete(any, serve).Options(any, serve);
  server_->set_keep_alive_timeout(1);  // the longest that the destructor waits for a client that keeps its connection
  port_ = server_->bind_to_any_port("127.0.0.1");
  if (port_ < 0) throw std::runtime_error("no free port on loopback");
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  while (!server_->is_running()) std::this_thread::yield();  // a server that does not run yet cannot be stopped
}

HttpReceiver::~HttpReceiver() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  server_->stop();
  thread_.join();
}

std::string HttpReceiver::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

void HttpReceiver::answer_next(Answer answer) {
  const std::lock_guard lock(mutex_);
  next_.push_back(std::move(answer));
}

void HttpReceiver::answer_otherwise(Answer answer) {
  answer_by([answer = std::move(answer)](const Request&) { return answer; });
}

void HttpReceiver::answer_by(std::function<Answer(const Request&)> decide) {
  const std::lock_guard lock(mutex_);
  decide_ = std::move(decide);
}

HttpReceiver::Answer HttpReceiver::take_answer(const Request& request) {
  std::unique_lock lock(mutex_);
  requests_.push_back(request);
  changed_.notify_all();
  Answer answer;
  if (next_.empty()) {
    const auto decide = decide_;
    lock.unlock();
    answer = decide(request);
    lock.lock();
  } else {
    answer = std::move(next_.front());
    next_.pop_front();
  }
  changed_.wait_for(lock, answer.delay, [&] { return closing_; });
  return answer;
}

std::vector<HttpReceiver::Request> HttpReceiver::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

Result<std::vector<HttpReceiver::Request>> HttpReceiver::wait_for(size_t count,
                                                                  std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, timeout, [&] { return requests_.size() >= count; })) return requests_;
  return Error{ErrorCode::timeout, std::to_string(requests_.size()) + " requests came, not " + std::to_string(count)};
}

}  // namespace kedge
