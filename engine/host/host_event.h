// What a sensor tells: events as CloudEvents in JSON. docs/sensor.md has the schema, with an example.
//
// Values: nothing here touches a disk, a clock or a network.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "host/mutation.h"
#include "host/mutation_policy.h"
#include "host/watch.h"

namespace kedge {

struct HostEvent {
  std::string type;     // "host.mutation", "host.restored", "host.upgraded", "sensor.lost", "sensor.heartbeat", ...
  std::string subject;  // "host:web1/usr/bin/ssh", "host:web1"
  Json data;

  bool is_heartbeat() const { return type == "sensor.heartbeat"; }
};

// How a mutation was come upon.
enum class FoundBy : uint8_t {
  watch,   // somebody was seen at it
  doubt,   // what was lost was read again
  start,   // it was there when the sensor began
  rescan,  // nobody was seen
};
std::string_view to_string(FoundBy);

// What is told with a mutation.
struct MutationContext {
  std::string host;
  std::string root;  // as it was named: "/", "/srv/web"
  Meaning meaning;
  std::string package;  // "openssh-server 1:9.2p1-2"; empty: no package has it
  FoundBy found_by = FoundBy::watch;
  std::vector<std::shared_ptr<const ProcessActor>> actors;
  std::optional<Time> first_seen, last_seen;  // of what was said about the path
  Digest baseline;
  bool baseline_signed = false;
};

// A process as it is told: {"pid": 4711, "executable": ..., "attribution": "best effort"}.
Json actor_json(const ProcessActor&);

// Category, severity and techniques, as every event has them that means something.
void set_meaning(Json& data, const Meaning&);

HostEvent mutation_event(const Mutation&, const MutationContext&);

// An upgrade: these files of a package hold what the package says.
HostEvent upgrade_event(const std::string& host, const std::string& root, const std::string& package,
                        const std::vector<std::string>& paths);

// A path below a root as it is told: as text; bytes that are no UTF-8 as in manifests, and then `path_escaped` is set.
Json path_fields(const std::string& root, const std::string& path);

// As it is written to a topic, or handed to an engine: with the header `content-type`, and the host for its key.
inline constexpr std::string_view kHostEventType = "application/cloudevents+json; charset=UTF-8";
std::string cloud_event(const HostEvent&, const std::string& id, Time time);

}  // namespace kedge
