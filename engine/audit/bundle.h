// A bundle: up to 256 entries in one file, each as its length in two bytes, the greater first, and its bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kedge {

inline constexpr size_t kEntryBytesMax = 65535;                        // what two bytes can say
inline constexpr size_t kBundleBytesMax = 256 * (2 + kEntryBytesMax);  // of a full bundle of the longest entries

// An entry longer than kEntryBytesMax is an error (limit), and `bundle` is as it was.
Result<void> append_entry(std::string& bundle, std::string_view entry);

enum class AfterEntries { nothing, ignored };

// The first `count` entries, as views into `bundle`. An error (corrupt) names the entry, counted from 0, and the byte
// at which the bundle ends too soon, or where something stands behind the last entry and nothing should.
Result<std::vector<std::string_view>> parse_bundle(std::string_view bundle, unsigned count,
                                                   AfterEntries after = AfterEntries::nothing);

}  // namespace kedge
