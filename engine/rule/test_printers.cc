#include <fmt/format.h>

#include <map>

#include "rule/rule_tests.h"

namespace kedge {
namespace {

std::string escaped_xml(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\n':
        result += "&#10;";
        break;
      default:
        result += static_cast<unsigned char>(c) < 0x20 ? '?' : c;  // other control characters are no XML
    }
  }
  return result;
}

std::string one_line(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return result;
}

// TAP's descriptions end at an unescaped "#".
std::string escaped_tap(std::string_view text) {
  std::string result;
  for (const char c : one_line(text)) {
    if (c == '#' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

// What is wrong without being a test: each counts as one that failed.
std::vector<RuleProblem> complaints(const RuleTestReport& report) {
  std::vector<RuleProblem> all = report.problems;
  all.insert(all.end(), report.untested.begin(), report.untested.end());
  return all;
}

}  // namespace

std::string to_text(const RuleTestReport& report) {
  std::string text;
  for (const RuleTestResult& result : report.results) {
    text += fmt::format("{}  {}: {}\n", result.passed ? "ok    " : "FAILED", result.rule, one_line(result.name));
    if (!result.passed) text += fmt::format("        {}:{}: {}\n", result.file, result.line, result.message);
  }
  for (const RuleProblem& problem : complaints(report)) text += fmt::format("FAILED  {}\n", to_string(problem));
  const size_t failed = report.failures() + complaints(report).size();
  return text + fmt::format("{} tests passed, {} failed\n", report.results.size() - report.failures(), failed);
}

std::string to_tap(const RuleTestReport& report) {
  std::string text = fmt::format("TAP version 14\n1..{}\n", report.results.size() + complaints(report).size());
  size_t number = 0;
  const auto add = [&](bool passed, const std::string& name, const std::string& message) {
    text += fmt::format("{} {} - {}\n", passed ? "ok" : "not ok", ++number, escaped_tap(name));
    if (!passed)
      text += fmt::format("  ---\n  message: \"{}\"\n  ...\n", [&] {
        std::string quoted;
        for (const char c : one_line(message)) quoted += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
        return quoted;
      }());
  };
  for (const RuleTestResult& result : report.results) {
    add(result.passed, result.rule + ": " + result.name,
        fmt::format("{}:{}: {}", result.file, result.line, result.message));
  }
  for (const RuleProblem& problem : complaints(report)) add(false, problem.file, to_string(problem));
  return text;
}

std::string to_junit(const RuleTestReport& report) {
  std::string cases;
  const auto add = [&](const std::string& file, const std::string& name, int line, const std::string& failure) {
    cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\"", escaped_xml(file),
                         escaped_xml(name), escaped_xml(file), line);
    cases += failure.empty()
                 ? "/>\n"
                 : fmt::format(">\n      <failure message=\"{}\"/>\n    </testcase>\n", escaped_xml(failure));
  };
  for (const RuleTestResult& result : report.results) {
    add(result.file, result.rule + ": " + result.name, result.line, result.passed ? "" : result.message);
  }
  for (const RuleProblem& problem : complaints(report)) {
    add(problem.file, problem.rule.empty() ? "can be read" : problem.rule + ": is tested", problem.line,
        to_string(problem));
  }
  const size_t tests = report.results.size() + complaints(report).size();
  const size_t failures = report.failures() + complaints(report).size();
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"rules\" tests=\"{}\" "
      "failures=\"{}\">\n{}  </testsuite>\n</testsuites>\n",
      tests, failures, cases);
}

}  // namespace kedge
