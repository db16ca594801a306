#include "source/handed_start.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kedge {
namespace {

using Kind = ReadingNotice::Kind;

constexpr std::string_view kVersion = "kedge1";

// The word at the beginning, which is taken away with the space behind it.
std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

template <class Integer>
bool read_number(std::string_view word, Integer& number) {
  const auto [end, wrong] = std::from_chars(word.data(), word.data() + word.size(), number);
  return wrong == std::errc() && end == word.data() + word.size() && number >= 0;
}

ReadingNotice notice(const HandedFacts& facts, Kind kind, int64_t from, int64_t to, const std::string& text) {
  return {kind, facts.partition, from, to, to_string(facts.partition) + " " + text};
}

HandedStart start_at(const HandedFacts& facts, int64_t next) {
  return {.wanted = {.cluster = facts.place, .epoch = 0, .next = next, .bookmark = std::nullopt}};
}

StayStopped behind(const HandedFacts& facts) {
  return {notice(facts, Kind::ledger_behind, facts.position ? facts.position->next : 0, facts.mark->next,
                 fmt::format("was decided further than our ledger knows (up to {}, says {}): the ledger is an older "
                             "copy. Nothing is read or done: end the daemon and put the newest backup in its place by "
                             "`kedge ledger restore`, or, where there is none, remove that file",
                             facts.mark->next, facts.mark_file))};
}

std::variant<HandedStart, StayStopped> of_another(const HandedFacts& facts) {
  const DecidedMark& mark = *facts.mark;
  if (facts.permission != Permission::adopt) {
    const std::string whose = mark.ledger.empty() ? "an engine of another version" : "the ledger " + mark.ledger;
    return StayStopped{
        notice(facts, Kind::foreign_ledger, mark.next, mark.next,
               fmt::format("belongs to another engine: by {} it was decided for {}. It is not read until "
                           "somebody decides: `kedge source adopt` takes it over, or give the sensor a "
                           "`data` of its own",
                           facts.mark_file, whose))};
  }
  HandedStart start = start_at(facts, std::max(mark.next, facts.position ? facts.position->next : 0));
  start.notice = notice(facts, Kind::accepted, start.wanted.next, start.wanted.next,
                        fmt::format("was adopted from another ledger at {}", start.wanted.next));
  return start;
}

HandedStart behind_gap(const HandedFacts& facts) {
  const int64_t from = facts.position->next;
  const int64_t to = facts.mark->next;
  HandedStart start = start_at(facts, to);
  start.notice =
      notice(facts, Kind::gap, from, to,
             fmt::format("lost {} events: a newer ledger than the one that was restored had decided them, and "
                         "they are not kept. What still differs is told again when the file `known` beside {} "
                         "is removed while the daemon is down",
                         to - from, facts.mark_file));
  return start;
}

HandedStart in_another_place(const HandedFacts& facts) {
  HandedStart start = start_at(facts, facts.position->next);
  start.notice = notice(facts, Kind::gap, start.wanted.next, start.wanted.next,
                        fmt::format("goes on in a new directory ({} says nothing of the former one): what waited there "
                                    "to be decided is gone, and what differs is told anew",
                                    facts.mark_file));
  return start;
}

}  // namespace

std::string format_mark(const DecidedMark& mark) {
  return fmt::format("{} {} {} {} {}\n", kVersion, mark.place, mark.ledger, mark.epoch, mark.next);
}

DecidedMark parse_mark(std::string_view text) {
  if (!text.ends_with('\n')) return {};
  text.remove_suffix(1);
  if (take_word(text) != kVersion) return {};
  DecidedMark mark;
  mark.place = take_word(text);
  mark.ledger = take_word(text);
  const bool is_whole = read_number(take_word(text), mark.epoch) && read_number(take_word(text), mark.next);
  return is_whole && text.empty() && !mark.place.empty() ? mark : DecidedMark();
}

std::variant<HandedStart, StayStopped> start_of_handing(const HandedFacts& facts) {
  const auto& mark = facts.mark;
  const auto& position = facts.position;
  if (mark && mark->ledger != facts.ledger) return of_another(facts);
  if (!position) return mark ? std::variant<HandedStart, StayStopped>(behind(facts)) : start_at(facts, 0);
  if (!mark || position->cluster != facts.place) return in_another_place(facts);
  const bool is_ahead =
      mark->epoch > position->epoch || (mark->epoch == position->epoch && mark->next > position->next);
  if (is_ahead) return behind(facts);
  if (mark->next > position->next) return behind_gap(facts);
  HandedStart start = start_at(facts, position->next);
  start.wanted.bookmark = position->bookmark;
  start.check = position->bookmark.has_value();
  return start;
}

}  // namespace kedge
