#include "rule/limits_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/nearest.h"

namespace kedge {
namespace {

constexpr int kCountMax = 1'000'000;
constexpr std::string_view kBreaker = "rule_breaker";

struct CountLimit {
  std::string_view name;
  std::optional<int> Limits::*value;
};
constexpr std::array<CountLimit, 5> kCounts = {{{"flap", &Limits::flap},
                                                {"mass_match", &Limits::mass_match},
                                                {"per_hour", &Limits::per_hour},
                                                {"per_minute", &Limits::per_minute},
                                                {"share", &Limits::share}}};
constexpr std::array<CountLimit, 2> kBreakerCounts = {
    {{"in_a_row", &Limits::failures_in_a_row}, {"of_ten", &Limits::failures_of_ten}}};

struct SpanLimit {
  std::string_view name;
  std::optional<Duration> Limits::*value;
};
constexpr std::array<SpanLimit, 3> kSpans = {{{"approval_within", &Limits::approval_within},
                                              {"record_only_after", &Limits::record_only_after},
                                              {"stale_after", &Limits::stale_after}}};

template <class Table>
auto find_in(const Table& table, std::string_view name) {
  return std::find_if(table.begin(), table.end(), [&](const auto& limit) { return limit.name == name; });
}

class Reader {
 public:
  Reader(const Limits& engine, Limits& limits) : engine_(engine), limits_(limits) {}

  std::vector<LimitProblem> read(const Json& value) {
    if (value.is_array() && value.empty()) return {};  // how an empty table comes out of Lua
    if (!value.is_object()) return {{"", "must be a table such as { per_hour = 5 }"}};
    for (const auto& [name, limit] : value.items()) read_limit(name, limit);
    return std::move(problems_);
  }

 private:
  void read_limit(const std::string& name, const Json& value) {
    if (name == kBreaker) return read_breaker(value);
    const auto count = find_in(kCounts, name);
    const auto span = find_in(kSpans, name);
    if (count != kCounts.end()) return read_count(name, value, count->value);
    if (span != kSpans.end()) return read_span(name, value, span->value);
    std::vector<std::string_view> known = {kBreaker};
    for (const CountLimit& one : kCounts) known.push_back(one.name);
    for (const SpanLimit& one : kSpans) known.push_back(one.name);
    std::sort(known.begin(), known.end());
    unknown(name, name, known);
  }

  void read_breaker(const Json& value) {
    if (!value.is_object()) return problem(std::string(kBreaker), "must be a table such as { in_a_row = 2 }");
    for (const auto& [name, limit] : value.items()) {
      const std::string field = fmt::format("{}.{}", kBreaker, name);
      const auto count = find_in(kBreakerCounts, name);
      if (count == kBreakerCounts.end()) {
        unknown(field, name, {"in_a_row", "of_ten"});
      } else {
        read_count(field, limit, count->value);
      }
    }
  }

  void read_count(const std::string& field, const Json& value, std::optional<int> Limits::*limit) {
    const bool is_count = value.is_number_integer() && value.get<int64_t>() >= 1 && value.get<int64_t>() <= kCountMax;
    if (!is_count) return problem(field, fmt::format("must be an integer from 1 to {}", kCountMax));
    const int wanted = value.get<int>();
    const std::optional<int>& most = engine_.*limit;
    if (most && wanted > *most) return loosens(field, fmt::format("{}", wanted), fmt::format("{}", *most));
    limits_.*limit = wanted;
  }

  void read_span(const std::string& field, const Json& value, std::optional<Duration> Limits::*limit) {
    if (!value.is_string()) return problem(field, "must be a span of time such as \"15m\"");
    const auto span = parse_duration(value.get<std::string>());
    if (!span) return problem(field, span.error().message);
    if (*span <= Duration{0}) return problem(field, "must be longer than nothing");
    const std::optional<Duration>& most = engine_.*limit;
    if (most && *span > *most) return loosens(field, format_duration(*span), format_duration(*most));
    limits_.*limit = *span;
  }

  void loosens(const std::string& field, const std::string& wanted, const std::string& most) {
    problem(field, fmt::format("{} is looser than the engine's {}: a rule may only tighten it, to {} or less", wanted,
                               most, most));
  }

  void unknown(const std::string& field, const std::string& name, const std::vector<std::string_view>& known) {
    problem(field, fmt::format("is no limit{}; there are: {}", did_you_mean(name, known), fmt::join(known, ", ")));
  }

  void problem(std::string field, std::string message) { problems_.push_back({std::move(field), std::move(message)}); }

  const Limits& engine_;
  Limits& limits_;
  std::vector<LimitProblem> problems_;
};

}  // namespace

std::vector<LimitProblem> read_limits(const Json& value, const Limits& engine, Limits& limits) {
  return Reader(engine, limits).read(value);
}

}  // namespace kedge
