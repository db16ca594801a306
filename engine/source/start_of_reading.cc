#include "source/start_of_reading.h"

#include <charconv>

namespace kedge {
namespace {

using Kind = ReadingNotice::Kind;

constexpr std::string_view kMark = "kedge1 ";

StayStopped stopped(const StartFacts& facts, Kind kind, int64_t from, int64_t to, std::string text) {
  return {{kind, facts.partition, from, to, to_string(facts.partition) + " " + std::move(text)}};
}

ReadingNotice notice(const StartFacts& facts, Kind kind, int64_t from, int64_t to, std::string text) {
  return {kind, facts.partition, from, to, to_string(facts.partition) + " " + std::move(text)};
}

StartReading start_at(const StartFacts& facts, int64_t offset) {
  return {.read_from = offset,
          .wanted = {.cluster = facts.cluster, .epoch = 0, .next = offset, .bookmark = std::nullopt}};
}

StartReading start_behind_gap(const StartFacts& facts, int64_t from) {
  StartReading start = start_at(facts, facts.log.low);
  start.notice = notice(facts, Kind::gap, from, facts.log.low,
                        "lost the records from " + std::to_string(from) + " to " + std::to_string(facts.log.low - 1) +
                            " to the topic's retention before they were read; reading goes on behind them");
  return start;
}

StayStopped stopped_at_another_log(const StartFacts& facts, int64_t next, const std::string& why) {
  return stopped(facts, Kind::another_log, next, facts.log.high,
                 "is not the log that was read before: " + why +
                     ". It is not read until somebody decides: `kedge source accept` takes it from its start");
}

StartDecision start_at_group(const StartFacts& facts, Kind kind, const std::string& text) {
  const int64_t offset = facts.group->offset;
  if (offset > facts.log.high) {
    return stopped_at_another_log(
        facts, offset,
        "the group's offset " + std::to_string(offset) + " lies beyond its end " + std::to_string(facts.log.high));
  }
  if (offset < facts.log.low) return start_behind_gap(facts, offset);
  StartReading start = start_at(facts, offset);
  start.notice = notice(facts, kind, offset, offset, text);
  return start;
}

// What the mark on the group's offset forbids or, with permission, decides; none: it has no say.
std::optional<StartDecision> decide_by_mark(const GroupMark& mark, const StartFacts& facts) {
  const std::string offset = std::to_string(facts.group->offset);
  if (mark.ledger != facts.ledger) {
    if (facts.permission == Permission::adopt) {
      return start_at_group(facts, Kind::accepted, "was adopted from another ledger at offset " + offset);
    }
    const std::string whose = mark.ledger.empty() ? "an engine of another version" : "the ledger " + mark.ledger;
    return stopped(facts, Kind::foreign_ledger, facts.group->offset, facts.group->offset,
                   "belongs to another engine: the group's offset " + offset + " was committed for " + whose +
                       ". It is not read until somebody decides: `kedge source adopt` takes it over, or use a group of "
                       "our own");
  }
  if (auto behind = ledger_behind(facts)) return StayStopped{*std::move(behind)};
  return std::nullopt;
}

bool group_is_ahead(const GroupMark& mark, const StartFacts& facts) {
  if (!facts.position) return true;
  if (mark.epoch != facts.position->epoch) return mark.epoch > facts.position->epoch;
  return facts.group->offset > facts.position->next;
}

StartDecision go_on(const Position& position, const StartFacts& facts) {
  if (position.cluster != facts.cluster) {
    return stopped_at_another_log(facts, position.next,
                                  "the cluster is " + facts.cluster + " and was " + position.cluster);
  }
  if (facts.log.high < position.next) {
    return stopped_at_another_log(
        facts, position.next,
        "it ends at " + std::to_string(facts.log.high) + ", and we had read up to " + std::to_string(position.next));
  }
  if (facts.log.low > position.next) return start_behind_gap(facts, position.next);
  StartReading start = start_at(facts, position.next);
  if (!position.bookmark) return start;
  start.bookmark_gone = position.bookmark->offset < facts.log.low;
  if (start.bookmark_gone) return start;
  start.check = true;
  start.read_from = position.bookmark->offset;
  start.wanted.bookmark = position.bookmark;
  return start;
}

}  // namespace

std::string format_group_mark(const GroupMark& mark) {
  return std::string(kMark) + mark.ledger + " " + std::to_string(mark.epoch);
}

std::optional<GroupMark> parse_group_mark(std::string_view metadata) {
  if (!metadata.starts_with("kedge")) return std::nullopt;
  GroupMark mark;
  if (!metadata.starts_with(kMark)) return mark;
  metadata.remove_prefix(kMark.size());
  const size_t space = metadata.find(' ');
  if (space == std::string_view::npos || space == 0) return mark;
  const std::string_view epoch = metadata.substr(space + 1);
  const auto [end, error] = std::from_chars(epoch.data(), epoch.data() + epoch.size(), mark.epoch);
  if (error != std::errc() || end != epoch.data() + epoch.size()) return GroupMark();
  mark.ledger = metadata.substr(0, space);
  return mark;
}

std::optional<ReadingNotice> ledger_behind(const StartFacts& facts) {
  const auto mark = facts.group ? parse_group_mark(facts.group->metadata) : std::nullopt;
  if (!mark || mark->ledger != facts.ledger || !group_is_ahead(*mark, facts)) return std::nullopt;
  const std::string offset = std::to_string(facts.group->offset);
  return notice(
      facts, Kind::ledger_behind, facts.position ? facts.position->next : 0, facts.group->offset,
      "was read further than our ledger knows (the group stands at " + offset +
          "): the ledger is an older copy. Nothing is read or done: end the daemon and put the newest backup in its "
          "place by `kedge ledger restore` (it is read on from there, with effects paused), or give the source another "
          "`group`");
}

StartDecision start_of_reading(const StartFacts& facts) {
  if (facts.group) {
    if (const auto mark = parse_group_mark(facts.group->metadata)) {
      if (auto decided = decide_by_mark(*mark, facts)) return *std::move(decided);
    }
  }
  if (facts.permission == Permission::accept) {
    StartReading start = start_at(facts, facts.log.low);
    start.notice =
        notice(facts, Kind::accepted, facts.log.low, facts.log.high, "was accepted as it is, from its start");
    return start;
  }
  if (facts.position) return go_on(*facts.position, facts);
  if (facts.group) {
    return start_at_group(facts, Kind::started_at_group,
                          "starts at offset " + std::to_string(facts.group->offset) +
                              ", which somebody else committed for the group: what lies before it is not read");
  }
  if (facts.topic_known || facts.configured == StartAt::earliest) return start_at(facts, facts.log.low);
  return start_at(facts, facts.log.high);
}

ReadingNotice another_record(const PartitionId& partition, const Bookmark& bookmark) {
  const std::string offset = std::to_string(bookmark.offset);
  return {
      Kind::another_log, partition, bookmark.offset, bookmark.offset,
      to_string(partition) + " is not the log that was read before: at offset " + offset +
          " stands another record than the one that was handled. It is not read until somebody decides: `kedge source "
          "accept` takes it from its start"};
}

}  // namespace kedge
