// Texts that are equal but for case, as event-ruler understands it.
//
// Each UTF-16 unit of a pattern's text stands for its full lower-case form or its full upper-case form (root locale,
// Unicode 13), each matched byte for byte. So "straße" matches "STRASSE" and not "strasse"; the Kelvin sign matches
// "k", and "k" does not match the Kelvin sign. Half of a surrogate pair has no UTF-8 and stands for "?", so that a
// character beyond U+FFFF in a pattern matches "??", and never itself.
#pragma once

#include <string>
#include <string_view>

namespace kedge {

// `pattern` and `text` are UTF-8 (or WTF-8, where a lone half of a surrogate pair stood in their JSON).
bool equals_in_any_case(std::string_view pattern, std::string_view text);
bool starts_in_any_case(std::string_view pattern, std::string_view text);
bool ends_in_any_case(std::string_view pattern, std::string_view text);

// One spelling for all texts that any one pattern could match: where equals_in_any_case(p, t), fold(p) == fold(t);
// where p starts (ends) t, fold(p) starts (ends) fold(t). Of ASCII it is the lower case, and between texts of ASCII the
// reverse holds too.
void append_folded(std::string_view text, std::string& out);

bool is_ascii(std::string_view text);

}  // namespace kedge
