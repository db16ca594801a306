#include "match/wildcard.h"

#include <cstring>

namespace kedge {

Result<Pieces> parse_wildcard(std::string_view text) {
  Pieces pieces(1);
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '*') {
      if (at > 0 && text[at - 1] == '*' && pieces.back().empty() && pieces.size() > 1) {
        return Error{ErrorCode::invalid, "one * where two stand in a row"};
      }
      pieces.emplace_back();
    } else if (text[at] == '\\') {
      if (++at == text.size() || (text[at] != '*' && text[at] != '\\')) {
        return Error{ErrorCode::invalid, R"(\* or \\ (in JSON "\\*" or "\\\\") where a backslash stands)"};
      }
      pieces.back() += text[at];
    } else {
      pieces.back() += text[at];
    }
  }
  return pieces;
}

namespace {

template <class List>
bool matches(const List& pieces, std::string_view text) {
  const std::string_view first = pieces.front();
  const std::string_view last = pieces.back();
  if (pieces.size() == 1) return text == first;
  if (text.size() < first.size() + last.size() || !text.starts_with(first) || !text.ends_with(last)) return false;
  text.remove_prefix(first.size());
  text.remove_suffix(last.size());
  for (size_t i = 1; i + 1 < pieces.size(); ++i) {
    const std::string_view piece = pieces[i];
    const void* const found = memmem(text.data(), text.size(), piece.data(), piece.size());
    if (found == nullptr) return false;
    text.remove_prefix(static_cast<size_t>(static_cast<const char*>(found) - text.data()) + piece.size());
  }
  return true;
}

}  // namespace

bool matches_pieces(std::span<const std::string_view> pieces, std::string_view text) { return matches(pieces, text); }
bool matches_pieces(const Pieces& pieces, std::string_view text) { return matches(pieces, text); }

}  // namespace kedge
