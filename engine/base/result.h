// The one way in which this engine says that something went wrong.
//
// A function that can fail returns Result<T>. No exception crosses the border of a folder: a library
// that throws is wrapped where it is called. The caller's pattern is
//
//   auto file = read_file(path);
//   if (!file) return file.error().with("reading the rules");
//
// An assert is for our own bugs. A bad event, rule, file or answer from a peer is always an Error.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace kedge {

enum class ErrorCode {
  invalid,      // what was given is not what is accepted; trying again changes nothing
  not_found,    // it is not there
  refused,      // a precondition, a permission or a guard says no
  conflict,     // somebody else was first
  unavailable,  // a peer cannot be reached or asks to come back later
  timeout,      // no answer in time: the outcome may be unknown
  limit,        // a limit of ours was reached
  no_room,      // a disk is full or read-only
  corrupt,      // stored data is not what was written
  internal,     // a bug of ours
};

std::string_view to_string(ErrorCode);

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;

  // The same error, with what was being done in front of it: "opening the ledger: no such file".
  Error with(std::string_view context) const;

  bool operator==(const Error&) const = default;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return *checked(); }
  const T& value() const& { return *const_cast<Result*>(this)->checked(); }
  // Of a temporary the value itself, not a reference into it: `for (auto& x : *list())` must not outlive what it reads.
  T value() && { return std::move(*checked()); }
  T& operator*() & { return *checked(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*checked()); }
  T* operator->() { return checked(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  T* checked() {
    assert(ok());
    return std::get_if<0>(&state_);
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    assert(error_);
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace kedge
