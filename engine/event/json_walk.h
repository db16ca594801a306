// The grammar of JSON, checked in one pass over the marks of a text, with a visitor that is told what stands there. For
// whoever reads a text once, from its beginning to its end, while it is checked.
//
// A Visitor has, `depth` being how many objects and arrays are open around,
//   bool open(depth, mark, is_object)  an object or array begins; false: nothing of it is wanted, not even its end
//   void close(depth, mark)            the one that was opened at this depth ends
//   static constexpr bool kSeesText    whether it has the rest:
//   void back(depth)                   one or more have ended, and more follows in what is around them
//   bool may_want_key(first)           false: no member of the innermost object whose key begins so is wanted
//   void key(begin, next)              of a member that may be wanted; its value follows
//   void unwanted_key()                of another; its value follows, unless it is a string
//   void string(begin, next)           a string; `begin` is behind its opening quote, `next` at what stands behind it.
//                                      Escapes, here and in keys, have not been checked yet
//   void scalar(text)                  a number, or true, false or null
// It is handed over by value, so that what it knows can stand in registers. What it was told is worth nothing where the
// text turns out not to be valid.
#pragma once

#include <string_view>
#include <utility>

#include "event/json_text.h"

namespace kedge {
namespace json_walk {

// From behind a member's value to behind the last of those next to it whose values are strings: most members of most
// events, at one comparison each.
inline size_t skip_text_members(const JsonText& text, size_t mark, size_t mark_count) {
  const char* const bytes = text.bytes.data();
  const uint32_t* const marks = text.marks;
  for (; mark + 4 <= mark_count; mark += 4) {
    const auto is = [&](size_t behind, char what) {
      return static_cast<unsigned>(bytes[marks[mark + behind]] == what);
    };
    if ((is(0, ',') & is(1, '"') & is(2, ':') & is(3, '"')) == 0) break;
  }
  return mark;
}

// Wants nothing.
struct Nobody {
  static constexpr bool kSeesText = false;
  bool open(uint32_t, uint32_t, bool) { return true; }
  void close(uint32_t, uint32_t) {}
};

}  // namespace json_walk

template <class Visitor>
const JsonError* JsonScanner::walk(std::string_view bytes, JsonRules rules, Visitor visitor) {
  return find_marks(bytes) && check_grammar(rules, std::move(visitor)) ? nullptr : &error_;
}

template <class Visitor>
bool JsonScanner::check_grammar(JsonRules rules, Visitor visitor) {
  size_t mark = 0;
  const char last = text_.bytes[text_.marks[mark_count_ - 1]];
  const bool valid = last == '}' || last == ']' ? check_value<true>(mark, 0, std::move(visitor))
                                                : check_value<false>(mark, 0, std::move(visitor));
  return valid && check_end(mark, rules);
}

// From the first mark of a value that stands in so many objects and arrays to the first one behind it. A loop turn
// takes one member or element; then all that ends behind it is closed. (What nobody wants has a loop of its own: one
// that has to ask in each turn takes longer.) `ends_closed`: the text's last mark closes something. Then whatever else
// is found has a mark behind it, and the end is looked for only where something was closed.
template <bool ends_closed, class Visitor>
bool JsonScanner::check_value(size_t& place, const uint32_t around, Visitor visitor) {
  const char* const bytes = text_.bytes.data();
  const uint32_t* const marks = text_.marks;
  const size_t mark_count = mark_count_;
  char* const open = open_.data();
  uint32_t depth = around;
  char closing = '\0';  // what ends the innermost object or array that has been opened here

  const auto at_or_end = [=](size_t mark) { return mark < mark_count ? bytes[marks[mark]] : '\0'; };
  const auto at = [=](size_t mark) { return ends_closed ? bytes[marks[mark]] : at_or_end(mark); };
  const auto expected = [&](size_t mark, std::string_view what) {
    return refuse(JsonError::Kind::syntax, marks[mark], what);
  };
  for (size_t mark = place;;) {
    if (closing == '}') {
      if (at(mark) != '"') return expected(mark, "a key in quotes");
      if (at(mark + 1) != ':') return expected(mark + 1, "':'");
      if constexpr (Visitor::kSeesText) {
        const char* const key = bytes + marks[mark] + 1;
        if (visitor.may_want_key(*key)) {
          visitor.key(key, bytes + marks[mark + 1]);
        } else if (at(mark + 2) == '"' && at(mark + 3) == ',') {
          mark += 4;  // most members of most events
          continue;
        } else {
          visitor.unwanted_key();
        }
      }
      mark += 2;
    }
    const char first = at(mark);
    if (first == '"') {
      if constexpr (Visitor::kSeesText) visitor.string(bytes + marks[mark] + 1, bytes + marks[mark + 1]);
      ++mark;
      if (!Visitor::kSeesText && closing == '}') mark = json_walk::skip_text_members(text_, mark, mark_count);
    } else if (first == '{' || first == '[') {
      if (depth == depth_max_) return refuse(JsonError::Kind::depth, marks[mark], "less nesting");
      if (visitor.open(depth, static_cast<uint32_t>(mark), first == '{')) {
        closing = static_cast<char>(first + 2);  // } and ], two behind { and [
        open[depth++] = closing;
        if (at(++mark) != closing) continue;
      } else if (!check_value<ends_closed>(mark, depth, json_walk::Nobody())) {
        return false;
      }
    } else {
      const char* const end = scalar_end(mark);
      if (end == nullptr) return false;
      if constexpr (Visitor::kSeesText) {
        const char* const begin = bytes + marks[mark];
        visitor.scalar({begin, static_cast<size_t>(end - begin)});
      }
      ++mark;
    }
    for (bool any_ended = false; depth != around; ++mark, any_ended = true) {
      if (any_ended) closing = open[depth - 1];
      const char next = at_or_end(mark);
      if (next == ',') {
        if constexpr (Visitor::kSeesText) {
          if (any_ended) visitor.back(depth);
        }
        break;
      }
      if (next != closing) return expected(mark, closing == '}' ? "',' or '}'" : "',' or ']'");
      --depth;
      visitor.close(depth, static_cast<uint32_t>(mark));
    }
    if (depth == around) {
      place = mark;
      return true;
    }
    ++mark;
  }
}

}  // namespace kedge
