#include "rule/rule_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "base/json.h"
#include "base/nearest.h"
#include "rule/limits_reader.h"

namespace kedge {
namespace {

constexpr int kApprovalsMax = 10;

bool is_word(char c) { return (std::isalnum(static_cast<unsigned char>(c)) != 0) || c == '_'; }

// The line, from `first` on, on which `field` stands in front of a "=". The declaration's own line where none does.
int line_of_field(std::string_view text, int first, std::string_view field) {
  int line = 1;
  for (size_t begin = 0; begin < text.size(); ++line) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view row = text.substr(begin, end - begin);
    begin = end + 1;
    if (line < first) continue;
    for (size_t at = row.find(field); at != std::string_view::npos; at = row.find(field, at + 1)) {
      const bool starts = at == 0 || !is_word(row[at - 1]);
      const size_t behind = row.find_first_not_of(' ', at + field.size());
      if (starts && behind != std::string_view::npos && row[behind] == '=') return line;
    }
  }
  return first;
}

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 100 &&
         std::all_of(id.begin(), id.end(), [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

// Reads the fields of one declaration.
class Reader {
 public:
  Reader(const lua::Declaration& declaration, const std::string& file, std::string_view text,
         const RuleSurroundings& around, std::vector<RuleProblem>& problems)
      : declaration_(declaration),
        text_(text),
        extras_(around.extras),
        engine_limits_(around.limits),
        problems_(problems),
        problems_before_(problems.size()) {
    rule_.id = declaration.name;
    rule_.file = file;
    rule_.line = declaration.line;
    rule_.policy.title = declaration.name;
  }

  std::optional<Rule> read() {
    if (!is_id(rule_.id)) {
      problem("", fmt::format("'{}' is no id of a rule: letters, digits, '.', '-' and '_', at most 100", rule_.id));
    }
    for (const auto& [name, value] : declaration_.data.items()) read_field(name, value);
    for (const std::string& name : declaration_.functions) check_function(name);
    require_function("target", "is missing: a function of the event that names the one thing to act on");
    require_function("respond", "is missing: a function of the event and the target that returns a plan");
    if (!declaration_.data.contains("on") && !is_function("on")) {
      problem("on", "is missing: the events that the rule wants, such as { source = { \"aws.s3\" } }");
    }
    if (problems_.size() > problems_before_) return std::nullopt;
    return std::move(rule_);
  }

 private:
  using Read = void (Reader::*)(const std::string& name, const Json& value);
  struct Field {
    std::string_view name;
    Read read;             // null: it must be a function
    bool may_be_function;  // of the event
  };

  static const std::vector<Field>& fields() {
    static const std::vector<Field> kFields = {{"approval", &Reader::read_approval, false},
                                               {"canary", &Reader::read_canary, false},
                                               {"lease", &Reader::read_lease, false},
                                               {"limits", &Reader::read_limits, false},
                                               {"mode", &Reader::read_mode, false},
                                               {"on", &Reader::read_on, false},
                                               {"on_unconfirmed", &Reader::read_on_unconfirmed, false},
                                               {"reconcile", &Reader::read_reconcile, false},
                                               {"references", &Reader::read_references, false},
                                               {"respond", nullptr, true},
                                               {"severity", &Reader::read_severity, true},
                                               {"target", nullptr, true},
                                               {"tests", &Reader::read_tests, false},
                                               {"throttle", &Reader::read_throttle, false},
                                               {"title", &Reader::read_title, true},
                                               {"when", nullptr, true},
                                               {"window", &Reader::read_window, false}};
    return kFields;
  }

  const Field* find_field(const std::string& name) {
    const auto found = std::find_if(fields().begin(), fields().end(), [&](const Field& f) { return f.name == name; });
    if (found != fields().end()) return &*found;
    std::vector<std::string_view> known;
    for (const Field& field : fields()) known.push_back(field.name);
    problem(name,
            fmt::format("is no field of a rule{}; there are: {}", did_you_mean(name, known), fmt::join(known, ", ")));
    return nullptr;
  }

  void read_field(const std::string& name, const Json& value) {
    const Field* const field = find_field(name);
    if (field == nullptr) return;
    if (field->read == nullptr) return problem(name, "must be a function");
    (this->*field->read)(name, value);
  }

  void check_function(const std::string& name) {
    const Field* const field = find_field(name);
    if (field != nullptr && !field->may_be_function)
      problem(name, "must not be a function: it is read when the rule is loaded");
  }

  bool is_function(const std::string& name) const {
    return std::binary_search(declaration_.functions.begin(), declaration_.functions.end(), name);
  }

  void require_function(const std::string& name, const std::string& message) {
    if (!is_function(name) && !declaration_.data.contains(name)) problem(name, message);
  }

  void problem(const std::string& field, std::string message) {
    const std::string_view first = std::string_view(field).substr(0, field.find('.'));
    const int line = field.empty() ? rule_.line : line_of_field(text_, rule_.line, first);
    problems_.push_back({rule_.file, line, rule_.id, field, std::move(message)});
  }

  template <class T>
  void read_word(const std::string& name, const Json& value, Result<T> (*parse)(std::string_view), T& into) {
    if (!value.is_string()) return problem(name, "must be a string");
    const Result<T> parsed = parse(value.get<std::string>());
    if (!parsed) return problem(name, parsed.error().message);
    into = *parsed;
  }

  bool is_count(const Json& value, int low, int high) {
    return value.is_number_integer() && value.get<int64_t>() >= low && value.get<int64_t>() <= high;
  }

  void read_on(const std::string& name, const Json& value) {
    if (!value.is_object() || value.empty()) {
      return problem(name, "must be an EventBridge event pattern: a table such as { source = { \"aws.s3\" } }");
    }
    check_event_fields(value);
    auto pattern = parse_pattern(value.dump(), &extras_);
    if (!pattern) return pattern_problem(pattern.error().message);
    rule_.pattern = *std::move(pattern);
  }

  // Also of the alternatives of "$or". What is wrong with the pattern's form is not said here.
  void check_event_fields(const Json& pattern) {
    if (!pattern.is_object()) return;
    for (const auto& [field, wanted] : pattern.items()) {
      if (field != "$or") {
        check_event_field(field);
      } else if (wanted.is_array()) {
        for (const Json& alternative : wanted) check_event_fields(alternative);
      }
    }
  }

  // All that an event has at its top (view_json in event/decoder.h). Whatever a pattern asks of anything else is
  // answered by its absence: most often it never matches, and nobody would notice.
  void check_event_field(const std::string& field) {
    static const std::vector<std::string_view> kKnown = {"account", "detail",    "detail-type", "id",
                                                         "region",  "resources", "source",      "time"};
    const std::string_view first = std::string_view(field).substr(0, field.find('.'));
    if (std::find(kKnown.begin(), kKnown.end(), first) != kKnown.end()) return;
    pattern_problem(
        fmt::format("{}: is no field of an event{}; there are: {}; what the message itself holds is below detail",
                    field, did_you_mean(field, kKnown), fmt::join(kKnown, ", ")));
  }

  // "detail.eventName: line 1, column 9: what": the place is one in a text that the author never sees. The field's own
  // line is found by its last name.
  void pattern_problem(std::string message) {
    const size_t place = message.find("line 1, column ");
    if (place != std::string::npos) message.erase(place, message.find(": ", place) + 2 - place);
    const int line = line_of_field(text_, rule_.line, "on");
    const std::string path = message.substr(0, message.find(": "));
    const std::string last = path.substr(path.rfind('.') + 1);
    problems_.push_back({rule_.file, line_of_field(text_, line, last), rule_.id, "on", std::move(message)});
  }

  void read_mode(const std::string& name, const Json& value) { read_word(name, value, parse_mode, rule_.policy.mode); }
  void read_severity(const std::string& name, const Json& value) {
    read_word(name, value, parse_severity, rule_.policy.severity);
  }
  void read_on_unconfirmed(const std::string& name, const Json& value) {
    read_word(name, value, parse_on_unconfirmed, rule_.policy.on_unconfirmed);
  }
  void read_reconcile(const std::string& name, const Json& value) {
    read_word(name, value, parse_reconcile, rule_.policy.reconcile);
  }

  void read_throttle(const std::string& name, const Json& value) {
    if (const auto span = read_span(name, value, "15m")) rule_.policy.throttle = *span;
  }
  void read_lease(const std::string& name, const Json& value) {
    if (const auto span = read_span(name, value, "4h")) rule_.policy.lease = *span;
  }
  std::optional<Duration> read_span(const std::string& name, const Json& value, const char* such_as) {
    const auto span = value.is_string() ? parse_duration(value.get<std::string>()) : Result<Duration>(Duration{});
    if (!value.is_string()) problem(name, fmt::format("must be a span of time such as \"{}\"", such_as));
    if (!span) problem(name, span.error().message);
    return value.is_string() && span ? std::optional(*span) : std::nullopt;
  }

  void read_title(const std::string& name, const Json& value) { read_text(name, value, rule_.policy.title); }
  void read_window(const std::string& name, const Json& value) { read_text(name, value, rule_.policy.window); }
  void read_text(const std::string& name, const Json& value, std::string& into) {
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
      return problem(name, "must be a string that is not empty");
    }
    into = value.get<std::string>();
  }

  void read_references(const std::string& name, const Json& value) {
    const bool right = value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& item) {
                         return item.is_string() && !item.get_ref<const std::string&>().empty();
                       });
    if (!right) return problem(name, "must be a list of strings");
    rule_.policy.references = value.get<std::vector<std::string>>();
  }

  void read_canary(const std::string& name, const Json& value) {
    if (!is_count(value, 1, 100)) return problem(name, "must be a percentage: an integer from 1 to 100");
    rule_.policy.canary_percent = value.get<int>();
  }

  void read_approval(const std::string& name, const Json& value) {
    if (!is_count(value, 0, kApprovalsMax)) {
      return problem(name, fmt::format("must be how many people must approve: an integer from 0 to {}", kApprovalsMax));
    }
    rule_.policy.approvals = value.get<int>();
  }

  void read_limits(const std::string& name, const Json& value) {
    for (LimitProblem& one : kedge::read_limits(value, engine_limits_, rule_.policy.limits)) {
      problem(one.field.empty() ? name : name + "." + one.field, std::move(one.message));
    }
  }

  // Their content is for the runner of tests.
  void read_tests(const std::string& name, const Json& value) {
    if (!value.is_array()) problem(name, "must be a list of tests");
  }

  const lua::Declaration& declaration_;
  const std::string_view text_;
  const PatternExtras& extras_;
  const Limits& engine_limits_;
  std::vector<RuleProblem>& problems_;
  const size_t problems_before_;
  Rule rule_;
};

}  // namespace

std::optional<Rule> read_rule(const lua::Declaration& declaration, const std::string& file, std::string_view text,
                              const RuleSurroundings& around, std::vector<RuleProblem>& problems) {
  return Reader(declaration, file, text, around, problems).read();
}

RuleProblem problem_from_lua(const std::string& file, const std::string& message) {
  // "lib/aws/s3.lua:12: what": the error may stand in a module.
  const size_t colon = message.find(".lua:");
  if (colon != std::string::npos && message.find(' ') > colon) {
    const char* const begin = message.data() + colon + 5;
    int line = 0;
    const auto [end, error] = std::from_chars(begin, message.data() + message.size(), line);
    if (error == std::errc() && message.compare(static_cast<size_t>(end - message.data()), 2, ": ") == 0) {
      return {message.substr(0, colon + 4), line, "", "", std::string(end + 2)};
    }
  }
  return {file, 0, "", "", message};
}

}  // namespace kedge
