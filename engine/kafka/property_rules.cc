#include "kafka/property_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <sstream>
#include <utility>

namespace kedge {
namespace {

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

// What a user may not set, whether or not the library would take it.
std::optional<Error> refusal(const std::string& name, const std::string& value, PropertyTable owned) {
  if (const auto own = std::ranges::find_if(owned, [&](const Property& each) { return name == each.name; });
      own != owned.end()) {
    return invalid(std::string("is set by the engine: ") + own->text);
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
Result<void> set_users_one(rd_kafka_conf_t* conf, const std::string& name, const std::string& value,
                           PropertyTable owned) {
  if (auto refused = refusal(name, value, owned)) return *refused;
  return try_to_set(conf, name, value);
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

}  // namespace

Result<void> set_property(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  auto done = try_to_set(conf, name, value);
  if (!done) return named(name, done.error());
  return {};
}

Result<void> set_properties(rd_kafka_conf_t* conf, PropertyTable properties) {
  for (const Property& property : properties) {
    if (auto done = set_property(conf, property.name, property.text); !done) return done;
  }
  return {};
}

Result<void> set_users(rd_kafka_conf_t* conf, const KafkaProperties& properties, PropertyTable owned) {
  for (const auto& [name, value] : properties) {
    if (auto done = set_users_one(conf, name, value, owned); !done) return named(name, done.error());
  }
  return {};
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

void check_properties(const KafkaProperties& properties, PropertyTable owned, std::vector<OptionMistake>& mistakes) {
  const KafkaConf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : properties) {
    if (auto done = set_users_one(conf.get(), name, value, owned); !done) {
      mistakes.push_back({"properties." + name, done.error().message});
    }
  }
}

Result<void> try_client(rd_kafka_type_t kind, KafkaConf conf, const KafkaProperties& users) {
  rd_kafka_conf_set(conf.get(), "bootstrap.servers", nullptr, nullptr, 0);
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  std::array<char, 512> text{};
  rd_kafka_t* client = rd_kafka_new(kind, conf.get(), text.data(), text.size());
  if (client == nullptr) return Error{ErrorCode::invalid, Redactor(users).redact(text.data())};
  (void)conf.release();  // the client took it
  rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  return {};
}

std::string property_in(const std::string& text, const KafkaProperties& properties) {
  std::string longest;
  for (const auto& [name, value] : properties) {
    if (name.size() > longest.size() && text.find(name) != std::string::npos) longest = name;
  }
  return longest.empty() ? "properties" : "properties." + longest;
}

}  // namespace kedge
