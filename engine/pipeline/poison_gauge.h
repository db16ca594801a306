// PoisonGauge: when a partition's own poison says that this is not the topic that it was taken for (contracts §8):
// 1,000 messages in a row, or more than a fifth of the last 10,000. A topic of the wrong format then stops instead of
// filling the disk with dead letters.
#pragma once

#include <cstddef>
#include <vector>

namespace kedge {

// Belongs to one partition's assignment on one lane.
class PoisonGauge {
 public:
  struct Options {
    size_t in_a_row_max = 1'000;
    size_t window = 10'000;
    size_t share = 5;  // more than one in so many of the window
  };
  explicit PoisonGauge(Options options) : options_(options), window_(options.window) {}

  void count(bool poison) {
    in_a_row_ = poison ? in_a_row_ + 1 : 0;
    poisoned_ += poison;
    poisoned_ -= window_[at_];
    window_[at_] = poison;
    at_ = (at_ + 1) % window_.size();
  }

  bool too_much() const { return in_a_row_ >= options_.in_a_row_max || poisoned_ * options_.share > window_.size(); }

 private:
  const Options options_;
  std::vector<bool> window_;
  size_t at_ = 0;
  size_t poisoned_ = 0;
  size_t in_a_row_ = 0;
};

}  // namespace kedge
