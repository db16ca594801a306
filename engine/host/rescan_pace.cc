#include "host/rescan_pace.h"

#include <algorithm>

namespace kedge {
namespace {

constexpr int64_t kJitterSteps = 2'000;  // from 0.9 to 1.1
constexpr int64_t kUnitsOfStep = 32;
constexpr int64_t kStepsTogether = 10;

// FNV-1a, begun with the salt, and mixed at its end: its lowest bits are to depend on all of the path.
uint64_t hash_of(std::string_view text, uint64_t salt) {
  uint64_t hash = 14695981039346656037ULL ^ salt;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return (hash ^ (hash >> 33U)) * 0xff51afd7ed558ccdULL >> 17U;
}

uint64_t rounds_of(const RescanPace::Options& options) {
  const auto every = std::max<int64_t>(options.every.count(), 1);
  return static_cast<uint64_t>(std::max<int64_t>((options.read_every.count() + every - 1) / every, 1));
}

}  // namespace

RescanPace::RescanPace(Options options, uint64_t salt) : options_(options), salt_(salt), rounds_(rounds_of(options)) {}

void RescanPace::begin(Duration now, size_t units, uint64_t random) {
  round_ = begun_++;
  begin_ = now;
  units_ = units;
  done_ = 0;
  const auto steps = static_cast<int64_t>(random % (kJitterSteps + 1));
  length_ = round_ == 0 ? Duration{0} : options_.every * 9 / 10 + options_.every * steps / (5 * kJitterSteps);
}

size_t RescanPace::due(Duration now) const {
  if (is_over(now)) return units_ > done_ ? units_ - done_ : 0;
  if (now < next()) return 0;
  const double part = static_cast<double>((now - begin_).count()) / static_cast<double>(length_.count());
  const auto wanted = static_cast<size_t>(part * static_cast<double>(units_)) + 1;
  return std::min(wanted, units_) > done_ ? std::min(wanted, units_) - done_ : 0;
}

Duration RescanPace::next() const {
  if (done_ >= units_) return begin_ + length_;
  const double part = static_cast<double>(done_) / static_cast<double>(units_);
  const auto exact = static_cast<int64_t>(part * static_cast<double>(length_.count()));
  const int64_t least = std::max<int64_t>(options_.step.count(), 1);
  const int64_t step =
      std::clamp(length_.count() / static_cast<int64_t>(units_) * kUnitsOfStep, least, least * kStepsTogether);
  return begin_ + std::min(Duration((exact + step - 1) / step * step), length_);
}

bool RescanPace::is_read_again(std::string_view path) const {
  return round_ > 0 && hash_of(path, salt_) % rounds_ == round_ % rounds_;
}

}  // namespace kedge
