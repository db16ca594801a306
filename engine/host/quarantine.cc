#include "host/quarantine.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"

namespace kedge {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kLeaseLeast = std::chrono::minutes(1);
constexpr std::chrono::seconds kLeaseMost = std::chrono::hours(24 * 30);
constexpr size_t kNameMost = 64;  // of what stands in a comment of the kernel, which takes 128 bytes
constexpr int kWidestFour = 8;    // a "management network" that is wider is the world
constexpr int kWidestSix = 16;

Error wrong(const char* argument, const std::string& message) {
  return {ErrorCode::invalid, fmt::format("the argument '{}': {}", argument, message)};
}

template <class T, class Parse>
Result<std::vector<T>> read_list(const json& args, const char* name, Parse parse) {
  std::vector<T> list;
  for (const json& item : args.value(name, json::array())) {
    auto parsed = parse(item.is_string() ? item.get<std::string>() : item.dump());
    if (!parsed) return wrong(name, parsed.error().message);
    list.push_back(*std::move(parsed));
  }
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

Result<void> check_management(const std::vector<IpNetwork>& management) {
  for (const IpNetwork& network : management) {
    const int widest = network.address.six ? kWidestSix : kWidestFour;
    if (network.prefix >= widest) continue;
    return wrong("management", fmt::format("{} is wider than /{}: that would isolate from next to nobody; name the "
                                           "networks from which the host is managed",
                                           network.text(), widest));
  }
  return {};
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

Result<void> check_subject(const Quarantine& q) {
  if (!q.user.empty() && !q.cgroup.empty()) return wrong("cgroup", "a user or a cgroup, not both");
  if (!q.user.empty() && !is_name(q.user)) return wrong("user", "'" + q.user + "' is not the name or number of a user");
  if (q.user == "root" || q.user == "0") return wrong("user", "root is the host itself: leave it out to isolate that");
  const bool relative = q.cgroup.empty() || (q.cgroup.front() != '/' && q.cgroup.back() != '/');
  const bool plain = q.cgroup.find_first_of("\"\\\n*") == std::string::npos && q.cgroup.find("..") == std::string::npos;
  if (relative && plain) return {};
  return wrong("cgroup", "a path below the root of the unified hierarchy, like system.slice/nginx.service");
}

Result<void> read_lease(const json& args, Quarantine& q) {
  q.lease = std::chrono::seconds(args.value("lease_seconds", std::chrono::seconds(q.lease).count()));
  if (q.lease >= kLeaseLeast && q.lease <= kLeaseMost) return {};
  return wrong("lease_seconds", fmt::format("must be from {} to {}: when the host ends the isolation by its own clock",
                                            kLeaseLeast.count(), kLeaseMost.count()));
}

template <class T>
json texts(const std::vector<T>& list) {
  json out = json::array();
  for (const T& item : list) out.push_back(item.text());
  return out;
}

std::string set_of(const char* name, const char* key, const char* flags, const std::vector<std::string>& elements) {
  std::string set = fmt::format("\tset {} {{\n\t\ttype {}\n{}", name, key, flags);
  if (!elements.empty()) set += fmt::format("\t\telements = {{ {} }}\n", fmt::join(elements, ", "));
  return set + "\t}\n";
}

std::string sets_of(const Quarantine& q, std::chrono::seconds standing) {
  std::vector<std::string> four, six, ports, line_four, line_six;
  for (const IpNetwork& network : q.management) (network.address.six ? six : four).push_back(network.text());
  for (const uint16_t port : q.ports) ports.push_back(std::to_string(port));
  for (const IpService& line : q.lifeline) {
    (line.address.six ? line_six : line_four).push_back(fmt::format("{} . {}", line.address.text(), line.port));
  }
  constexpr const char* kIntervals = "\t\tflags interval\n\t\tauto-merge\n";
  return fmt::format(
             "\tset standing {{\n\t\ttypeof meta nfproto\n\t\tflags timeout\n"
             "\t\telements = {{ ipv4 timeout {0}s, ipv6 timeout {0}s }}\n\t}}\n",
             standing.count()) +
         set_of("management_ipv4", "ipv4_addr", kIntervals, four) +
         set_of("management_ipv6", "ipv6_addr", kIntervals, six) + set_of("ports", "inet_service", "", ports) +
         set_of("lifeline_ipv4", "ipv4_addr . inet_service", "", line_four) +
         set_of("lifeline_ipv6", "ipv6_addr . inet_service", "", line_six);
}

// Before connection tracking and everybody's filters on the way in; behind the choice of a route on the way out.
std::string chain(const char* hook, int priority, const char* policy, const std::string& rules) {
  return fmt::format(
      "\tchain {0} {{\n\t\ttype filter hook {0} priority {1}; policy {2};\n\t\tmeta nfproto != @standing "
      "accept\n{3}\t}}\n",
      hook, priority, policy, rules);
}

// What stays on the way in. Answers of the lifeline are no new connections.
constexpr const char* kInStays =
    "\t\tiif \"lo\" accept\n"
    "\t\tip saddr @management_ipv4 tcp dport @ports accept\n"
    "\t\tip6 saddr @management_ipv6 tcp dport @ports accept\n"
    "\t\tip saddr . tcp sport @lifeline_ipv4 tcp flags & (syn | ack) != syn accept\n"
    "\t\tip6 saddr . tcp sport @lifeline_ipv6 tcp flags & (syn | ack) != syn accept\n";

// What stays on the way out: answers to management, and never a connection that we begin there.
constexpr const char* kOutStays =
    "\t\toif \"lo\" accept\n"
    "\t\tip daddr @management_ipv4 tcp sport @ports tcp flags & (syn | ack) != syn accept\n"
    "\t\tip6 daddr @management_ipv6 tcp sport @ports tcp flags & (syn | ack) != syn accept\n"
    "\t\tip daddr . tcp dport @lifeline_ipv4 accept\n"
    "\t\tip6 daddr . tcp dport @lifeline_ipv6 accept\n";

// Without these the host loses its address, or its neighbours, in the middle of the lease.
constexpr const char* kInKeepsAddress =
    "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } ip6 hoplimit 255 accept\n"
    "\t\tudp sport 67 udp dport 68 accept\n"
    "\t\tip6 saddr fe80::/10 udp sport 547 udp dport 546 accept\n";
constexpr const char* kOutKeepsAddress =
    "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } ip6 hoplimit 255 accept\n"
    "\t\tip daddr { 10.0.0.0/8, 100.64.0.0/10, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16, 255.255.255.255 } "
    "udp sport 68 udp dport 67 accept\n"
    "\t\tip6 daddr ff02::1:2 udp sport 546 udp dport 547 accept\n";

constexpr int kBeforeAll = -350;
constexpr int kOutPriority = -150;

std::string chains_of(const QuarantineSubject& subject) {
  if (subject.user) {
    // What has no socket (yet) has no user: a rule that asks for one does not match it.
    return chain("output", kOutPriority, "accept",
                 std::string(kOutStays) + fmt::format("\t\tmeta skuid {} drop\n", *subject.user));
  }
  if (!subject.cgroup.empty()) {
    const std::string drop = fmt::format("\t\tsocket cgroupv2 level {} \"{}\" drop\n", subject.level, subject.cgroup);
    return chain("input", kBeforeAll, "accept", kInStays + drop) +
           chain("output", kOutPriority, "accept", kOutStays + drop);
  }
  return chain("input", kBeforeAll, "drop", std::string(kInStays) + kInKeepsAddress) +
         chain("output", kOutPriority, "drop", std::string(kOutStays) + kOutKeepsAddress) +
         chain("forward", kBeforeAll, "drop", "");
}

Result<Quarantine> read_all(const json& args) {
  Quarantine q;
  auto management = read_list<IpNetwork>(args, "management", parse_ip_network);
  if (!management) return management.error();
  q.management = *std::move(management);
  auto lifeline = read_list<IpService>(args, "lifeline", parse_ip_service);
  if (!lifeline) return lifeline.error();
  q.lifeline = *std::move(lifeline);
  if (args.contains("ports")) {
    auto ports = read_list<uint16_t>(args, "ports", parse_ip_port);
    if (!ports) return ports.error();
    q.ports = *std::move(ports);
  }
  q.user = args.value("user", "");
  q.cgroup = args.value("cgroup", "");
  q.survives_reboot = args.value("survives_reboot", false);
  if (q.lifeline.empty()) {
    return wrong("lifeline",
                 "must name what the host has to reach while it is isolated, like its broker 192.0.2.1:9092");
  }
  if (auto checked = check_management(q.management); !checked) return checked.error();
  if (auto checked = check_subject(q); !checked) return checked.error();
  if (auto checked = read_lease(args, q); !checked) return checked.error();
  return q;
}

}  // namespace

Result<Quarantine> Quarantine::read(const json& args) {
  try {
    return read_all(args);
  } catch (const json::exception& failure) {
    return Error{ErrorCode::invalid, std::string("the arguments of host.quarantine: ") + failure.what()};
  }
}

json Quarantine::form() const {
  json made = {{"management", texts(management)}, {"ports", ports}, {"lifeline", texts(lifeline)}};
  if (!user.empty()) made["user"] = user;
  if (!cgroup.empty()) made["cgroup"] = cgroup;
  return made;
}

std::string Quarantine::subject() const {
  if (!user.empty()) return "the user " + user;
  return cgroup.empty() ? "the host" : "the cgroup " + cgroup;
}

std::string QuarantineSubject::table() const {
  if (user) return fmt::format("kedge_quarantine_user_{}", *user);
  return cgroup.empty() ? "kedge_quarantine" : "kedge_quarantine_cgroup_" + sha256(cgroup).hex().substr(0, 16);
}

// "delete" of what is not there would fail: it is made first.
std::string quarantine_ruleset(const Quarantine& q, const QuarantineSubject& subject, const std::string& remediation,
                               std::chrono::seconds standing) {
  const std::string why = is_name(remediation) && remediation.size() <= kNameMost
                              ? "\tcomment \"isolated by the remediation " + remediation + "\"\n"
                              : "";
  return release_ruleset(subject.table()) + fmt::format("table inet {} {{\n", subject.table()) + why +
         sets_of(q, standing) + chains_of(subject) + "}\n";
}

std::string release_ruleset(const std::string& table) {
  return fmt::format("table inet {0}\ndelete table inet {0}\n", table);
}

}  // namespace kedge
