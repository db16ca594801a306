#include "api/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>
#include <numeric>

namespace kedge {

Histogram::Histogram(std::vector<double> upper_bounds)
    : bounds(std::move(upper_bounds)), counts(bounds.size() + 1, 0) {}

void Histogram::observe(double value) {
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), value);
  ++counts[static_cast<size_t>(bound - bounds.begin())];
  sum += value;
}

uint64_t Histogram::count() const { return std::accumulate(counts.begin(), counts.end(), uint64_t{0}); }

struct MetricsWriter::Families {
  std::map<std::string, prometheus::MetricFamily> by_name;

  prometheus::ClientMetric& add(const std::string& name, const std::string& help, prometheus::MetricType type,
                                const Labels& labels) {
    prometheus::MetricFamily& family = by_name[name];
    if (family.metric.empty()) {
      family.name = name;
      family.help = help;
      family.type = type;
    }
    prometheus::ClientMetric& metric = family.metric.emplace_back();
    for (const auto& [label, value] : labels) metric.label.push_back({label, value});
    return metric;
  }
};

MetricsWriter::MetricsWriter() : families_(std::make_unique<Families>()) {}
MetricsWriter::~MetricsWriter() = default;

void MetricsWriter::counter(const std::string& name, const std::string& help, double value, const Labels& labels) {
  families_->add(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
}

void MetricsWriter::gauge(const std::string& name, const std::string& help, double value, const Labels& labels) {
  families_->add(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
}

void MetricsWriter::histogram(const std::string& name, const std::string& help, const Histogram& value,
                              const Labels& labels) {
  auto& histogram = families_->add(name, help, prometheus::MetricType::Histogram, labels).histogram;
  uint64_t cumulative = 0;
  for (size_t i = 0; i < value.bounds.size(); ++i) {
    cumulative += value.counts[i];
    histogram.bucket.push_back({cumulative, value.bounds[i]});
  }
  histogram.sample_count = value.count();
  histogram.sample_sum = value.sum;
}

std::string MetricsWriter::text() const {
  std::vector<prometheus::MetricFamily> families;
  families.reserve(families_->by_name.size());
  for (const auto& [name, family] : families_->by_name) families.push_back(family);
  const prometheus::TextSerializer serializer;
  return static_cast<const prometheus::Serializer&>(serializer).Serialize(families);
}

}  // namespace kedge
