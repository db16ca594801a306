// What one call into Lua may use. Limits are never in time: the same call gives the same answer on a slow machine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kedge::lua {

struct Limits {
  // Instructions of Lua's machine. What a library function does in C counts by the bytes or items that it handles, so
  // that no loop of cheap-looking calls is free.
  int64_t instructions = 200'000;
  // Bytes of memory on top of what the compiled files take. Garbage is collected before a call is refused more.
  size_t memory_bytes = 32U << 20U;
  // Bytes of what a call gives back, and of what is given to one host function.
  size_t result_bytes = 1U << 20U;

  bool operator==(const Limits&) const = default;
};

}  // namespace kedge::lua
