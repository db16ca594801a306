// "Did you mean": the known name that a mistyped one was probably meant to be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kedge {

// The candidate with the fewest edits (Levenshtein), where they are at most a third of the name's length; otherwise
// an empty view.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates);

// " (did you mean 'x'?)", or an empty string: to be put behind a name in an error.
std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace kedge
