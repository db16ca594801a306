#include "trail/report.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/json.h"
#include "trail/journal_scan.h"
#include "trail/record_summary.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

constexpr size_t kTimeIsLookedAt = 500;  // records, at the latest

// ---- what the incident is about
// --------------------------------------------------------------------------------------

struct Subjects {
  std::set<std::string> remediations, principals, targets, rules;
  std::string first, last;  // times, as records write them
};

void take_time(Subjects& subjects, const std::string& time) {
  if (time.empty()) return;
  if (subjects.first.empty() || time < subjects.first) subjects.first = time;
  subjects.last = std::max(subjects.last, time);
}

Subjects subjects_of(const std::vector<Story>& stories) {
  Subjects subjects;
  const auto take = [](std::set<std::string>& into, std::string name) {
    if (!name.empty()) into.insert(std::move(name));
  };
  for (const Story& story : stories) {
    take(subjects.remediations, story.remediation);
    for (const std::string& principal : principals_of(story)) take(subjects.principals, principal);
    take_time(subjects, raw_text_at(story.plan, "/times/happened"));
    for (const Json& record : story.records) {
      take(subjects.targets, raw_text_at(record, "/target"));
      take(subjects.rules, raw_text_at(record, "/rule/id"));
      take_time(subjects, raw_text_at(record, "/at"));
    }
  }
  return subjects;
}

bool may_concern(const JournalEntry& entry, const Subjects& subjects) {
  for (const auto* names : {&subjects.principals, &subjects.targets, &subjects.rules}) {
    for (const std::string& name : *names) {
      if (may_hold(entry, name)) return true;
    }
  }
  return false;
}

// ---- what stands beside it
// -------------------------------------------------------------------------------------------

BesideRecord beside(const Json& record) {
  BesideRecord one;
  const auto seq = record.find("seq");
  one.seq = seq != record.end() && seq->is_number_integer() ? seq->get<int64_t>() : 0;
  one.at = raw_text_at(record, "/at");
  one.kind = raw_text_at(record, "/kind");
  one.rule = raw_text_at(record, "/rule/id");
  one.target = raw_text_at(record, "/target");
  one.principal = raw_text_at(record, "/event/principal");
  one.remediation = raw_text_at(record, "/remediation");
  one.summary = summary_of(record);
  return one;
}

// Sorts the records that come, newest first, into the report's lists.
class Gathering {
 public:
  Gathering(Report& report, Subjects subjects, std::string window_begins)
      : report_(report), subjects_(std::move(subjects)), window_begins_(std::move(window_begins)) {}

  const Subjects& subjects() const { return subjects_; }
  // All records of it are of use: what else the actors did has states that only its other records tell.
  bool in_window(const std::string& at) const { return at >= window_begins_; }

  void take(const Json& record) {
    const std::string remediation = raw_text_at(record, "/remediation");
    if (subjects_.remediations.contains(remediation)) return;
    if (!remediation.empty()) states_.try_emplace(remediation, raw_text_at(record, "/to"));
    const std::string kind = raw_text_at(record, "/kind");
    if (kind == "plan") take_plan(record, remediation);
    if (kind == "suppression") take_suppression(beside(record));
  }

 private:
  void take_plan(const Json& record, const std::string& remediation) {
    BesideRecord plan = beside(record);
    std::string& state = states_[remediation];
    if (state.empty()) state = raw_text_at(record, "/state");
    plan.state = state;
    if (of_the_actor(plan)) add(report_.same_actor, plan);
    if (raw_text_at(record, "/disposition") == "joined") return;
    if (subjects_.rules.contains(plan.rule)) {
      ++report_.ends[plan.rule][plan.state];
      if (!subjects_.targets.contains(plan.target)) add(report_.same_rule, plan);
    }
    if (subjects_.targets.contains(plan.target)) add(report_.same_target, plan);
  }

  void take_suppression(const BesideRecord& one) {
    if (of_the_actor(one)) add(report_.same_actor, one);
    if (subjects_.targets.contains(one.target) && in_window(one.at)) add(report_.left_alone, one);
  }

  bool of_the_actor(const BesideRecord& one) const {
    return subjects_.principals.contains(one.principal) && in_window(one.at);
  }

  void add(BesideRecords& list, const BesideRecord& one) const {
    if (list.rows.size() < report_.bounds.rows_max) {
      list.rows.push_back(one);
    } else {
      ++list.left_out;
    }
  }

  Report& report_;
  const Subjects subjects_;
  const std::string window_begins_;
  std::map<std::string, std::string> states_;  // by remediation: where its newest move led
};

std::string moved(const std::string& time, Duration by) {
  const auto parsed = parse_time(time);
  return parsed ? format_time(std::max(Time{}, *parsed + by)) : time;
}

Result<void> look_around(const Trail& trail, Report& report) {
  Subjects subjects = subjects_of(report.stories);
  std::optional<Time> end;
  if (const auto last = parse_time(subjects.last)) end = *last + report.bounds.around;
  const std::string oldest = moved(subjects.first, -report.bounds.past);
  const std::string window = moved(subjects.first, -report.bounds.around);
  Gathering gathering(report, std::move(subjects), window);
  size_t read = 0;
  bool inside = true;  // of the window
  return scan_backwards(trail.records(), end, [&](const JournalEntry& entry) -> Result<bool> {
    if (read == report.bounds.records_max) {
      report.stopped_early = true;
      return false;
    }
    const bool time_is_due = read++ % kTimeIsLookedAt == 0;
    if (!inside && !time_is_due && !may_concern(entry, gathering.subjects())) return true;
    const auto record = parse_record(entry);
    if (!record) return record.error();
    const std::string at = raw_text_at(*record, "/at");
    if (at < oldest) return false;
    report.read_back_to = at;
    inside = gathering.in_window(at);
    gathering.take(*record);
    return true;
  });
}

// ---- the rule as it was
// ----------------------------------------------------------------------------------------------

std::map<std::string, std::string> files_of(const std::string& bundle) {
  std::map<std::string, std::string> files;
  const auto parsed = parse_json(bundle);
  if (!parsed || !parsed->contains("files") || !(*parsed)["files"].is_object()) return files;
  for (const auto& [path, text] : (*parsed)["files"].items()) {
    if (text.is_string()) files[path] = text.get<std::string>();
  }
  return files;
}

void find_rules(const Trail& trail, Report& report) {
  for (const Story& story : report.stories) {
    const std::string version = raw_text_at(story.plan, "/rule/version");  // the digest of its bundle
    if (version.empty() || report.rule_files.contains(version)) continue;
    const auto bundle = trail.blob(version);
    if (!bundle) continue;
    if (auto files = files_of(*bundle); !files.empty()) report.rule_files[version] = std::move(files);
  }
}

int64_t first_seq(const Story& story) {
  return story.records.empty() ? 0 : story.records.front().value("seq", int64_t{0});
}

}  // namespace

std::vector<std::string> principals_of(const Story& story) {
  std::vector<std::string> principals;
  for (const Json& record : story.records) {
    if (raw_text_at(record, "/kind") != "plan") continue;
    const std::string principal = raw_text_at(record, "/event/principal");
    const bool known = std::find(principals.begin(), principals.end(), principal) != principals.end();
    if (!principal.empty() && !known) principals.push_back(principal);
  }
  return principals;
}

Result<Report> gather_report(const Trail& trail, RecordSearch& search, const std::vector<std::string>& ids, Time now,
                             const ReportBounds& bounds) {
  Report report;
  report.bounds = bounds;
  report.made = now;
  if (ids.empty()) return Error{ErrorCode::invalid, "an incident has at least one remediation"};
  const auto end = trail.records().end();
  if (!end) return end.error();
  report.head = *end - 1;
  if (const auto ledger = trail.ledger_id()) report.ledger = *ledger;
  std::set<std::string> taken;
  for (const std::string& id : ids) {
    auto story = find_story(trail, search, id);
    if (!story) return story.error();
    if (taken.insert(story->remediation).second) report.stories.push_back(*std::move(story));
  }
  std::sort(report.stories.begin(), report.stories.end(),
            [](const Story& a, const Story& b) { return first_seq(a) < first_seq(b); });
  if (const auto done = look_around(trail, report); !done) return done.error();
  find_rules(trail, report);
  return report;
}

}  // namespace kedge
