// What an action, or a host that acts for one, answers: what was asked for, or what went wrong in the executor's words.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/time.h"

namespace kedge {

// What went wrong, by what it means for the executor.
struct ActionError {
  enum class Kind {
    retry,    // it was surely not done, and may work later
    refused,  // permission, validation, a precondition: trying again changes nothing
    unknown,  // it may have been done
    gone,     // the thing itself is no more: nothing to do for this plan
  };
  Kind kind = Kind::unknown;
  std::string code;                     // the endpoint's code ("AccessDenied") or ours
  std::string message;                  // for people: what was asked, what came back, what would help
  std::optional<Duration> retry_after;  // what the endpoint asked for
  // The endpoint is asked too much, and says so with a status that means something else elsewhere (400): its breaker
  // counts it.
  bool throttled = false;
};

template <class T>
class [[nodiscard]] ActionResult {
 public:
  ActionResult(T value) : state_(std::move(value)) {}            // NOLINT(google-explicit-constructor)
  ActionResult(ActionError error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T operator*() && { return std::move(std::get<0>(state_)); }  // as Result's: no reference into a temporary
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const ActionError& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, ActionError> state_;
};

}  // namespace kedge
