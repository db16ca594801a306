// docs/states.md shows the table of the states as it is. To make it anew: KEDGE_RENEW=1 test_plan
// --gtest_filter='StateDocument.*'
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "plan/state.h"

namespace kedge {
namespace {

const std::string kPath = std::string(KEDGE_SOURCE_DIR) + "/docs/states.md";
constexpr const char* kMark = "a test holds them together. -->\n";

constexpr State kLast = State::announced;

std::vector<State> all_states() {
  std::vector<State> all;
  for (int state = 0; state <= static_cast<int>(kLast); ++state) all.push_back(static_cast<State>(state));
  return all;
}

// https://mermaid.js.org/syntax/stateDiagram.html
std::string diagram() {
  std::map<std::pair<State, State>, std::string> moves;
  for (const Transition& one : transitions()) {
    std::string& names = moves[{one.from, one.to}];
    names += (names.empty() ? "" : ", ") + std::string(to_string(one.move));
  }
  std::string text = "```mermaid\nstateDiagram-v2\n  [*] --> planned\n";
  for (const auto& [edge, names] : moves) {
    text +=
        "  " + std::string(to_string(edge.first)) + " --> " + std::string(to_string(edge.second)) + ": " + names + "\n";
  }
  for (const State state : all_states()) {
    if (is_end(state)) text += "  " + std::string(to_string(state)) + " --> [*]\n";
  }
  return text + "```\n";
}

std::string table() {
  std::string text = "| from | move | to | record |\n|---|---|---|---|\n";
  for (const Transition& one : transitions()) {
    text += "| " + std::string(to_string(one.from)) + " | " + std::string(to_string(one.move)) + " | " +
            std::string(to_string(one.to)) + " | `" + std::string(one.record) + "` |\n";
  }
  return text;
}

TEST(StateDocument, ShowsTheTableAsItIs) {
  const std::string text = *read_file(kPath);
  const size_t mark = text.find(kMark);
  ASSERT_NE(mark, std::string::npos);
  const std::string told = text.substr(0, mark + std::string(kMark).size());
  const std::string wanted = told + "\n" + diagram() + "\n" + table();
  if (std::getenv("KEDGE_RENEW") != nullptr) std::ofstream(kPath) << wanted;
  EXPECT_EQ(*read_file(kPath), wanted);
}

TEST(StateDocument, SaysWhatEachStateMeans) {
  const std::string text = *read_file(kPath);
  const std::string told = text.substr(0, text.find(kMark));
  for (const State state : all_states()) {
    EXPECT_NE(told.find("\n| " + std::string(to_string(state)) + " | "), std::string::npos) << to_string(state);
  }
}

}  // namespace
}  // namespace kedge
