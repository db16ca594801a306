// What there is to tell about what a rule left alone in a span of time: what is on record, what is only counted, and
// the single answers behind the counts, asked again about what the sources still have.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/asking_again.h"
#include "app/command.h"

namespace kedge {

struct WhyQuestion {
  std::string rule;
  TimeSpan span;
  Time now;
  bool asks_again = true;       // false: only what is on record, for which no broker is needed
  size_t limit = 100;           // of single answers: the oldest so many
  bool all = false;             // also those about events that the pattern does not match
  std::string rules_directory;  // to be asked where a version's files are gone; empty: it is not asked then
};

struct WhyFindings {
  RuleHistory history;
  RuleRecords records;
  std::map<std::string, std::string> problems;  // of versions that cannot be asked
  std::set<std::string> asked_today;            // versions for which the files of today were asked
  std::vector<ComparedHour> hours;
  std::vector<AnswerAgain> answers;
  int64_t more = 0;                                                 // answers that are not among these
  int64_t events = 0, unmatched = 0, undecodable = 0, unasked = 0;  // as AskingAgain counts them
  std::vector<std::string> notes;                                   // in words, for people
};

// Reads the ledger and the sources, and changes nothing. False: nothing can be told, and the shell has heard why. True,
// and the shell has an exit code: what could not be read is missing.
bool find_why(const WhyQuestion& question, const OpenedReader& reader, Shell& shell, WhyFindings& findings);

}  // namespace kedge
