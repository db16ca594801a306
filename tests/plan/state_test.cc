#include "plan/state.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace kedge {
namespace {

std::set<State> reachable_from(State start) {
  std::set<State> seen = {start};
  std::vector<State> open = {start};
  while (!open.empty()) {
    const State from = open.back();
    open.pop_back();
    for (const Transition& row : transitions()) {
      if (row.from == from && seen.insert(row.to).second) open.push_back(row.to);
    }
  }
  return seen;
}

TEST(StateTable, HasOneRowForAStateAndAMove) {
  std::set<std::pair<State, Move>> seen;
  for (const Transition& row : transitions()) {
    EXPECT_TRUE(seen.insert({row.from, row.move}).second) << to_string(row.from) << " " << to_string(row.move);
    EXPECT_FALSE(row.record.empty());
  }
}

TEST(StateTable, ReachesEveryStateFromPlanned) { EXPECT_EQ(reachable_from(State::planned).size(), 18U); }

TEST(StateTable, LeavesNoStateThatCannotEnd) {
  for (const Transition& row : transitions()) {
    const auto reachable = reachable_from(row.to);
    EXPECT_TRUE(std::any_of(reachable.begin(), reachable.end(), is_end)) << to_string(row.to);
  }
}

TEST(StateTable, OpensAnEndedRemediationOnlyToUndoIt) {
  for (const Transition& row : transitions()) {
    if (is_end(row.from)) {
      EXPECT_EQ(row.move, Move::undo);
    }
  }
}

TEST(StateTable, SupersedesOnlyWhatHasNotWritten) {
  for (const Transition& row : transitions()) {
    if (row.move == Move::supersede) {
      EXPECT_TRUE(is_before_writing(row.from));
    }
  }
}

TEST(StateTable, NamesBothWhenAMoveIsIllegal) {
  const auto illegal = transition(State::confirmed, Move::attempt);
  ASSERT_FALSE(illegal.ok());
  EXPECT_EQ(illegal.error().message, "a remediation that is confirmed cannot attempt");
}

TEST(StateTable, NamesAreReadAsTheyAreWritten) {
  for (const State state : reachable_from(State::planned)) EXPECT_EQ(*parse_state(to_string(state)), state);
  EXPECT_FALSE(parse_state("done").ok());
}

}  // namespace
}  // namespace kedge
