#include "notify/kafka_notifier.h"

#include <utility>

#include "base/json.h"

namespace kedge {
namespace {

std::string key_of(const Json& data) {
  for (const char* const name : {"target", "rule", "source"}) {
    const auto found = data.find(name);
    if (found != data.end() && found->is_string() && !found->get<std::string>().empty()) return *found;
  }
  return "";
}

}  // namespace

TopicWriter::Record kafka_record(const Notice& notice, const std::string& ledger_id) {
  const Json event = {{"specversion", "1.0"},
                      {"id", notice.id},
                      {"source", "urn:uuid:" + ledger_id},
                      {"type", notice.type},
                      {"time", format_time(notice.created)},
                      {"datacontenttype", "application/json"},
                      {"data", notice.data}};
  return {key_of(notice.data),
          event.dump(-1, ' ', false, Json::error_handler_t::replace),
          {{"content-type", "application/cloudevents+json; charset=UTF-8"}}};
}

// A topic that is not there, or not for us, is made or opened by somebody: only what the topic will never take is given
// up.
Delivery KafkaNotifier::deliver(const Notice& notice, Time /*now*/, std::stop_token stop) {
  const auto written = writer_.write(kafka_record(notice, ledger_id_), timeout_, std::move(stop));
  if (written) return {};
  const bool for_good = written.error().code == ErrorCode::limit;
  return {for_good ? Delivery::Kind::permanent : Delivery::Kind::retry, 0, written.error().message, {}};
}

}  // namespace kedge
