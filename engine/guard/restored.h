// What a ledger that was put back from a backup asks people about: it does not know what was done since.
#pragma once

namespace kedge {

// The guard of what an event from before the restoration asks for, and the scope of the pause that is its end for all
// of them together. Unlike another pause, it lets pass what a person says yes to.
inline constexpr const char* kRestored = "restored";

// The guard of what was open in the backup and has gone on since, or may have: people decide about each by itself.
inline constexpr const char* kOutdated = "outdated";

}  // namespace kedge
