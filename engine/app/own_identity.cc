#include "app/own_identity.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "base/thread_name.h"

namespace kedge {

OwnIdentity::OwnIdentity(Ask ask, OwnPrincipals& told, Options options)
    : ask_(std::move(ask)), told_(told), options_(options) {}

OwnIdentity::~OwnIdentity() { stop(); }

void OwnIdentity::start() {
  {
    const std::lock_guard lock(mutex_);
    asked_ = false;
    unknown_ = "it is being asked for";
  }
  thread_ = std::thread([this] { run(); });
}

void OwnIdentity::stop() {
  closing_.close();
  if (thread_.joinable()) thread_.join();
}

std::optional<std::string> OwnIdentity::unknown() const {
  const std::lock_guard lock(mutex_);
  return unknown_;
}

bool OwnIdentity::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void OwnIdentity::run() {
  name_thread("kedge-identity");
  for (Duration wait = options_.first_wait; !ask_once(); wait = std::min(2 * wait, options_.longest_wait)) {
    if (closing_.wait_closed(wait)) return;
  }
}

bool OwnIdentity::ask_once() {
  auto answer = ask_();
  if (answer) {
    std::vector<std::string> arns = told_.get();
    arns.insert(arns.end(), answer->begin(), answer->end());
    told_.set(std::move(arns));
  } else if (!closing_.closed() && unknown() != answer.error().message) {  // the same is said once
    spdlog::warn(
        "who we are at AWS cannot be asked ({}): own changes are not recognised until it can; aws.principals "
        "can name us too",
        answer.error().message);
  }
  const std::lock_guard lock(mutex_);
  asked_ = true;
  unknown_ = answer ? std::nullopt : std::optional(answer.error().message);
  return answer.ok();
}

}  // namespace kedge
