#include "kafka/properties.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <sstream>
#include <utility>

#include "kafka/subscription.h"

namespace kedge {
namespace {

constexpr const char* kNewsInterval = "topic.metadata.refresh.interval.ms";

struct Property {
  const char* name;
  const char* text;
};

// Set by the engine; a user may set them otherwise. Fetches of 2 MB keep the library's memory small at full speed.
constexpr std::array kDefaults = {
    Property{"session.timeout.ms", "30000"},
    Property{"heartbeat.interval.ms", "3000"},
    Property{"max.poll.interval.ms", "300000"},
    Property{"fetch.max.bytes", "2000000"},
    Property{"fetch.message.max.bytes", "1048576"},
    Property{"fetch.wait.max.ms", "100"},  // how long a newly assigned partition may wait behind an idle request
    Property{"check.crcs", "true"},
    Property{"socket.nagle.disable", "true"},
    Property{"reconnect.backoff.max.ms", "1000"},
    Property{"client.id", "kedge"},
};
// Set by the engine, and by nobody else.
constexpr std::array kFixed = {
    Property{"enable.auto.commit", "false"},
    Property{"enable.auto.offset.store", "false"},
    Property{"auto.offset.reset", "error"},
    Property{"isolation.level", "read_committed"},
    Property{"partition.assignment.strategy", "range"},
    Property{"enable.partition.eof", "false"},
    Property{"allow.auto.create.topics", "false"},
};

// Why a property is the engine's, and what to use instead.
constexpr std::array kOwned = {
    Property{"bootstrap.servers", "the setting `brokers` is used for it"},
    Property{"metadata.broker.list", "the setting `brokers` is used for it"},
    Property{"group.id", "the setting `group` is used for it"},
    Property{"group.instance.id", "the setting `instance` is used for it"},
    Property{"group.protocol", "the engine uses the classic protocol"},
    Property{"group.protocol.type", "the engine uses the classic protocol"},
    Property{"group.remote.assignor", "the engine uses the classic protocol"},
    Property{"enable.auto.commit", "offsets are committed behind the ledger, never by themselves"},
    Property{"auto.commit.enable", "offsets are committed behind the ledger, never by themselves"},
    Property{"auto.commit.interval.ms", "offsets are committed behind the ledger, never by themselves"},
    Property{"enable.auto.offset.store", "offsets are committed behind the ledger, never by themselves"},
    Property{"offset.store.method", "offsets are committed behind the ledger, never by themselves"},
    Property{"auto.offset.reset",
             "a rewind is never silent; where a new topic starts is the setting `start` (earliest or latest)"},
    Property{"isolation.level", "records of transactions that were aborted are never read"},
    Property{"partition.assignment.strategy",
             "the engine uses `range`: with others this library loses partitions or aborts"},
    Property{"enable.partition.eof", "the engine asks for the ends of logs itself"},
    Property{"allow.auto.create.topics", "a misspelt topic is an error, not a new topic"},
    Property{"statistics.interval.ms", "the engine makes its metrics from them"},
    Property{"enabled_events", "the engine serves the library's callbacks itself"},
    Property{"log.queue", "the engine reads the library's log as it comes: a topic made anew is seen in it alone"},
    Property{"test.mock.num.brokers", "it would replace the brokers by an imitation; use `kedge dev-kafka`"},
};

const Property* find_property(auto& table, std::string_view name) {
  const auto found = std::ranges::find_if(table, [&](const Property& p) { return name == p.name; });
  return found == table.end() ? nullptr : &*found;
}

struct KnownProperty {
  std::string name;
  std::string range;  // "1 .. 3600000", "true, false", or empty
};

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

// All properties of the installed library, from the table that it prints: "name | C/P | range | default | ...".
std::vector<KnownProperty> known_properties() {
  char* text = nullptr;
  size_t size = 0;
  FILE* stream = open_memstream(&text, &size);
  if (stream == nullptr) return {};
  rd_kafka_conf_properties_show(stream);
  fclose(stream);
  const std::unique_ptr<char, FreedBy<std::free>> owned(text);
  std::vector<KnownProperty> properties;
  std::istringstream lines(std::string(text, size));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream columns(line);
    std::string name, role, range;
    if (!std::getline(columns, name, '|') || !std::getline(columns, role, '|') || !std::getline(columns, range, '|')) {
      continue;
    }
    properties.push_back({trimmed(name), trimmed(range)});
  }
  return properties;
}

// How many letters must be added, removed or changed (Levenshtein).
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

std::string nearest_property(std::string_view wrong) {
  std::string nearest;
  size_t distance_min = 4;
  for (const KnownProperty& property : known_properties()) {
    const size_t distance = edit_distance(wrong, property.name);
    if (distance < distance_min) distance_min = distance, nearest = property.name;
  }
  return nearest.empty() ? std::string() : "; is `" + nearest + "` meant?";
}

std::string range_of(std::string_view name) {
  for (const KnownProperty& property : known_properties()) {
    if (property.name == name && !property.range.empty()) return " (it takes: " + property.range + ")";
  }
  return {};
}

Error invalid(std::string text) { return {ErrorCode::invalid, std::move(text)}; }

Error named(const std::string& name, const Error& error) { return error.with("property `" + name + "`"); }

// The error does not name the property.
Result<void> try_to_set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> text{};
  switch (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size())) {
    case RD_KAFKA_CONF_OK:
      return {};
    case RD_KAFKA_CONF_UNKNOWN:
      return invalid("librdkafka " + std::string(rd_kafka_version_str()) + " has no such property" +
                     nearest_property(name));
    case RD_KAFKA_CONF_INVALID:
      break;
  }
  if (is_secret_property(name)) return invalid("the library refuses its value (which is not shown)");
  return invalid(text.data() + range_of(name));
}

Result<void> set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  auto done = try_to_set(conf, name, value);
  if (!done) return named(name, done.error());
  return {};
}

template <size_t n>
Result<void> set_all(rd_kafka_conf_t* conf, const std::array<Property, n>& properties) {
  for (const Property& property : properties) {
    if (auto done = set(conf, property.name, property.text); !done) return done;
  }
  return {};
}

// Half of the room is for the messages' bytes, and half for what the library keeps of each besides, which is more than
// the bytes where they are few.
Result<void> set_queue(rd_kafka_conf_t* conf, size_t bytes) {
  constexpr size_t kMessageBytes = 600;  // measured with 2.0.2, with what malloc loses between them
  const size_t kilobytes = std::clamp<size_t>(bytes / 2 / 1024, 1, 2'097'151);
  const size_t messages = std::clamp<size_t>(bytes / 2 / kMessageBytes, 1, 10'000'000);
  auto done = set(conf, "queued.max.messages.kbytes", std::to_string(kilobytes));
  if (done) done = set(conf, "queued.min.messages", std::to_string(messages));  // it is the most, whatever its name
  if (done && rd_kafka_version() >= 0x020200ff) done = set(conf, "fetch.queue.backoff.ms", "5");  // see queue_waker.h
  return done;
}

// What a user may not set, whether or not the library would take it.
std::optional<Error> refusal(const std::string& name, const std::string& value) {
  if (const Property* owned = find_property(kOwned, name)) {
    return invalid(std::string("is set by the engine: ") + owned->text);
  }
  if (name == "debug" && (value.find("security") != std::string::npos || value.find("all") != std::string::npos)) {
    return invalid("the contexts `security` and `all` print secrets; name others, such as broker,cgrp");
  }
  if (name == "client.id" && value.size() > 63) {
    return invalid("longer than 63 bytes: some versions of the library crash on it");
  }
  return std::nullopt;
}

// The error does not name the property.
Result<void> set_users_one(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  if (auto refused = refusal(name, value)) return *refused;
  return try_to_set(conf, name, value);
}

Result<void> set_users(rd_kafka_conf_t* conf, const KafkaProperties& properties) {
  for (const auto& [name, value] : properties) {
    if (auto done = set_users_one(conf, name, value); !done) return named(name, done.error());
  }
  return {};
}

// With `topic`, which tells what nothing else does: see library_log.h.
std::string debug_contexts(const KafkaProperties& users) {
  const auto wanted = users.find("debug");
  return wanted == users.end() || wanted->second.empty() ? "topic" : wanted->second + ",topic";
}

Result<void> check_names(const ConsumerOptions& options) {
  if (options.brokers.empty()) return Error{ErrorCode::invalid, "`brokers` is empty: give host:port, or several"};
  if (options.group.empty()) return Error{ErrorCode::invalid, "`group` is empty: give the consumer group's name"};
  const auto subscription = Subscription::create(options.topics);
  return subscription ? Result<void>() : subscription.error();
}

// HOST, HOST:PORT or [ADDRESS]:PORT, with or without PROTOCOL:// before it.
bool is_broker(std::string_view text) {
  if (const size_t protocol = text.find("://"); protocol != std::string_view::npos) text.remove_prefix(protocol + 3);
  const size_t bracket = text.find(']');
  const size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view host = text.substr(0, colon);
  if (host.empty() || host.find_first_of(" /") != std::string_view::npos) return false;
  if (colon == std::string_view::npos) return true;
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data() + colon + 1, end, port);
  return failure == std::errc() && stop == end && port > 0;
}

void check_brokers(const std::string& brokers, std::vector<OptionMistake>& mistakes) {
  std::istringstream all(brokers);
  size_t count = 0;
  for (std::string one; std::getline(all, one, ','); ++count) {
    if (is_broker(trimmed(one))) continue;
    mistakes.push_back({"brokers[" + std::to_string(count) + "]", "must be HOST:PORT with a port from 1 to 65535"});
  }
  if (count == 0) mistakes.push_back({"brokers", "must not be empty: give HOST:PORT, or a list of them"});
}

void check_topics(const std::vector<std::string>& topics, std::vector<OptionMistake>& mistakes) {
  if (topics.empty()) mistakes.push_back({"topics", "must not be empty: name at least one topic"});
  for (size_t i = 0; i < topics.size(); ++i) {
    const auto subscription = Subscription::create({topics[i]});
    if (!subscription) mistakes.push_back({"topics[" + std::to_string(i) + "]", subscription.error().message});
  }
}

void check_properties(const KafkaProperties& properties, std::vector<OptionMistake>& mistakes) {
  const KafkaConf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : properties) {
    if (auto done = set_users_one(conf.get(), name, value); !done) {
      mistakes.push_back({"properties." + name, done.error().message});
    }
  }
}

// The property that the library's text is about, where it names one of the user's.
std::string property_in(const std::string& text, const KafkaProperties& properties) {
  std::string longest;
  for (const auto& [name, value] : properties) {
    if (name.size() > longest.size() && text.find(name) != std::string::npos) longest = name;
  }
  return longest.empty() ? "properties" : "properties." + longest;
}

}  // namespace

Redactor::Redactor(const KafkaProperties& properties) {
  constexpr size_t kSecretBytesMin = 3;  // shorter ones would blacken ordinary words, and protect nothing
  for (const auto& [name, value] : properties) {
    if (is_secret_property(name) && value.size() >= kSecretBytesMin) secrets_.push_back(value);
  }
}

std::string Redactor::redact(std::string_view text) const {
  std::string clean(text);
  for (const std::string& secret : secrets_) {
    for (size_t at = 0; (at = clean.find(secret, at)) != std::string::npos; at += 3) {
      clean.replace(at, secret.size(), "***");
    }
  }
  return clean;
}

bool is_secret_property(std::string_view name) {
  for (const std::string_view part :
       {"password", "secret", "passphrase", "key.pem", "ssl_key", "token", "oauthbearer.config"}) {
    if (name.find(part) != std::string_view::npos && !name.ends_with(".url")) return true;
  }
  return false;
}

Result<KafkaConf> consumer_conf(const ConsumerOptions& options) {
  if (auto named = check_names(options); !named) return named.error();
  KafkaConf conf(rd_kafka_conf_new());
  Result<void> done = set_all(conf.get(), kDefaults);
  if (done) done = set_queue(conf.get(), options.queue_bytes);
  if (done) done = set_users(conf.get(), options.properties);
  // How long a partition that is added may go unseen. After two sessions the engine takes itself not to be alone for
  // want of it.
  if (done && !options.properties.contains(kNewsInterval)) {
    done = set(conf.get(), kNewsInterval, conf_value(conf.get(), "session.timeout.ms"));
  }
  if (done) done = set_all(conf.get(), kFixed);
  if (done) done = set(conf.get(), "debug", debug_contexts(options.properties));
  if (done) done = set(conf.get(), "bootstrap.servers", options.brokers);
  if (done) done = set(conf.get(), "group.id", options.group);
  if (done && !options.instance.empty()) done = set(conf.get(), "group.instance.id", options.instance);
  const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(options.statistics_interval);
  if (done) done = set(conf.get(), "statistics.interval.ms", std::to_string(interval.count()));
  if (!done) return done.error();
  return conf;
}

KafkaProperties properties_in_force(const ConsumerOptions& options) {
  KafkaProperties all = options.properties;
  const auto conf = consumer_conf(options);
  if (!conf) return all;
  for (const Property& property : kDefaults) all.emplace(property.name, conf_value(conf->get(), property.name));
  all.emplace(kNewsInterval, conf_value(conf->get(), kNewsInterval));
  return all;
}

Result<void> check_consumer_options(const ConsumerOptions& options) {
  auto conf = consumer_conf(options);
  if (!conf) return conf.error();
  // A client without brokers: it reads its files and checks what depends on several properties, and connects nowhere.
  rd_kafka_conf_set(conf->get(), "bootstrap.servers", nullptr, nullptr, 0);
  rd_kafka_conf_set_log_cb(conf->get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  std::array<char, 512> text{};
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, conf->get(), text.data(), text.size());
  if (client == nullptr) return Error{ErrorCode::invalid, Redactor(options.properties).redact(text.data())};
  (void)conf->release();  // the client took it
  rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  return {};
}

std::vector<OptionMistake> mistakes_in(const ConsumerOptions& options) {
  std::vector<OptionMistake> mistakes;
  check_brokers(options.brokers, mistakes);
  if (options.group.empty()) mistakes.push_back({"group", "must not be empty: give the consumer group's name"});
  check_topics(options.topics, mistakes);
  check_properties(options.properties, mistakes);
  if (!mistakes.empty()) return mistakes;
  if (const auto checked = check_consumer_options(options); !checked) {
    const std::string& message = checked.error().message;
    mistakes.push_back({property_in(message, options.properties), message});
  }
  return mistakes;
}

std::string conf_value(const rd_kafka_conf_t* conf, const char* name) {
  size_t size = 0;
  if (rd_kafka_conf_get(conf, name, nullptr, &size) != RD_KAFKA_CONF_OK || size == 0) return {};
  std::string value(size, '\0');
  if (rd_kafka_conf_get(conf, name, value.data(), &size) != RD_KAFKA_CONF_OK) return {};
  value.resize(size - 1);  // without the terminating zero
  return value;
}

}  // namespace kedge
