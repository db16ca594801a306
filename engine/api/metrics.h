// Metrics: plain figures as Prometheus reads them (text format 0.0.4).
//
// The rooms of the engine count in plain structs and know nothing of Prometheus. At each scrape every source is asked,
// and writes its figures as they are then.
//
// Names: kedge_<noun>_<unit>, and "_total" behind what only grows. Units are seconds and bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kedge {

// How many of the observed values were at most each bound, and their sum.
struct Histogram {
  std::vector<double> bounds;    // ascending
  std::vector<uint64_t> counts;  // one for each bound, and a last one for what is above them all; not cumulative
  double sum = 0;

  explicit Histogram(std::vector<double> upper_bounds);
  void observe(double value);
  uint64_t count() const;
};

// One page of metrics while it is written. One thread.
class MetricsWriter {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  MetricsWriter();
  ~MetricsWriter();
  MetricsWriter(const MetricsWriter&) = delete;
  MetricsWriter& operator=(const MetricsWriter&) = delete;

  // The same name may come again with other labels; its help is that of the first time.
  void counter(const std::string& name, const std::string& help, double value, const Labels& labels = {});
  void gauge(const std::string& name, const std::string& help, double value, const Labels& labels = {});
  void histogram(const std::string& name, const std::string& help, const Histogram& value, const Labels& labels = {});

  std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

// Called by one thread at a time, from the server's; must be quick.
using MetricsSource = std::function<void(MetricsWriter&)>;

}  // namespace kedge
