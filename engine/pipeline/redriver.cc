#include "pipeline/redriver.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "pipeline/deciding_anew.h"

namespace kedge {
namespace {

Redriven refused(int64_t number, std::string why) { return {number, Redriven::Kind::refused, {}, std::move(why)}; }

bool is_failed_match(const DeadLetter& letter) { return letter.reason.starts_with("match_"); }

// The others are of a message that could not be decoded: its events are not known.
bool is_of_one_event(const DeadLetter& letter) { return !letter.rule.empty() || is_failed_match(letter); }

// Whether what failed now is what the letter is about; otherwise it is another letter's beginning.
bool is_the_same(const DeadLetter& letter, const DeadLetter& failed) {
  if (!failed.rule.empty()) return failed.rule == letter.rule;
  return !is_failed_match(failed) || is_of_one_event(letter);
}

RedriveDeadLetter::Failure failure_of(const DeadLetter& letter, const DeadLetter& failed) {
  // By this reason it is known that the letter is of one event.
  if (is_failed_match(letter) && !is_failed_match(failed)) {
    return {letter.reason, failed.reason + ": " + failed.message, failed.rule_version};
  }
  return {failed.reason, failed.message, failed.rule_version};
}

Result<FetchedRecord> kept(const DeadLetter& letter) {
  FetchedRecord record{letter.key, letter.value, {}, !letter.key.empty()};
  for (const auto& header : letter.headers) {
    auto value = from_base64(header.at(1).get<std::string>());
    if (!value) return value.error().with("a header of dead letter " + std::to_string(letter.number));
    record.headers.emplace_back(header.at(0).get<std::string>(), *std::move(value));
  }
  return record;
}

Redriven::Kind kind_of(const Decider::Outcome& outcome) {
  const CommitBatch& decided = outcome.commit;
  if (!decided.findings.empty() || !decided.suppressions.empty() || !decided.dead_letters.empty()) {
    return Redriven::Kind::decided;
  }
  return outcome.matches > 0 ? Redriven::Kind::nothing : Redriven::Kind::unmatched;
}

std::string why(Redriven::Kind kind, const RedriveDeadLetter& change, const std::vector<Disposition>& dispositions) {
  switch (kind) {
    case Redriven::Kind::decided:
      return words_of(change.decided, dispositions);
    case Redriven::Kind::nothing:
      return words_of_nothing(change.decided);
    case Redriven::Kind::unmatched:
      return "no rule in force wants it";
    case Redriven::Kind::failed:
      return change.failure->reason + ": " + change.failure->message;
    case Redriven::Kind::refused:
      break;
  }
  return "";
}

}  // namespace

std::string_view to_string(Redriven::Kind kind) {
  switch (kind) {
    case Redriven::Kind::decided:
      return "decided";
    case Redriven::Kind::nothing:
      return "nothing";
    case Redriven::Kind::unmatched:
      return "unmatched";
    case Redriven::Kind::failed:
      return "failed";
    case Redriven::Kind::refused:
      break;
  }
  return "refused";
}

Redriver::Redriver(Parts parts, Decider::Options options) : parts_(parts), options_(unbenched(std::move(options))) {}

std::vector<Redriven> Redriver::redrive(std::span<const int64_t> numbers, const std::string& actor) {
  Decider decider(parts_.reader, parts_.clock, parts_.random, options_);
  decider.use(parts_.rules.get());
  decider.use_principals(parts_.us.get());
  Silent silent;
  std::vector<Redriven> all;
  for (const int64_t number : numbers) all.push_back(redrive_one(decider, silent, number, actor));
  return all;
}

Redriven Redriver::redrive_one(Decider& decider, Silent& silent, int64_t number, const std::string& actor) {
  const auto letter = parts_.reader.dead_letter(number);
  if (!letter) return refused(number, letter.error().message);
  const auto batch = batch_of(*letter, silent);
  if (!batch) return refused(number, batch.error().message);
  Decider::Redrive wanted;
  if (is_of_one_event(*letter)) wanted.index = letter->index;
  if (!letter->rule.empty()) {
    const Rule* rule = decider.rules()->find(letter->rule);
    if (rule == nullptr) return refused(number, "the rule " + letter->rule + " is not loaded");
    wanted.rule = rule - decider.rules()->rules().data();
  }
  Decider::Outcome outcome;
  decider.forget_snapshot();
  decider.decide_again(*batch, wanted, outcome);
  for (Finding& finding : outcome.commit.findings) finding.requester = actor;

  const auto kind = kind_of(outcome);
  RedriveDeadLetter change{number, actor, std::string(to_string(kind)), std::move(outcome.commit), std::nullopt};
  std::vector<DeadLetter>& failed = change.decided.dead_letters;
  const auto again = std::find_if(failed.begin(), failed.end(), [&](const auto& f) { return is_the_same(*letter, f); });
  if (again != failed.end()) {  // nothing else can have come of it
    change.failure = failure_of(*letter, *again);
    change.outcome = to_string(Redriven::Kind::failed);
    change.decided = {};
  }
  const Answer answer = parts_.committer.commit(change);
  if (!answer.done()) return refused(number, answer.error.message);
  Redriven redriven{number, change.failure ? Redriven::Kind::failed : kind, {}, {}};
  for (const Disposition& one : answer.dispositions) {
    if (!one.remediation.empty()) redriven.remediations.push_back(one.remediation);
  }
  redriven.why = why(redriven.kind, change, answer.dispositions);
  return redriven;
}

// The message as its source handed it over.
Result<Batch> Redriver::batch_of(const DeadLetter& letter, Silent& silent) {
  const auto record = whole(letter, silent);
  if (!record) return record.error();
  std::vector<MessageHeader> headers;
  for (const auto& [name, value] : record->headers) headers.push_back({name, value});
  SourceMessage message;
  message.offset = letter.offset;
  message.key = record->key;
  message.value = record->value;
  message.headers = headers;
  message.has_key = record->has_key;
  return batch_of_one(parts_.reader, {letter.source, letter.topic, letter.partition}, message, letter.at);
}

Result<FetchedRecord> Redriver::whole(const DeadLetter& letter, Silent& silent) {
  const bool cut = static_cast<int64_t>(letter.value.size()) < letter.value_bytes;
  if (!cut) return kept(letter);
  const std::string of_it =
      fmt::format("only the first {} of its {} bytes are kept, and ", letter.value.size(), letter.value_bytes);
  const auto no = [&](const std::string& why) { return Error{ErrorCode::refused, of_it + why}; };
  if (parts_.fetch == nullptr) return no("there is no source to read it from again");
  if (const auto failed = silent.find(letter.source); failed != silent.end()) return no(failed->second.message);
  auto record = parts_.fetch({letter.source, letter.topic, letter.partition}, letter.offset);
  if (!record) {
    const Error error = record.error().with("the source does not give it");
    const bool of_this_one = error.code == ErrorCode::not_found;
    if (!of_this_one) silent.emplace(letter.source, error);
    return no(error.message);
  }
  if (sha256(record->value) != letter.value_digest) {
    return no(
        fmt::format("another record stands at offset {} of {}[{}] now", letter.offset, letter.topic, letter.partition));
  }
  return record;
}

}  // namespace kedge
