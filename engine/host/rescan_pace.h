// RescanPace: how much of a rescan is to be done by now, and which files are read again although nothing shows that
// they changed.
//
// The work is constant: the same in a quiet hour as in a storm. A round goes over all units (directories) once, spread
// evenly over its time; each file is read again in one of the rounds of `read_every`. The first round is done at once.
// When a round begins, and which files are read in it, is not to be guessed: lengths jitter, and a salt decides.
//
// A value without clocks or I/O. One thread calls.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace kedge {

class RescanPace {
 public:
  struct Options {
    Duration every = std::chrono::hours(1);        // each directory is listed, and each entry looked at
    Duration read_every = std::chrono::hours(24);  // each file is read
    // What is due within a step is done together: to wake up costs the most. A step is as long as 32 units take their
    // time, but neither shorter than this, nor longer than ten times as long.
    Duration step = std::chrono::seconds(1);
  };
  RescanPace(Options options, uint64_t salt);

  // A new round over so many units. `random`: any number; the round takes 0.9 to 1.1 of `every`, the first no time.
  void begin(Duration now, size_t units, uint64_t random);

  // How many units should have been done by now and are not; none before next().
  size_t due(Duration now) const;
  void done(size_t units = 1) { done_ += units; }

  // When to ask due() again: at the next step at which it gives some, or when the next round is to begin.
  Duration next() const;
  bool is_over(Duration now) const { return now >= begin_ + length_; }  // its time, not its work

  bool is_first() const { return round_ == 0; }
  bool is_read_again(std::string_view path) const;  // in this round

 private:
  const Options options_;
  const uint64_t salt_;
  const uint64_t rounds_;  // in which each file is read once
  uint64_t begun_ = 0;     // rounds
  uint64_t round_ = 0;
  Duration begin_{};
  Duration length_{};
  size_t units_ = 0;
  size_t done_ = 0;
};

}  // namespace kedge
