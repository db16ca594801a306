// What a replaceable host's root is, on disk: which generation runs, which one is to take its place, and which were
// given up. A value with one text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "base/time.h"
#include "host/host_process.h"

namespace kedge {

// A root that was made of the image once, and all that its host changed since.
struct RootGeneration {
  uint64_t number = 0;
  std::string cause;  // the remediation that it was made for; empty: the host's first start
  Time made;
  HostProcess process;  // its first; number 0: it was not started yet

  bool operator==(const RootGeneration&) const = default;
};

// One that was replaced, kept read-only.
struct FormerRoot {
  RootGeneration generation;
  Digest drift;              // of the manifest of what its host changed
  uint64_t differences = 0;  // from the golden manifest
  std::string replaced_for;
  Time ended;

  bool operator==(const FormerRoot&) const = default;
};

// One that is to take the place of the one that runs.
struct NextRoot {
  enum class Phase : uint8_t {
    preparing,  // the current one runs; nothing of the next one counts
    switching,  // the next one takes its place; its first process, if it is there, may still be behind its gate
    proving,    // the next one was let go
    giving_up,  // the current one comes back
  };
  Phase phase = Phase::preparing;
  RootGeneration generation;
  std::optional<FormerRoot> was;  // it is a former one, gone back to
  std::string why;                // of giving up

  bool operator==(const NextRoot&) const = default;
};

struct HostRootState {
  uint64_t last_number = 0;
  std::optional<RootGeneration> current;  // none: it was never started
  std::optional<NextRoot> next;
  std::vector<FormerRoot> former;  // the oldest first

  bool operator==(const HostRootState&) const = default;
};

std::string to_text(const HostRootState& state);
// An error (corrupt): it is not what to_text() writes.
Result<HostRootState> parse_host_root_state(std::string_view text);

}  // namespace kedge
