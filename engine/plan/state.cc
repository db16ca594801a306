#include "plan/state.h"

#include <array>
#include <string>

namespace kedge {
namespace {

// clang-format off
constexpr std::array kTransitions = {
    Transition{State::planned,     Move::hold,               State::held,        "hold"},
    Transition{State::planned,     Move::wait,               State::waiting,     "hold"},
    Transition{State::planned,     Move::attempt,            State::running,     "attempt"},
    Transition{State::planned,     Move::confirm,            State::confirmed,   "confirmation"},
    Transition{State::planned,     Move::isolate,            State::isolated,    "confirmation"},
    Transition{State::planned,     Move::fail,               State::failed,      "outcome"},
    Transition{State::planned,     Move::refuse,             State::refused,     "refusal"},
    Transition{State::planned,     Move::cancel,             State::cancelled,   "cancellation"},
    Transition{State::planned,     Move::supersede,          State::superseded,  "supersession"},
    Transition{State::planned,     Move::announce,           State::announced,   "announcement"},

    Transition{State::held,        Move::hold,               State::held,        "hold"},
    Transition{State::held,        Move::resume,             State::planned,     "approval"},
    Transition{State::held,        Move::refuse,             State::refused,     "refusal"},
    Transition{State::held,        Move::cancel,             State::cancelled,   "cancellation"},
    Transition{State::held,        Move::expire,             State::expired,     "expiry"},
    Transition{State::held,        Move::supersede,          State::superseded,  "supersession"},
    Transition{State::held,        Move::undo,               State::undoing,     "undo"},

    Transition{State::waiting,     Move::hold,               State::held,        "hold"},
    Transition{State::waiting,     Move::resume,             State::planned,     "resumption"},
    Transition{State::waiting,     Move::cancel,             State::cancelled,   "cancellation"},
    Transition{State::waiting,     Move::expire,             State::expired,     "expiry"},
    Transition{State::waiting,     Move::supersede,          State::superseded,  "supersession"},

    Transition{State::running,     Move::attempt,            State::running,     "attempt"},
    Transition{State::running,     Move::outcome,            State::running,     "outcome"},
    Transition{State::running,     Move::lose_sight,         State::unknown,     "outcome"},
    Transition{State::running,     Move::apply_all,          State::confirming,  "outcome"},
    Transition{State::running,     Move::hold,               State::held,        "hold"},
    Transition{State::running,     Move::wait,               State::waiting,     "hold"},
    Transition{State::running,     Move::fail,               State::failed,      "outcome"},
    Transition{State::running,     Move::undo,               State::undoing,     "undo"},

    Transition{State::unknown,     Move::attempt,            State::running,     "attempt"},
    Transition{State::unknown,     Move::outcome,            State::running,     "outcome"},
    Transition{State::unknown,     Move::apply_all,          State::confirming,  "outcome"},
    Transition{State::unknown,     Move::hold,               State::held,        "hold"},
    Transition{State::unknown,     Move::wait,               State::unknown,     "hold"},
    Transition{State::unknown,     Move::fail,               State::failed,      "outcome"},
    Transition{State::unknown,     Move::undo,               State::undoing,     "undo"},

    Transition{State::confirming,  Move::confirm,            State::confirmed,   "confirmation"},
    Transition{State::confirming,  Move::give_up_confirming, State::unconfirmed, "confirmation"},
    Transition{State::confirming,  Move::attempt,            State::running,     "attempt"},
    Transition{State::confirming,  Move::isolate,            State::isolated,    "confirmation"},
    Transition{State::confirming,  Move::hold,               State::held,        "hold"},
    Transition{State::confirming,  Move::wait,               State::confirming,  "hold"},
    Transition{State::confirming,  Move::undo,               State::undoing,     "undo"},
    Transition{State::confirming,  Move::fail,               State::failed,      "outcome"},

    Transition{State::isolated,    Move::hold,               State::held,        "hold"},
    Transition{State::isolated,    Move::release,            State::releasing,   "release"},
    Transition{State::isolated,    Move::undo,               State::undoing,     "undo"},

    Transition{State::releasing,   Move::attempt,            State::releasing,   "attempt"},
    Transition{State::releasing,   Move::outcome,            State::releasing,   "outcome"},
    Transition{State::releasing,   Move::confirm,            State::confirmed,   "confirmation"},
    Transition{State::releasing,   Move::give_up_confirming, State::unconfirmed, "confirmation"},
    Transition{State::releasing,   Move::wait,               State::releasing,   "hold"},
    Transition{State::releasing,   Move::hold,               State::held,        "hold"},
    Transition{State::releasing,   Move::fail,               State::failed,      "outcome"},

    Transition{State::undoing,     Move::attempt,            State::undoing,     "attempt"},
    Transition{State::undoing,     Move::outcome,            State::undoing,     "outcome"},
    Transition{State::undoing,     Move::wait,               State::undoing,     "hold"},
    Transition{State::undoing,     Move::hold,               State::held,        "hold"},
    Transition{State::undoing,     Move::finish_undo,        State::undone,      "undo"},
    Transition{State::undoing,     Move::refuse,             State::refused,     "refusal"},
    Transition{State::undoing,     Move::fail,               State::failed,      "outcome"},

    Transition{State::confirmed,   Move::undo,               State::undoing,     "undo"},
    Transition{State::unconfirmed, Move::undo,               State::undoing,     "undo"},
    Transition{State::failed,      Move::undo,               State::undoing,     "undo"},
    Transition{State::refused,     Move::undo,               State::undoing,     "undo"},
    Transition{State::cancelled,   Move::undo,               State::undoing,     "undo"},
};
// clang-format on

constexpr std::array<std::string_view, 18> kStates = {
    "planned",   "held",        "waiting", "running", "unknown", "confirming", "isolated", "releasing",  "undoing",
    "confirmed", "unconfirmed", "undone",  "failed",  "refused", "cancelled",  "expired",  "superseded", "announced"};

constexpr std::array<std::string_view, 19> kMoves = {"hold",        "wait",    "resume",
                                                     "attempt",     "outcome", "lose_sight",
                                                     "apply_all",   "confirm", "give_up_confirming",
                                                     "isolate",     "release", "undo",
                                                     "finish_undo", "fail",    "refuse",
                                                     "cancel",      "expire",  "supersede",
                                                     "announce"};

}  // namespace

std::span<const Transition> transitions() { return kTransitions; }

Result<Transition> transition(State from, Move move) {
  for (const Transition& candidate : kTransitions) {
    if (candidate.from == from && candidate.move == move) return candidate;
  }
  return Error{ErrorCode::refused,
               "a remediation that is " + std::string(to_string(from)) + " cannot " + std::string(to_string(move))};
}

bool is_end(State state) { return state >= State::confirmed; }

bool is_before_writing(State state) {
  return state == State::planned || state == State::held || state == State::waiting;
}

std::string_view to_string(State state) { return kStates[static_cast<size_t>(state)]; }
std::string_view to_string(Move move) { return kMoves[static_cast<size_t>(move)]; }

Result<State> parse_state(std::string_view text) {
  for (size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == text) return static_cast<State>(i);
  }
  return Error{ErrorCode::invalid, "'" + std::string(text) + "' is not a state of a remediation"};
}

}  // namespace kedge
