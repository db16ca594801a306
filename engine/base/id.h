// Ids that sort by the time at which they were made.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"

namespace kedge {

// A UUID of version 7 (RFC 9562 §5.7): 48 bits of milliseconds, then random bits. As text, 36 characters.
std::string make_uuid7(Time, Random&);

// When an id of version 7 was made, to the millisecond; none for what is no such id.
std::optional<Time> time_of_uuid7(std::string_view);

// True for the 36-character lower-case form of any UUID.
bool is_uuid(std::string_view);

}  // namespace kedge
