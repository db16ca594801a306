#include "kafka/subscription.h"

#include <regex.h>

#include <algorithm>
#include <array>
#include <utility>

namespace kedge {

struct Subscription::Pattern {
  struct Free {
    void operator()(regex_t* owned) const {
      regfree(owned);
      delete owned;
    }
  };
  std::unique_ptr<regex_t, Free> expression;
};

Subscription::Subscription(std::vector<std::string> topics, std::vector<Pattern> patterns)
    : topics_(std::move(topics)), patterns_(std::move(patterns)) {}
Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&&) noexcept = default;
Subscription::~Subscription() = default;

Result<Subscription> Subscription::create(std::vector<std::string> topics) {
  if (topics.empty()) return Error{ErrorCode::invalid, "`topics` is empty: name at least one topic"};
  std::vector<Pattern> patterns;
  for (const std::string& topic : topics) {
    if (topic.empty()) return Error{ErrorCode::invalid, "an empty name is no topic"};
    if (!topic.starts_with('^')) continue;
    auto compiled = std::make_unique<regex_t>();
    if (const int code = regcomp(compiled.get(), topic.c_str(), REG_EXTENDED | REG_NOSUB); code != 0) {
      std::array<char, 128> why{};
      regerror(code, compiled.get(), why.data(), why.size());
      return Error{ErrorCode::invalid, "`" + topic + "` is no POSIX extended regular expression: " + why.data() +
                                           "; what does not begin with ^ is a name"};
    }
    patterns.push_back({std::unique_ptr<regex_t, Pattern::Free>(compiled.release())});
  }
  return Subscription(std::move(topics), std::move(patterns));
}

bool Subscription::matches(const std::string& topic) const {
  if (std::ranges::find(topics_, topic) != topics_.end()) return true;
  return std::ranges::any_of(patterns_, [&](const Pattern& pattern) {
    return regexec(pattern.expression.get(), topic.c_str(), 0, nullptr, 0) == 0;
  });
}

}  // namespace kedge
