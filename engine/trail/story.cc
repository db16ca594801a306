#include "trail/story.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/json.h"
#include "ledger/values_json.h"
#include "trail/journal_scan.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

int64_t number_at(const Json& value, const char* name) {
  const auto found = value.is_object() ? value.find(name) : value.end();
  return found != value.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

const Json* member(const Json& value, const char* name) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(name);
  return found == value.end() ? nullptr : &*found;
}

bool is_kind(const Json& record, std::string_view kind) { return raw_text_at(record, "/kind") == kind; }

// A plan that opened a remediation; one that joined tells of another finding.
bool opens(const Json& record) { return is_kind(record, "plan") && raw_text_at(record, "/disposition") != "joined"; }

// ---- from records to steps
// -------------------------------------------------------------------------------------------

std::vector<StoryStep> planned_steps(const Json& plan) {
  std::vector<StoryStep> steps;
  for (const char* list : {"/plan/isolate", "/plan/revert", "/plan/replace"}) {
    const Json::json_pointer where(list);
    if (!plan.contains(where) || !plan.at(where).is_array()) continue;
    for (const Json& planned : plan.at(where)) {
      StoryStep& step = steps.emplace_back();
      step.action = raw_text_at(planned, "/action");
      if (const Json* args = member(planned, "args")) step.args = *args;
    }
  }
  return steps;
}

StoryStep* step_named_in(std::vector<StoryStep>& steps, const Json& value) {
  const Json* number = member(value, "step");
  if (number == nullptr || !number->is_number_integer()) return nullptr;
  const auto index = number->get<int64_t>();
  return index >= 0 && index < static_cast<int64_t>(steps.size()) ? &steps[static_cast<size_t>(index)] : nullptr;
}

// The states of a list like [{"step":0,"state":{...}}]; `keep`: those that are known already stay.
void take_states(const Json& record, const char* list, std::vector<StoryStep>& steps, Json StoryStep::*place,
                 bool keep = false) {
  const Json* states = member(record, list);
  if (states == nullptr || !states->is_array()) return;
  for (const Json& one : *states) {
    StoryStep* const step = step_named_in(steps, one);
    const Json* const state = member(one, "state");
    if (step == nullptr || state == nullptr || (keep && !(step->*place).is_null())) continue;
    step->*place = *state;
  }
}

std::vector<StoryStep> steps_of(const Json& plan, const std::vector<Json>& records) {
  std::vector<StoryStep> steps = planned_steps(plan);
  bool wrote = false;   // from the first attempt on the befores stay
  bool undone = false;  // what an undo or a release restores is not what we left
  for (const Json& record : records) {
    take_states(record, "befores", steps, &StoryStep::before, wrote);
    undone = undone || is_kind(record, "undo") || is_kind(record, "release");
    if (undone) continue;
    StoryStep* const step = step_named_in(steps, record);
    if (is_kind(record, "attempt")) {
      wrote = true;
      if (step != nullptr) ++step->attempts;
    }
    if (step != nullptr && member(record, "result") != nullptr) {
      step->result = raw_text_at(record, "/result");
      step->writes += number_at(record, "writes");
      if (const Json* after = member(record, "after")) step->after = *after;
    }
    take_states(record, "afters", steps, &StoryStep::after);
  }
  for (StoryStep& step : steps) {
    if (!step.before.is_null() && !step.after.is_null()) step.changes = state_difference(step.before, step.after);
  }
  return steps;
}

// ---- from the trail to records
// -------------------------------------------------------------------------------------

constexpr size_t kIdsMost = 12;  // that an id may be the beginning of and all of which are told

// What one walk through the trail finds.
struct Found {
  std::set<std::string> ids;
  std::vector<JournalEntry> entries;             // that name it, newest first
  std::multimap<int64_t, JournalEntry> notices;  // by the record that they are about
};

Result<Found> collect(RecordSearch& search, const std::string& id) {
  Found found;
  IndexQuery query;
  query.conditions = {{{RecordField::remediation}, IndexQuery::How::beginning, {id}}};  // and notices about its records
  const auto done = search.newest_first(std::move(query), [&](const JournalEntry& entry) -> Result<bool> {
    const bool is_notice = may_hold(entry, "notice");
    if (!is_notice && !may_hold(entry, id)) return true;
    const auto record = parse_record(entry);
    if (!record) return record.error();
    if (is_notice && is_kind(*record, "notice")) {
      found.notices.emplace(number_at(*record, "about"), entry);
      return true;
    }
    const std::string named = raw_text_at(*record, "/remediation");
    if (named.empty() || !named.starts_with(id)) return true;
    found.ids.insert(named);
    found.entries.push_back(entry);
    if (found.ids.size() > kIdsMost) return false;
    return !(named == id && opens(*record));  // nothing older tells of it; of the beginning of an id, others may
  });
  if (!done) return done.error();
  return found;
}

Error which_one(const std::string& id, const std::set<std::string>& ids) {
  const bool more = ids.size() > kIdsMost;
  std::string names;
  for (const std::string& one : ids) names += (names.empty() ? "" : ", ") + one;
  return {ErrorCode::invalid,
          "'" + id + "' is the beginning of " +
              (more ? "many remediations, such as " : std::to_string(ids.size()) + " remediations: ") + names};
}

Result<std::vector<Json>> open_records(const Trail& trail, const Found& found) {
  std::vector<Json> records;
  const auto add = [&](const JournalEntry& entry) -> Result<void> {
    auto record = open_record(trail, entry);
    if (!record) return record.error();
    records.push_back(*std::move(record));
    return {};
  };
  for (const JournalEntry& entry : found.entries) {
    if (auto added = add(entry); !added) return added.error();
    const auto [first, last] = found.notices.equal_range(entry.seq);
    for (auto notice = first; notice != last; ++notice) {
      if (auto added = add(notice->second); !added) return added.error();
    }
  }
  std::sort(records.begin(), records.end(),
            [](const Json& a, const Json& b) { return number_at(a, "seq") < number_at(b, "seq"); });
  return records;
}

// Of one that has not ended, as far as its plan tells them.
Json first_phases(const Json& plan) {
  Json phases = Json::object();
  const auto phase = [&](const char* name, const char* from, const char* to) {
    const auto began = parse_time(raw_text_at(plan, from));
    const auto ended = parse_time(raw_text_at(plan, to));
    if (began && ended) phases[name] = Duration(*ended - *began).count();
  };
  phase("detection", "/times/happened", "/times/received");
  phase("evaluation", "/times/received", "/times/decided");
  return phases;
}

Json json_of(const StateChange& change) {
  Json json = {{"where", change.where}};
  if (change.before) json["before"] = *change.before;
  if (change.after) json["after"] = *change.after;
  return json;
}

Json json_of(const StoryStep& step) {
  Json changes = Json::array();
  for (const StateChange& change : step.changes) changes.push_back(json_of(change));
  return {
      {"action", step.action}, {"args", step.args},     {"attempts", step.attempts}, {"writes", step.writes},
      {"result", step.result}, {"before", step.before}, {"after", step.after},       {"changes", std::move(changes)}};
}

}  // namespace

Story story_of(std::vector<Json> records) {
  Story story;
  for (const Json& record : records) {
    if (story.remediation.empty()) story.remediation = raw_text_at(record, "/remediation");
    if (story.plan.is_null() && opens(record)) {
      story.plan = record;
      story.state = raw_text_at(record, "/state");
    }
    if (const Json* to = member(record, "to"); to != nullptr && to->is_string()) story.state = to->get<std::string>();
    if (const Json* phases = member(record, "phases"); phases != nullptr && phases->is_object()) story.phases = *phases;
  }
  story.steps = steps_of(story.plan, records);
  story.records = std::move(records);
  return story;
}

Result<Story> find_story(const Trail& trail, const std::string& id) {
  RecordSearch search(trail.records());
  return find_story(trail, search, id);
}

Result<Story> find_story(const Trail& trail, RecordSearch& search, const std::string& id) {
  const Error nobody{ErrorCode::not_found, "no record tells of a remediation '" + id + "'"};
  if (id.empty()) return nobody;
  const auto found = collect(search, id);
  if (!found) return found.error();
  if (found->ids.empty()) return nobody;
  if (found->ids.size() > 1) return which_one(id, found->ids);
  auto records = open_records(trail, *found);
  if (!records) return records.error();

  Story story = story_of(*std::move(records));
  if (const auto document = trail.blob(raw_text_at(story.plan, "/event/document_sha256"))) {
    if (auto event = parse_json(*document)) story.event = *std::move(event);
  }
  if (story.phases.is_null()) {
    const auto open =
        trail.ledger() == nullptr ? Result<Remediation>(nobody) : trail.ledger()->remediation(story.remediation);
    story.phases = open ? phases_of(*open) : first_phases(story.plan);
  }
  return story;
}

Json to_json(const Story& story) {
  Json steps = Json::array();
  for (const StoryStep& step : story.steps) steps.push_back(json_of(step));
  return {{"remediation", story.remediation}, {"state", story.state}, {"plan", story.plan},      {"event", story.event},
          {"phases", story.phases},           {"steps", steps},       {"records", story.records}};
}

}  // namespace kedge
