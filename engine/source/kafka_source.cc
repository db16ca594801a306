#include "source/kafka_source.h"

#include <utility>

#include "kafka/properties.h"
#include "source/kafka_loop.h"

namespace kedge {

Result<StartAt> parse_start_at(std::string_view text) {
  if (text == "earliest") return StartAt::earliest;
  if (text == "latest") return StartAt::latest;
  return Error{ErrorCode::invalid, "`start` is `" + std::string(text) + "`: it takes `earliest` or `latest`"};
}

Result<void> KafkaSource::check(const Options& options) {
  if (options.name.empty()) return Error{ErrorCode::invalid, "a source needs a `name`"};
  auto checked = check_consumer_options(consumer_options(options));
  if (!checked) return checked.error().with("source " + options.name);
  return {};
}

std::vector<OptionMistake> KafkaSource::mistakes(const Options& options) {
  return mistakes_in(consumer_options(options));
}

KafkaProperties KafkaSource::properties_in_force(const Options& options) {
  return kedge::properties_in_force(consumer_options(options));
}

Result<std::unique_ptr<KafkaSource>> KafkaSource::create(Options options, const Lanes& lanes, Positions& positions,
                                                         Clock& clock) {
  if (auto checked = check(options); !checked) return checked.error();
  if (lanes.empty()) return Error{ErrorCode::internal, "a source needs a lane"};
  auto loop = std::make_shared<Loop>(std::move(options), lanes, positions, clock);
  return std::unique_ptr<KafkaSource>(new KafkaSource(std::move(loop)));
}

KafkaSource::KafkaSource(std::shared_ptr<Loop> loop) : loop_(std::move(loop)) {}
KafkaSource::~KafkaSource() { stop(std::chrono::seconds(5)); }

std::string_view KafkaSource::name() const { return loop_->name(); }
Result<void> KafkaSource::start() { return loop_->start(this); }
SourceStatus KafkaSource::status() const { return loop_->status(); }
std::optional<std::string> KafkaSource::not_alone() const { return loop_->not_alone(); }
std::optional<std::string> KafkaSource::ledger_in_doubt() const { return loop_->ledger_in_doubt(); }
bool KafkaSource::stop(Duration deadline) { return loop_->stop(deadline); }

void KafkaSource::committed(const std::shared_ptr<const Assignment>& assignment, int64_t next) {
  loop_->tell(Loop::Committed{assignment, next});
}

void KafkaSource::hold(const std::shared_ptr<const Assignment>& assignment, std::string why) {
  loop_->tell(Loop::Hold{assignment, std::move(why)});
}

void KafkaSource::reconsider(std::string_view topic, int32_t partition, Permission permission) {
  loop_->tell(Loop::Reconsider{{std::string(topic), partition}, permission});
}

ConsumerOptions consumer_options(const KafkaSource::Options& options) {
  return {.brokers = options.brokers,
          .group = options.group,
          .instance = options.instance,
          .topics = options.topics,
          .properties = options.properties,
          .queue_bytes = options.client_queue_bytes};
}

}  // namespace kedge
