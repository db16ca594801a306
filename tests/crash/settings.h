// How long these tests are to run: `./dev crash` says so in the environment.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace kedge {

inline uint64_t setting(const char* name, uint64_t otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : std::stoull(value);
}

}  // namespace kedge
