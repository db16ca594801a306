#include "ledger/throttle.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "base/json.h"
#include "plan/policy.h"

namespace kedge {
namespace {

constexpr size_t kTargetsNamed = 5;

// What a digest tells of one of its notices.
Json line_of(const Notice& notice) {
  Json line;
  for (const char* name : {"seq", "at", "target", "remediation", "state", "guard", "alarm", "message"}) {
    if (notice.data.contains(name)) line[name] = notice.data.at(name);
  }
  line["principal"] = notice.data.value("/actor/principal"_json_pointer, "");
  return line;
}

std::string worse(const std::string& a, const std::string& b) {
  const auto one = parse_severity(a);
  const auto other = parse_severity(b);
  if (!one || !other) return one ? a : b;
  return *other > *one ? b : a;
}

// "3 more since 2026-01-01T12:00:00Z: a, b"; of alarms what they say.
std::string message_of(const Json& data) {
  std::vector<std::string> targets;
  for (const Json& line : data.at("notices")) {
    const std::string target = line.value("target", line.value("message", ""));
    if (std::find(targets.begin(), targets.end(), target) == targets.end()) targets.push_back(target);
  }
  const bool others = targets.size() > kTargetsNamed || data.at("count") > data.at("notices").size();
  targets.resize(std::min(targets.size(), kTargetsNamed));
  return fmt::format("{} more since {}: {}{}", data.at("count").get<int64_t>(), data.at("at").get<std::string>(),
                     fmt::join(targets, ", "), others ? " and others" : "");
}

}  // namespace

std::string kind_of(const Notice& notice) {
  const std::string about = notice.data.value("guard", notice.data.value("alarm", ""));
  return about.empty() ? notice.type : notice.type + " " + about;
}

bool goes_alone(Throttle& throttle, const NoticePace& pace, Time now) {
  if (now >= throttle.until) {
    const bool goes_on = throttle.digest != 0 && now < throttle.until + pace.span;
    throttle.until = (goes_on ? throttle.until : now) + pace.span;
    throttle.alone = goes_on ? pace.alone : 0;
    throttle.digest = 0;
  }
  if (throttle.digest != 0 || throttle.alone >= pace.alone) return false;
  ++throttle.alone;
  return true;
}

Notice digest_of(const Notice& notice, Time due) {
  Notice digest = notice;
  digest.type = kDigestType;
  digest.created = due;  // it is no older than the end of what it tells of
  digest.due = due;
  digest.data = {{"of", notice.type}, {"count", 0}, {"notices", Json::array()}};
  for (const char* name : {"rule", "title", "severity", "guard", "alarm", "seq", "at"}) {
    if (notice.data.contains(name)) digest.data[name] = notice.data.at(name);
  }
  fold_into(digest, notice);
  return digest;
}

void fold_into(Notice& digest, const Notice& notice) {
  Json& data = digest.data;
  digest.id = notice.id;
  data["count"] = data.value("count", int64_t{0}) + 1;
  data["last"] = {{"seq", notice.data.value("seq", int64_t{0})}, {"at", notice.data.value("at", "")}};
  data["severity"] = worse(data.value("severity", ""), notice.data.value("severity", ""));
  if (data.at("notices").size() < kDigestNotices) data["notices"].push_back(line_of(notice));
  data["message"] = message_of(data);
}

}  // namespace kedge
