// What other sensors on hosts tell, in the JSON that they write themselves. Private to this room.
//
//   falco     an alert, by json_output: https://falco.org/docs/concepts/outputs/formatting/
//   wazuh     a line of the manager's alerts.json:
//             https://documentation.wazuh.com/current/user-manual/manager/alert-management.html
//   osquery   a line of results: https://osquery.readthedocs.io/en/stable/deployment/logging/
//   auditd    an event of go-libaudit, or of Auditbeat, which is made with it:
//             https://www.elastic.co/docs/reference/beats/auditbeat/auditbeat-module-auditd
//   tetragon  an event: https://tetragon.io/docs/reference/grpc-api/
//
// Each says in members of its own what it is, when and where; the view has them where rules look for them: the host as
// "host:NAME" in resources, and a time that is RFC 3339 whatever it was.
#pragma once

#include <string_view>

#include "event/decoder.h"
#include "event/text_arena.h"

namespace kedge {

// One kind of document of one sensor.
struct HostSensor;

// The kind that has the marks of this one; null: none.
const HostSensor* host_sensor_of(JsonValue document);
Format format_of(const HostSensor&);
// "a Falco alert", for messages.
std::string_view describe(const HostSensor&);

Event sensor_event(const HostSensor&, JsonValue document, TextArena&);

}  // namespace kedge
