// Which topics a consumer reads: names, and regular expressions that begin with "^".
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kedge {

// Immutable; any thread. The expressions are POSIX extended ones, compiled as the client library compiles them.
class Subscription {
 public:
  static Result<Subscription> create(std::vector<std::string> topics);
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;
  ~Subscription();

  const std::vector<std::string>& topics() const { return topics_; }  // as given
  bool has_patterns() const { return !patterns_.empty(); }
  bool matches(const std::string& topic) const;

 private:
  struct Pattern;
  Subscription(std::vector<std::string> topics, std::vector<Pattern> patterns);

  std::vector<std::string> topics_;
  std::vector<Pattern> patterns_;
};

}  // namespace kedge
