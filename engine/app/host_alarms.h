// What a host does by itself, as an alarm: of the machine that the engine runs on, and of those that have an agent.
#pragma once

#include <string>

#include "agent/alarm_message.h"
#include "base/result.h"
#include "host/quarantines.h"
#include "ledger/change.h"

namespace kedge {

// Host, time and id are left to whoever tells it.
HostAlarmMessage host_alarm(const QuarantineNews& news);
HostAlarmMessage host_alarm(const std::string& root, const Error& why);  // a root that does not run

RaiseAlarm alarm_raised(const HostAlarmMessage& alarm);

}  // namespace kedge
