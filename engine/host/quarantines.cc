#include "host/quarantines.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <sstream>

#include "base/files.h"
#include "host/flows.h"
#include "host/nftables.h"
#include "host/reach.h"

namespace kedge {
namespace {

using nlohmann::json;
using Phase = QuarantineLease::Phase;

constexpr std::array<std::string_view, 6> kKinds = {"drifted", "renewed", "proven", "expired", "given up", "failed"};
constexpr size_t kDifferenceLinesMax = 50;
constexpr int kCuts = 3;  // what was on its way when the others were cut is cut then
constexpr size_t kFlowsNamed = 5;
// The kernel ends what we did not: so much later, as its clock and ours may differ.
constexpr std::chrono::seconds kBehindUs(5);
// Since the host was started: by then there is a network, or somebody has to know that there is none.
constexpr Duration kNetworkComes = std::chrono::minutes(5);

Error refused(std::string message) { return {ErrorCode::refused, std::move(message)}; }

// What is left of its time is no part of what a listing says.
std::string without_timeouts(const std::string& listing) {
  std::string out;
  std::istringstream words(listing);
  for (std::string line; std::getline(words, line); out += line + "\n") {
    for (size_t at = line.find(" timeout "); at != std::string::npos; at = line.find(" timeout ", at)) {
      line.erase(at, line.find_first_of(", }", at + 9) - at);
    }
  }
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const size_t first = line.find_first_not_of(" \t");
    if (first != std::string::npos) lines.push_back(line.substr(first));
  }
  return lines;
}

// Lines that one has and the other has not, in their order; where only the order differs, that.
std::vector<std::string> compare(const std::string& wanted, const std::string& found) {
  if (wanted == found) return {};
  const auto wants = lines_of(wanted), has = lines_of(found);
  std::vector<std::string> difference;
  const auto add = [&](const std::vector<std::string>& these, const std::vector<std::string>& others,
                       const char* sign) {
    std::multiset<std::string> left(others.begin(), others.end());
    for (const std::string& line : these) {
      const auto same = left.find(line);
      if (same != left.end()) {
        left.erase(same);
      } else if (difference.size() < kDifferenceLinesMax) {
        difference.push_back(sign + line);
      }
    }
  };
  add(wants, has, "- ");
  add(has, wants, "+ ");
  if (difference.empty()) difference.emplace_back("the same lines in another order");
  return difference;
}

Result<uint32_t> number_of_user(const std::string& user) {
  if (user.find_first_not_of("0123456789") == std::string::npos && user.size() < 10) {
    return static_cast<uint32_t>(std::stoul(user));
  }
  std::array<char, 4096> bytes{};
  passwd entry{};
  passwd* found = nullptr;
  getpwnam_r(user.c_str(), &entry, bytes.data(), bytes.size(), &found);
  if (found == nullptr) return refused("this host has no user '" + user + "'");
  return entry.pw_uid;
}

// Of the folder and of all below it: a socket names the one in which it was made.
std::set<uint64_t> inodes_of(const std::string& folder) {
  std::set<uint64_t> inodes;
  struct stat status {};
  if (stat(folder.c_str(), &status) == 0) inodes.insert(status.st_ino);
  std::error_code failure;
  std::filesystem::recursive_directory_iterator below(folder, failure);
  for (; !failure && below != std::filesystem::recursive_directory_iterator(); below.increment(failure)) {
    if (below->is_directory(failure) && stat(below->path().c_str(), &status) == 0) inodes.insert(status.st_ino);
  }
  return inodes;
}

// "/sys/fs/cgroup" or "/sys/fs/cgroup/unified"; empty: there is no unified hierarchy below `root`.
std::string unified_below(const std::string& root) {
  const auto mounts = read_file("/proc/self/mounts");
  if (!mounts) return "";
  std::istringstream lines(*mounts);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string device, place, type;
    words >> device >> place >> type;
    if (type == "cgroup2" && (place == root || place.starts_with(root + "/"))) return place;
  }
  return "";
}

std::chrono::seconds in_seconds(Duration span) { return std::chrono::ceil<std::chrono::seconds>(span); }

std::string names_of(const std::vector<Flow>& flows) {
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(flows.size(), kFlowsNamed); ++i) names.push_back(flows[i].text());
  if (flows.size() > kFlowsNamed) names.push_back(fmt::format("and {} more", flows.size() - kFlowsNamed));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string names_of(const std::vector<IpService>& services) {
  std::vector<std::string> names;
  for (const IpService& service : services) names.push_back(service.text());
  return fmt::format("{}", fmt::join(names, ", "));
}

bool may_stay(const Flow& flow, const Quarantine& q, const std::vector<IpAddress>& own) {
  if (flow.remote.address.is_loopback() || std::find(own.begin(), own.end(), flow.remote.address) != own.end()) {
    return true;
  }
  if (flow.udp) return false;
  if (std::find(q.lifeline.begin(), q.lifeline.end(), flow.remote) != q.lifeline.end()) return true;
  return std::find(q.ports.begin(), q.ports.end(), flow.local.port) != q.ports.end() &&
         std::any_of(q.management.begin(), q.management.end(),
                     [&](const IpNetwork& network) { return network.holds(flow.remote.address); });
}

}  // namespace

std::string_view to_string(QuarantineNews::Kind kind) { return kKinds[static_cast<size_t>(kind)]; }

Quarantines::Quarantines(Clock& clock, Options options)
    : clock_(clock), options_(std::move(options)), leases_(options_.folder) {}

Result<QuarantineSubject> Quarantines::subject_of(const Quarantine& q) const {
  QuarantineSubject subject;
  if (!q.user.empty()) {
    const auto number = number_of_user(q.user);
    if (!number) return number.error();
    if (*number == 0) return refused("'" + q.user + "' is root, which is the host itself: leave user out");
    subject.user = *number;
  }
  if (q.cgroup.empty()) return subject;
  const std::string unified = unified_below(options_.cgroups);
  if (unified.empty()) return refused("this host has no unified cgroup hierarchy below " + options_.cgroups);
  subject.cgroup = (unified + "/" + q.cgroup).substr(options_.cgroups.size() + 1);
  subject.level = 1 + static_cast<int>(std::count(q.cgroup.begin(), q.cgroup.end(), '/'));
  return subject;
}

// ---- what stands -------------------------------------------------------------------------------------------------

Result<std::string> Quarantines::expected(const QuarantineLease& lease) {
  const std::string ruleset =
      quarantine_ruleset(lease.quarantine, lease.subject, lease.remediation, std::chrono::seconds(60));
  if (const auto known = expected_.find(ruleset); known != expected_.end()) return known->second;
  auto listing = nft_expected_listing(ruleset, lease.subject.table());
  if (!listing) return listing.error();
  return expected_[ruleset] = without_timeouts(*listing);
}

// Empty: it stands exactly.
Result<std::vector<std::string>> Quarantines::difference(const QuarantineLease& lease) {
  const auto wanted = expected(lease);
  if (!wanted) return wanted.error();
  const auto places = places_of(lease);
  if (!places) return places.error();
  std::vector<std::string> difference;
  for (const NetworkPlace& place : *places) {
    Result<std::optional<std::string>> listing = Error{};
    auto looked = place.in([&]() -> Result<void> {
      listing = nft_listing(lease.subject.table());
      return listing ? Result<void>() : listing.error();
    });
    if (!looked) return looked.error();
    const auto here = *listing ? compare(*wanted, without_timeouts(**listing))
                               : std::vector<std::string>{"- table inet " + lease.subject.table()};
    for (const std::string& line : here) difference.push_back(line + place.text());
  }
  return difference;
}

// A table that nobody keeps a lease of is not ours to take for our own work, nor to load over.
Result<HostSight> Quarantines::sight_of_none(const Quarantine& q, const std::string& table, bool leased) {
  HostSight seen;
  seen.state = {{"quarantine", nullptr}};
  seen.summary = q.subject() + " is not isolated";
  if (leased) return seen;
  const auto listing = nft_listing(table);
  if (!listing) return listing.error();
  if (*listing) {
    seen.hold =
        fmt::format("the table {0} stands, and no lease is kept of it: `nft delete table inet {0}` ends it", table);
  }
  return seen;
}

Result<HostSight> Quarantines::sight_of(const Quarantine& q, const QuarantineSubject& subject,
                                        const std::optional<QuarantineLease>& lease) {
  if (!lease || lease->phase != Phase::standing || lease->left(clock_) <= Duration{0}) {
    return sight_of_none(q, subject.table(), lease.has_value());
  }
  HostSight seen;
  seen.state = {{"quarantine", lease->quarantine.form()}};
  if (!is_there(*lease)) {
    seen.holds = lease->quarantine.form() == q.form();
    seen.summary = q.subject() + " is gone";
    return seen;
  }
  const auto drift = difference(*lease);
  if (!drift) return drift.error();
  const bool same = lease->quarantine.form() == q.form();
  seen.holds = same && drift->empty();
  const std::string unproven = lease->proven ? "" : ", and that is not proven since the host was started anew";
  seen.summary = same ? q.subject() + " is isolated" + unproven
                      : q.subject() + " is isolated otherwise, by remediation " + lease->remediation;
  if (!drift->empty()) seen.summary += fmt::format("; somebody has changed that: {}", fmt::join(*drift, "; "));
  return seen;
}

Result<HostSight> Quarantines::observe(HostCall&, const json& args) {
  const auto q = Quarantine::read(args);
  if (!q) return q.error();
  const std::lock_guard lock(mutex_);
  const auto subject = subject_of(*q);
  if (!subject) return subject.error();
  const auto lease = leases_.find(subject->table());
  if (!lease) return lease.error();
  return sight_of(*q, *subject, *lease);
}

// ---- to isolate --------------------------------------------------------------------------------------------------

Result<std::vector<std::string>> Quarantines::apply(HostCall& call, const json& args, const json& now) {
  const auto q = Quarantine::read(args);
  if (!q) return q.error();
  const std::lock_guard lock(mutex_);
  const auto subject = subject_of(*q);
  if (!subject) return subject.error();
  const auto standing = leases_.find(subject->table());
  if (!standing) return standing.error();
  const auto seen = sight_of(*q, *subject, *standing);
  if (!seen) return seen.error();
  if (seen->state != now) return Error{ErrorCode::conflict, "the isolation was changed since it was observed"};
  if (!seen->state.at("quarantine").is_null() && (*standing)->quarantine.form() != q->form()) {
    return refused(seen->summary + "; release that one first (kedge remediation release)");
  }
  QuarantineLease lease;
  lease.args = args;
  lease.quarantine = *q;
  lease.subject = *subject;
  lease.remediation = call.remediation;
  lease.boot_id = clock_.boot_id();
  if (!seen->state.at("quarantine").is_null()) lease = **standing;  // it has drifted: it is mended for its own time
  return try_out(lease);
}

Result<Quarantines::Notes> Quarantines::try_out(QuarantineLease& lease) {
  if (!is_there(lease)) return refused("this host has no cgroup " + folder_of(lease));
  const std::vector<IpService> alive = answering(lease.quarantine.lifeline, options_.lifeline_timeout);
  if (alive.empty()) {
    return refused("nothing was done: the lifeline does not answer even now: " + names_of(lease.quarantine.lifeline));
  }
  const bool anew = lease.phase != Phase::standing;
  if (anew) {
    lease.until = clock_.elapsed() + lease.quarantine.lease;
    lease.until_wall = clock_.now() + lease.quarantine.lease;
    if (auto kept = leases_.keep(lease); !kept) return Error{ErrorCode::unavailable, kept.error().message};
  }
  if (auto loaded = load(lease, options_.try_for); !loaded) return give_up(lease, loaded.error());
  if (auto proven = prove(lease, alive); !proven) return give_up(lease, proven.error());
  lease.phase = Phase::standing;
  lease.proven = true;
  if (auto stands = stand(lease); !stands) return give_up(lease, stands.error());
  if (auto kept = leases_.keep(lease); !kept) return give_up(lease, kept.error());
  Notes notes = {lease.quarantine.subject() + " is isolated; the lifeline answers: " + names_of(alive)};
  const auto cut = cut_flows(lease);
  if (!cut) notes.push_back("what was connected stands still, and was not cut: " + cut.error().message);
  if (cut) notes.insert(notes.end(), cut->begin(), cut->end());
  return notes;
}

Result<void> Quarantines::prove(const QuarantineLease& lease, const std::vector<IpService>& lifeline) const {
  const auto answered = answering(lifeline, options_.lifeline_timeout);
  if (answered != lifeline) {
    std::vector<IpService> silent;
    std::set_difference(lifeline.begin(), lifeline.end(), answered.begin(), answered.end(), std::back_inserter(silent));
    if (!silent.empty()) return refused("the lifeline does not answer any more: " + names_of(silent));
  }
  return prove_isolation(lease);
}

// In each place anew: what is asked in ours says nothing of a container's.
Result<void> Quarantines::prove_isolation(const QuarantineLease& lease) const {
  const auto places = places_of(lease);
  if (!places) return places.error();
  for (const NetworkPlace& place : *places) {
    const auto way = way_out(lease.subject, folder_of(lease), place.is_ours() ? -1 : place.descriptor());
    if (!way) return way.error();
    if (*way) return refused("it does not isolate: " + **way + place.text());
  }
  return {};
}

std::string Quarantines::folder_of(const QuarantineLease& lease) const {
  return lease.subject.cgroup.empty() ? "" : options_.cgroups + "/" + lease.subject.cgroup;
}

// Where packets of the isolated begin and end. Each look asks anew: a container may come, or make itself another place.
Result<std::vector<NetworkPlace>> Quarantines::places_of(const QuarantineLease& lease) const {
  if (!lease.subject.cgroup.empty()) return network_places_of(folder_of(lease));
  auto ours = NetworkPlace::ours();
  if (!ours) return ours.error();
  std::vector<NetworkPlace> places;
  places.push_back(*std::move(ours));
  return places;
}

Result<void> Quarantines::load(const QuarantineLease& lease, std::chrono::seconds standing) const {
  const auto places = places_of(lease);
  if (!places) return places.error();
  const std::string ruleset = quarantine_ruleset(lease.quarantine, lease.subject, lease.remediation, standing);
  for (const NetworkPlace& place : *places) {
    if (auto loaded = place.in([&] { return nft_load(ruleset); }); !loaded) return loaded;
  }
  return {};
}

Result<void> Quarantines::stand(const QuarantineLease& lease) const {
  return load(lease, in_seconds(lease.left(clock_)) + kBehindUs);
}

Result<Quarantines::Notes> Quarantines::give_up(QuarantineLease& lease, const Error& why) {
  const auto released = release(lease);
  if (released) return refused(why.message + "; the isolation was undone");
  return Error{ErrorCode::internal,
               fmt::format("{}; and it could not be undone: {}. The kernel lets it lapse by itself in {} s",
                           why.message, released.error().message, options_.try_for.count())};
}

Result<std::vector<Flow>> Quarantines::forbidden_flows(const QuarantineLease& lease) const {
  auto flows = connected_flows();
  if (!flows) return flows.error();
  const auto own = own_addresses();
  if (!own) return own.error();
  const bool by_cgroup = !lease.subject.cgroup.empty();
  const auto cgroups = by_cgroup ? inodes_of(folder_of(lease)) : std::set<uint64_t>();
  std::erase_if(*flows, [&](const Flow& flow) {
    const bool another =
        (lease.subject.user && flow.user != *lease.subject.user) || (by_cgroup && cgroups.count(flow.cgroup) == 0);
    return another || may_stay(flow, lease.quarantine, *own);
  });
  return flows;
}

Result<Quarantines::Notes> Quarantines::cut_flows(const QuarantineLease& lease) const {
  const auto places = places_of(lease);
  if (!places) return places.error();
  Notes notes;
  for (const NetworkPlace& place : *places) {
    const auto done = place.in([&]() -> Result<void> {
      const auto cut = cut_flows_here(lease);
      if (!cut) return cut.error();
      for (const std::string& note : *cut) notes.push_back(note + place.text());
      return {};
    });
    if (!done) return done.error();
  }
  return notes;
}

Result<Quarantines::Notes> Quarantines::cut_flows_here(const QuarantineLease& lease) const {
  Notes notes;
  for (int round = 0;; ++round) {
    const auto flows = forbidden_flows(lease);
    if (!flows) return flows.error();
    if (flows->empty()) return notes;
    if (round == kCuts) return Notes{"connections that could not be cut, and stand still: " + names_of(*flows)};
    for (const Flow& flow : *flows) {
      const auto done = cut(flow);
      if (!done && done.error().code == ErrorCode::not_found) {
        return Notes{done.error().message + "; they stand still until the release: " + names_of(*flows)};
      }
      if (!done) return done.error();
    }
    notes.push_back(fmt::format("{} connections were cut: {}", flows->size(), names_of(*flows)));
  }
}

// ---- to release --------------------------------------------------------------------------------------------------

// The lease is gone only when the table is seen to be. Of a cgroup it may stand where nothing of the cgroup is any
// more: every network namespace is asked.
Result<void> Quarantines::release(QuarantineLease& lease) {
  lease.phase = Phase::releasing;
  const auto kept = leases_.keep(lease);
  const std::string table = lease.subject.table();
  auto places = lease.subject.cgroup.empty() ? places_of(lease) : network_places();
  if (!places) return places.error();
  for (const NetworkPlace& place : *places) {
    bool entered = false;
    const auto done = place.in([&] {
      entered = true;
      return release_here(table);
    });
    if (!done && entered) return done;  // where we cannot be nothing of ours stands
  }
  if (auto gone = leases_.forget(table); !gone) return kept ? gone : kept;
  return {};
}

Result<void> Quarantines::release_here(const std::string& table) {
  const auto stands = nft_listing(table);
  if (!stands) return stands.error();
  if (!*stands) return {};
  if (auto done = nft_load(release_ruleset(table)); !done) return done;
  const auto left = nft_listing(table);
  if (!left) return left.error();
  if (*left) return Error{ErrorCode::internal, "the table " + table + " stands after it was deleted"};
  return {};
}

Result<std::vector<std::string>> Quarantines::undo(HostCall&, const json& args, const json& before, const json& after) {
  const auto q = Quarantine::read(args);
  if (!q) return q.error();
  const std::lock_guard lock(mutex_);
  const auto subject = subject_of(*q);
  if (!subject) return subject.error();
  const auto lease = leases_.find(subject->table());
  if (!lease) return lease.error();
  const auto seen = sight_of(*q, *subject, *lease);
  if (!seen) return seen.error();
  if (seen->state == before) return Notes{};
  if (seen->state != after) return Error{ErrorCode::conflict, "the isolation was changed since it was observed"};
  if (!before.is_object() || !before.value("quarantine", json()).is_null()) {
    return refused("what stood before was another isolation, which is not brought back");
  }
  QuarantineLease ending = **lease;
  if (auto done = release(ending); !done) return done.error();
  return Notes{q->subject() + " is isolated no more"};
}

// ---- to keep it as it should be ----------------------------------------------------------------------------------

std::vector<QuarantineNews> Quarantines::check() {
  const std::lock_guard lock(mutex_);
  std::vector<QuarantineNews> news;
  std::vector<Error> damaged;
  auto leases = leases_.all(damaged);
  if (!leases) damaged.push_back(leases.error());
  for (const Error& error : damaged) news.push_back({QuarantineNews::Kind::failed, "", error.message});
  if (!leases) return news;
  for (QuarantineLease& lease : *leases) check(lease, news);
  return news;
}

void Quarantines::check(QuarantineLease& lease, std::vector<QuarantineNews>& news) {
  const std::string subject = lease.quarantine.subject();
  if (lease.phase == Phase::tried) {
    return end(lease, QuarantineNews::Kind::given_up, "the isolation of " + subject + " was never proven", news);
  }
  if (lease.phase == Phase::releasing) {
    return end(lease, QuarantineNews::Kind::given_up, "the isolation of " + subject + " was to be released", news);
  }
  if (lease.left(clock_) <= Duration{0}) {
    const bool same_boot = lease.boot_id == clock_.boot_id();
    return end(lease, QuarantineNews::Kind::expired,
               same_boot ? "the time of the isolation of " + subject + " is over"
                         : "the host was started anew, which the isolation of " + subject + " was not to survive",
               news);
  }
  if (!is_there(lease)) return;
  if (lease.boot_id != clock_.boot_id()) return renew(lease, news);
  auto drift = difference(lease);
  if (!drift) {
    news.push_back({QuarantineNews::Kind::failed, lease.remediation,
                    "the isolation of " + subject + " cannot be looked at: " + drift.error().message});
  } else if (!drift->empty()) {
    mend(lease, *std::move(drift), news);
  }
  if (!lease.proven) prove_again(lease, news);
}

// From here on its time is that of this boot again.
void Quarantines::renew(QuarantineLease& lease, std::vector<QuarantineNews>& news) {
  lease.until = clock_.elapsed() + lease.left(clock_);
  lease.boot_id = clock_.boot_id();
  lease.proven = false;
  auto stands = leases_.keep(lease);
  if (stands) stands = stand(lease);
  const std::string subject = lease.quarantine.subject();
  if (stands) {
    news.push_back({QuarantineNews::Kind::renewed, lease.remediation,
                    "the host was started anew; " + subject + " is isolated again"});
  } else {
    news.push_back(
        {QuarantineNews::Kind::failed, lease.remediation,
         "the host was started anew, and " + subject + " could not be isolated again: " + stands.error().message});
  }
}

void Quarantines::prove_again(QuarantineLease& lease, std::vector<QuarantineNews>& news) {
  const std::string subject = lease.quarantine.subject();
  const std::vector<IpService> alive = answering(lease.quarantine.lifeline, options_.lifeline_timeout);
  if (alive.empty()) {
    if (clock_.elapsed() < kNetworkComes) return;
    news.push_back(
        {QuarantineNews::Kind::failed, lease.remediation,
         fmt::format("{} is isolated since the host was started anew, and its lifeline has not answered since: "
                     "{}",
                     subject, names_of(lease.quarantine.lifeline))});
    return;
  }
  auto proven = prove_isolation(lease);
  lease.proven = proven.ok();
  if (proven) proven = leases_.keep(lease);
  if (proven) {
    news.push_back(
        {QuarantineNews::Kind::proven, lease.remediation,
         fmt::format("{} is isolated again since the host was started anew, and that is proven; the lifeline "
                     "answers: {}",
                     subject, names_of(alive))});
  } else {
    news.push_back(
        {QuarantineNews::Kind::failed, lease.remediation,
         "the isolation of " + subject +
             ", which stands again since the host was started anew, is not proven: " + proven.error().message});
  }
}

// Of a cgroup that is gone nothing is left to be isolated; made anew, it is another one for the kernel.
bool Quarantines::is_there(const QuarantineLease& lease) const {
  std::error_code failure;
  return lease.subject.cgroup.empty() || std::filesystem::is_directory(folder_of(lease), failure);
}

void Quarantines::mend(const QuarantineLease& lease, std::vector<std::string> drift,
                       std::vector<QuarantineNews>& news) {
  const std::string subject = lease.quarantine.subject();
  const auto mended = stand(lease);
  const auto left = mended ? difference(lease) : Result<std::vector<std::string>>(mended.error());
  const auto cut = mended ? cut_flows(lease) : Result<Notes>(mended.error());
  const auto proven = mended ? prove_isolation(lease) : mended;
  const bool isolates = proven || proven.error().code == ErrorCode::timeout;  // what is frozen sends nothing either
  if (left && left->empty() && cut && isolates) {
    news.push_back({QuarantineNews::Kind::drifted, lease.remediation,
                    fmt::format("somebody changed the isolation of {}, which is as it should be again{}{}", subject,
                                cut->empty() ? "" : "; ", fmt::join(*cut, "; ")),
                    std::move(drift)});
    return;
  }
  const std::string why = !left            ? left.error().message
                          : !cut           ? cut.error().message
                          : !left->empty() ? "it is changed at the same time"
                                           : proven.error().message;
  news.push_back({QuarantineNews::Kind::failed, lease.remediation,
                  "the isolation of " + subject + " was changed and could not be mended: " + why, std::move(drift)});
}

void Quarantines::end(QuarantineLease& lease, QuarantineNews::Kind kind, const std::string& why,
                      std::vector<QuarantineNews>& news) {
  const auto done = release(lease);
  if (done) {
    news.push_back({kind, lease.remediation, why + "; it is gone"});
  } else {
    news.push_back(
        {QuarantineNews::Kind::failed, lease.remediation, why + ", and is not gone: " + done.error().message});
  }
}

}  // namespace kedge
