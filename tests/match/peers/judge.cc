// kedge's matcher as a judge: the same lines in and out as Judge.java.
#include <iostream>
#include <string>

#include "base/json.h"
#include "match/matcher.h"

namespace kedge {
namespace {

std::string judge(const Json& record, Reading reading, MatchScratch& scratch) {
  Matcher::Builder builder;
  std::vector<std::string> names;
  for (const auto& [name, text] : record["rules"].items()) {
    const auto pattern = parse_pattern(text.get<std::string>());
    if (!pattern) return "error";
    builder.add(static_cast<uint32_t>(names.size()), *pattern);
    names.push_back(name);
  }
  std::vector<uint32_t> matched;
  const std::string event = record["event"];
  if (!std::move(builder).build().match_document(event, scratch, matched, reading)) return "error";
  std::string answer;
  for (const uint32_t index : matched) answer += (answer.empty() ? "" : ",") + names[index];
  return answer;
}

}  // namespace
}  // namespace kedge

int main(int count, char** arguments) {
  const auto reading =
      count > 1 && std::string(arguments[1]) == "trusted" ? kedge::Reading::trusted : kedge::Reading::strict;
  kedge::MatchScratch scratch;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << kedge::judge(kedge::Json::parse(line), reading, scratch) << '\n';
  }
}
