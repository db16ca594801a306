// The tree as RFC 6962 §2.1 defines it, word for word, without any thought of speed: what the engine's is held against.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace kedge {

class ReferenceTree {
 public:
  explicit ReferenceTree(std::vector<std::string> entries) : entries_(std::move(entries)) {}

  // MTH(D[from:to])
  Digest root(uint64_t from, uint64_t to) const {
    if (from == to) return sha256("");
    const auto known = roots_.find({from, to});
    if (known != roots_.end()) return known->second;
    Digest root;
    if (to - from == 1) {
      root = sha256(std::string(1, '\x00') + entries_[from]);
    } else {
      const uint64_t k = split(to - from);
      root = sha256(std::string(1, '\x01') + std::string(this->root(from, from + k).as_bytes()) +
                    std::string(this->root(from + k, to).as_bytes()));
    }
    return roots_[{from, to}] = root;
  }

  // PATH(m, D[from:to])
  std::vector<Digest> path(uint64_t m, uint64_t from, uint64_t to) const {
    if (to - from == 1) return {};
    const uint64_t k = split(to - from);
    return m < k ? joined(path(m, from, from + k), root(from + k, to))
                 : joined(path(m - k, from + k, to), root(from, from + k));
  }

  // PROOF(m, D[0:n])
  std::vector<Digest> proof(uint64_t m, uint64_t n) const { return subproof(m, 0, n, true); }

  const std::vector<std::string>& entries() const { return entries_; }

 private:
  // The largest power of two smaller than n, for n > 1.
  static uint64_t split(uint64_t n) {
    uint64_t k = 1;
    while (2 * k < n) k *= 2;
    return k;
  }

  static std::vector<Digest> joined(std::vector<Digest> hashes, const Digest& last) {
    hashes.push_back(last);
    return hashes;
  }

  // SUBPROOF(m, D[from:to], whole)
  std::vector<Digest> subproof(uint64_t m, uint64_t from, uint64_t to, bool whole) const {
    if (m == to - from) return whole ? std::vector<Digest>{} : std::vector<Digest>{root(from, to)};
    const uint64_t k = split(to - from);
    return m <= k ? joined(subproof(m, from, from + k, whole), root(from + k, to))
                  : joined(subproof(m - k, from + k, to, false), root(from, from + k));
  }

  std::vector<std::string> entries_;
  mutable std::map<std::pair<uint64_t, uint64_t>, Digest> roots_;
};

// Entries of many lengths, none like another.
inline std::vector<std::string> numbered_entries(uint64_t count) {
  std::vector<std::string> entries;
  for (uint64_t i = 0; i < count; ++i) entries.push_back(std::string(i % 7, '.') + std::to_string(i));
  return entries;
}

}  // namespace kedge
