#include "trail/record_summary.h"

#include <fmt/format.h>

#include <map>

#include "base/json.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

// "title", or "before title after" where the part is not empty.
std::string with(std::string_view before, const std::string& part, std::string_view after = "") {
  return part.empty() ? "" : fmt::format("{}{}{}", before, part, after);
}

std::string plan(const Json& r) {
  const std::string disposition = text_at(r, "/disposition");
  if (text_at(r, "/origin") == "reconcile") {
    return "found by reconcile, no longer as it was confirmed: " + text_at(r, "/policy/title");
  }
  const std::string found = disposition == "joined"        ? "found again while it is open: "
                            : disposition == "superseding" ? "found, in the place of a plan that had written nothing: "
                                                           : "found: ";
  return found + text_at(r, "/policy/title") + with(", caused by ", text_at(r, "/event/principal")) +
         with(" from ", text_at(r, "/event/address"));
}

// The actions of a plan that was not carried out: what a rule in mode shadow would do is read here first.
std::string planned(const Json& r) {
  std::string actions;
  for (const char* list : {"/plan/isolate", "/plan/revert", "/plan/replace"}) {
    const Json::json_pointer place(list);
    if (!r.contains(place) || !r[place].is_array()) continue;
    for (const Json& step : r[place]) actions += with(actions.empty() ? "" : ", ", text_at(step, "/action"));
  }
  return actions;
}

std::string suppression(const Json& r) {
  if (r.contains("folded")) {
    return fmt::format("{} of the {} suppressions of the minute {}, folded into this record", text_at(r, "/folded"),
                       text_at(r, "/count"), text_at(r, "/minute"));
  }
  return fmt::format("{}not done, by guard {}: {}", with("", planned(r), ": "), text_at(r, "/guard"),
                     text_at(r, "/reason"));
}

std::string attempt(const Json& r) {
  return fmt::format("{}{}, attempt {} (mark {})", raw_text_at(r, "/undo") == "true" ? "undo of " : "",
                     text_at(r, "/action"), text_at(r, "/attempt"), text_at(r, "/mark"));
}

std::string outcome_in_words(const std::string& result) {
  static const std::map<std::string, std::string> kWords = {
      {"applied", "applied"},      {"already", "it was so already"},
      {"retry", "failed for now"}, {"refused", "refused"},
      {"failed", "failed"},        {"unknown", "it is not known whether it was done"},
  };
  const auto words = kWords.find(result);
  return words == kWords.end() ? result : words->second;
}

std::string move(const Json& r) {
  return fmt::format("{} → {}", text_at(r, "/from"), text_at(r, "/to")) + with(" by guard ", text_at(r, "/guard")) +
         with(", until ", text_at(r, "/due")) + with(": ", text_at(r, "/reason")) +
         with(" (", text_at(r, "/actor"), ")");
}

std::string outcome(const Json& r) {
  if (!r.contains("result")) return move(r);
  const std::string writes = text_at(r, "/writes");
  return fmt::format("{}: {}", text_at(r, "/action"), outcome_in_words(text_at(r, "/result"))) +
         with(", ", writes == "0"   ? "no call sent"
                    : writes == "1" ? "1 call sent"
                                    : with("", writes, " calls sent")) +
         with(" (", text_at(r, "/code"), ")") + with(": ", text_at(r, "/message"));
}

std::string hold(const Json& r) {
  const bool waits = text_at(r, "/to") != "held";  // an undo that waits stays an undo
  return fmt::format("{} by guard {}", waits ? "waits" : "held", text_at(r, "/guard")) +
         with(" until ", text_at(r, "/due")) + with(": ", text_at(r, "/reason"));
}

std::string confirmation(const Json& r) {
  const std::string to = text_at(r, "/to");
  if (to == "unconfirmed") return "not found as it should be in time" + with(": ", text_at(r, "/reason"));
  if (to == "isolated") return "the isolation is read back and stands";
  if (text_at(r, "/from") == "planned") return "all was as it should be already: nothing was done";
  return "read back, and as it should be" + with(": ", text_at(r, "/reason"));
}

// What a person did.
std::string by_person(std::string_view what, const Json& r) {
  return std::string(what) + with(" by ", text_at(r, "/actor")) + with(": ", text_at(r, "/reason"));
}

std::string announcement(const Json&) {
  return "announced: the plan has no step, so nothing was looked at and nothing was done";
}

std::string approval(const Json& r) {
  const std::string cause = text_at(r, "/cause");
  if (cause == "resume") return "goes on: the pause is over" + with(" (", text_at(r, "/actor"), ")");
  if (cause == "rules_loaded") return "goes on: the rule acts again";
  return by_person("approved", r);
}
std::string cancellation(const Json& r) { return by_person("cancelled", r); }

std::string undo(const Json& r) {
  if (text_at(r, "/to") == "undone") return "the state before is restored, and read back";
  return by_person("undo asked for", r);
}

std::string refusal(const Json& r) {
  return "refused" + with(" by guard ", text_at(r, "/guard")) + with(": ", text_at(r, "/reason"));
}

std::string supersession(const Json& r) { return "a newer plan took its place" + with(": ", text_at(r, "/by")); }

std::string resumption(const Json& r) {
  return "looked at again" + with(", since ", text_at(r, "/cause")) + with(" by ", text_at(r, "/actor"));
}

std::string dead_letter(const Json& r) {
  return fmt::format("{}: {} ({}/{}[{}]", text_at(r, "/reason"), text_at(r, "/message"), text_at(r, "/source"),
                     text_at(r, "/topic"), text_at(r, "/partition")) +
         with(" offset ", text_at(r, "/offset")) + ")";
}

std::string notice(const Json& r) {
  const bool delivered = raw_text_at(r, "/delivered") == "true";
  std::string what = text_at(r, "/type");
  if (const std::string until = text_at(r, "/until"); !until.empty()) {
    what += fmt::format(" of {} {}, of the records {} to {},", text_at(r, "/folded"), text_at(r, "/of"),
                        text_at(r, "/about"), until);
  }
  return fmt::format("{} to {}: {}", what, text_at(r, "/channel"),
                     delivered ? "delivered" : "given up: " + text_at(r, "/error")) +
         (text_at(r, "/attempts") == "1" ? "" : with(", after ", text_at(r, "/attempts"), " tries"));
}

std::string exception(const Json& r) {
  return fmt::format("{} by {}: rule {}, target {}, owner {}, until {}: {}", text_at(r, "/action"),
                     text_at(r, "/actor"), text_at(r, "/rule/id"), text_at(r, "/target"), text_at(r, "/owner"),
                     text_at(r, "/expires"), text_at(r, "/reason"));
}

std::string pause(const Json& r) { return by_person("effects of " + text_at(r, "/scope") + " paused", r); }
std::string resume(const Json& r) { return by_person("effects of " + text_at(r, "/scope") + " go on again", r); }
std::string alarm(const Json& r) { return text_at(r, "/alarm") + ": " + text_at(r, "/message"); }

std::string position(const Json& r) {
  return fmt::format("{}/{}[{}]: {}", text_at(r, "/source"), text_at(r, "/topic"), text_at(r, "/partition"),
                     text_at(r, "/note")) +
         with(": ", text_at(r, "/reason")) + with(", ", text_at(r, "/details/text")) +
         with(" (", text_at(r, "/actor"), ")");
}

std::string rules_loaded(const Json& r) {
  return fmt::format("rules in force: {} from {}, digest {:.12}", text_at(r, "/count"), text_at(r, "/directory"),
                     text_at(r, "/digest"));
}

std::string claim_expiry(const Json& r) {
  return "watched by reconcile no longer: no event told of it since " + text_at(r, "/last_seen");
}

std::string clock_acceptance(const Json& r) {
  const auto found = r.find("ahead");
  const int64_t ahead = found != r.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
  return fmt::format("the wall clock, {} {} ledger time, is right, says {}", span_in_words(std::abs(ahead)),
                     ahead < 0 ? "behind" : "ahead of", text_at(r, "/actor")) +
         with(": ", text_at(r, "/reason"));
}

std::string redrive(const Json& r) {
  return by_person(fmt::format("dead letters {} {}", text_at(r, "/numbers"), text_at(r, "/outcome")) +
                       with(": ", text_at(r, "/reason")),
                   r);
}

std::string rerun(const Json& r) {
  const std::string of = raw_text_at(r, "/rerun_of");
  const std::string what = of.empty() ? "the event of suppression " + text_at(r, "/suppression") : "the event of " + of;
  return by_person(what + " run again, " + text_at(r, "/outcome"), r);
}

std::string start(const Json& r) {
  std::string loosened;
  const Json::json_pointer place("/loosened");
  if (r.contains(place) && r[place].is_array()) {
    for (const Json& name : r[place]) {
      if (name.is_string()) loosened += with(loosened.empty() ? "" : ", ", name);
    }
  }
  return "kedge " + text_at(r, "/version") + " started" + with(", looser than by default: ", loosened);
}
std::string stop(const Json& r) { return "stopped" + with(": ", text_at(r, "/reason")); }
std::string restoration(const Json& r) {
  const std::string missing =
      with(", which has not the records ", text_at(r, "/missing/first"), " to " + text_at(r, "/missing/last"));
  return fmt::format("restored by {} from a backup up to record {}{}: incarnation {} begins", text_at(r, "/actor"),
                     text_at(r, "/from"), missing, text_at(r, "/incarnation"));
}
std::string genesis(const Json& r) { return "the ledger " + text_at(r, "/ledger") + " begins"; }

using Tell = std::string (*)(const Json&);
const std::map<std::string, Tell>& tellers() {
  static const std::map<std::string, Tell> kTellers = {
      {"alarm", alarm},
      {"announcement", announcement},
      {"approval", approval},
      {"attempt", attempt},
      {"cancellation", cancellation},
      {"claim_expiry", claim_expiry},
      {"clock_acceptance", clock_acceptance},
      {"confirmation", confirmation},
      {"dead_letter", dead_letter},
      {"exception", exception},
      {"expiry", move},
      {"genesis", genesis},
      {"hold", hold},
      {"notice", notice},
      {"outcome", outcome},
      {"pause", pause},
      {"plan", plan},
      {"position", position},
      {"redrive", redrive},
      {"refusal", refusal},
      {"release", move},
      {"rerun", rerun},
      {"restoration", restoration},
      {"resume", resume},
      {"resumption", resumption},
      {"rule_failure", dead_letter},
      {"rules_loaded", rules_loaded},
      {"start", start},
      {"stop", stop},
      {"supersession", supersession},
      {"suppression", suppression},
      {"undo", undo},
  };
  return kTellers;
}

}  // namespace

std::string summary_of(const Json& record) {
  if (!record.is_object()) return "";
  const std::string kind = text_at(record, "/kind");
  const auto teller = tellers().find(kind);
  if (teller != tellers().end()) return teller->second(record);
  return record.contains("to") ? move(record) : kind;
}

std::vector<std::string_view> record_kinds() {
  std::vector<std::string_view> kinds;
  for (const auto& [kind, teller] : tellers()) kinds.push_back(kind);
  return kinds;
}

std::string span_in_words(int64_t micros) {
  const auto value = static_cast<double>(micros);
  if (micros < 0) return "-" + span_in_words(-micros);
  if (micros < 1'000) return fmt::format("{} us", micros);
  if (micros < 1'000'000) return fmt::format("{:.1f} ms", value / 1e3);
  if (micros < 60'000'000) return fmt::format("{:.2f} s", value / 1e6);
  if (micros < 3'600'000'000) return fmt::format("{} min {} s", micros / 60'000'000, micros / 1'000'000 % 60);
  return fmt::format("{} h {} min", micros / 3'600'000'000, micros / 60'000'000 % 60);
}

}  // namespace kedge
