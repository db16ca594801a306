// Report: what the record knows about an incident, gathered for the correction of errors: the document in which people
// say what happened, and what is to be done so that it does not happen again (report_page.h says it in words).
//
// An incident is one remediation or several. Besides their stories the report holds what stands beside them in the
// trail: what else the same people touched, what was left alone, and how the like ended before. For that the trail
// is read backwards, no further than the bounds say; how far it was read stands in the report.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "trail/story.h"
#include "trail/trail.h"

namespace kedge {

struct ReportBounds {
  Duration around = std::chrono::hours(24);     // the incident: what else the same actors did
  Duration past = std::chrono::hours(24 * 90);  // before it: how the like ended
  size_t records_max = 200'000;                 // read beside the stories
  size_t rows_max = 50;                         // of each list; the rest is counted
};

// A plan or a suppression beside the incident.
struct BesideRecord {
  int64_t seq = 0;
  std::string at, kind, rule, target, principal;
  std::string remediation;  // of a plan
  std::string state;        // of that remediation, as far as the report reads
  std::string summary;

  bool operator==(const BesideRecord&) const = default;
};

// What was found, newest first, up to the bound on rows.
struct BesideRecords {
  std::vector<BesideRecord> rows;
  size_t left_out = 0;

  bool operator==(const BesideRecords&) const = default;
};

struct Report {
  std::string ledger;  // its id
  int64_t head = 0;    // the last record when it was made
  Time made;
  std::vector<Story> stories;  // by the time they were opened; at least one

  BesideRecords same_actor;   // plans and suppressions of the incident's principals
  BesideRecords left_alone;   // suppressions about the incident's targets
  BesideRecords same_target;  // remediations of the incident's targets
  BesideRecords same_rule;    // of the incident's rules, on other targets
  std::map<std::string, std::map<std::string, size_t>>
      ends;  // by rule: how all of these ended, those of above included

  // By the rule's version: its files, where the bundle is kept.
  std::map<std::string, std::map<std::string, std::string>> rule_files;

  ReportBounds bounds;
  std::string read_back_to;    // the time of the oldest record that was looked at
  bool stopped_early = false;  // by the bound on records, before the bound on time
};

// `search`: of the records of the trail. `ids`: of remediations, or their beginnings. Errors are those of find_story.
Result<Report> gather_report(const Trail& trail, RecordSearch& search, const std::vector<std::string>& ids, Time now,
                             const ReportBounds& bounds = {});

// Who caused the event of this story, and all that joined it: each once, in the order in which they came.
std::vector<std::string> principals_of(const Story&);

}  // namespace kedge
