// What host.quarantine takes, and the ruleset that it becomes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/quarantine.h"
#include "host/quarantine_lease.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using nlohmann::json;
using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

json usual() { return {{"management", {"10.0.0.0/24", "2001:db8:1::/48"}}, {"lifeline", {"10.0.0.5:9092"}}}; }

std::string complaint(const char* argument, const json& value) {
  json args = usual();
  args[argument] = value;
  const auto q = Quarantine::read(args);
  EXPECT_FALSE(q.ok()) << value.dump();
  return q ? "" : q.error().message;
}

TEST(QuarantineArguments, SayWhatWouldBeRight) {
  EXPECT_THAT(complaint("management", {"bastion.example.org"}), HasSubstr("not an address like 192.0.2.1"));
  EXPECT_THAT(complaint("management", {"10.0.0.5/24"}), HasSubstr("10.0.0.0/24 is the network, 10.0.0.5 the address"));
  EXPECT_THAT(complaint("management", {"10.0.0.0/33"}), HasSubstr("a number from 0 to 32"));
  EXPECT_THAT(complaint("management", {"0.0.0.0/0"}), HasSubstr("wider than /8"));
  EXPECT_THAT(complaint("management", {"::/0"}), HasSubstr("wider than /16"));
  EXPECT_THAT(complaint("lifeline", json::array()), HasSubstr("must name what the host has to reach"));
  EXPECT_THAT(complaint("lifeline", {"10.0.0.5"}), HasSubstr("ADDRESS:PORT"));
  EXPECT_THAT(complaint("lifeline", {"2001:db8::1:9092"}), HasSubstr("[2001:db8::1]:9092"));
  EXPECT_THAT(complaint("ports", {"ssh"}), HasSubstr("1 to 65535"));
  EXPECT_THAT(complaint("ports", {"0"}), HasSubstr("1 to 65535"));
  EXPECT_THAT(complaint("user", "root"), HasSubstr("leave it out"));
  EXPECT_THAT(complaint("user", "a b"), HasSubstr("not the name or number"));
  EXPECT_THAT(complaint("cgroup", "/system.slice"), HasSubstr("like system.slice/nginx.service"));
  EXPECT_THAT(complaint("cgroup", "a/../../b"), HasSubstr("like system.slice"));
  EXPECT_THAT(complaint("cgroup", "a\" accept #"), HasSubstr("like system.slice"));
  EXPECT_THAT(complaint("lease_seconds", 1), HasSubstr("from 60 to 2592000"));
  EXPECT_THAT(complaint("user", 33), HasSubstr("the arguments of host.quarantine"));
  EXPECT_THAT(complaint("lease_seconds", "long"), HasSubstr("the arguments of host.quarantine"));
  json both = usual();
  both["user"] = "www-data";
  both["cgroup"] = "system.slice";
  EXPECT_THAT(Quarantine::read(both).error().message, HasSubstr("not both"));
}

TEST(QuarantineArguments, HaveOneFormWhateverTheirOrder) {
  json other = usual();
  other["management"] = {"2001:db8:1::/48", "10.0.0.0/24", "10.0.0.0/24"};
  other["lease_seconds"] = 600;
  EXPECT_EQ(Quarantine::read(other)->form(), Quarantine::read(usual())->form());
}

TEST(QuarantineRuleset, ReplacesItsTableInOneTransactionAndLetsAllPassWhenItsTimeIsOver) {
  const std::string ruleset = quarantine_ruleset(*Quarantine::read(usual()), {}, "r-1", seconds(90));
  EXPECT_TRUE(ruleset.starts_with("table inet kedge_quarantine\ndelete table inet kedge_quarantine\n")) << ruleset;
  EXPECT_THAT(ruleset, HasSubstr("elements = { ipv4 timeout 90s, ipv6 timeout 90s }"));
  size_t chains = 0, ways_out = 0;
  for (size_t at = 0; (at = ruleset.find("policy drop;", at)) != std::string::npos; ++at) ++chains;
  for (size_t at = 0; (at = ruleset.find("meta nfproto != @standing accept", at)) != std::string::npos; ++at)
    ++ways_out;
  EXPECT_EQ(chains, 3U);
  EXPECT_EQ(ways_out, chains);
}

TEST(QuarantineRuleset, OfAUserOrACgroupDropsNothingOfOthers) {
  const Quarantine q = *Quarantine::read(usual());
  QuarantineSubject user;
  user.user = 33;
  EXPECT_EQ(user.table(), "kedge_quarantine_user_33");
  EXPECT_THAT(quarantine_ruleset(q, user, "r-1", seconds(9)), HasSubstr("meta skuid 33 drop"));
  EXPECT_THAT(quarantine_ruleset(q, user, "r-1", seconds(9)), Not(HasSubstr("policy drop")));
  QuarantineSubject cgroup;
  cgroup.cgroup = "system.slice/nginx.service";
  cgroup.level = 2;
  EXPECT_THAT(quarantine_ruleset(q, cgroup, "r-1", seconds(9)),
              HasSubstr("socket cgroupv2 level 2 \"system.slice/nginx.service\" drop"));
  EXPECT_THAT(quarantine_ruleset(q, cgroup, "r-1", seconds(9)), Not(HasSubstr("policy drop")));
}

TEST(QuarantineLeases, AreReadAsTheyWereKeptAndDamageIsTold) {
  const TemporaryDirectory folder;
  const QuarantineLeases leases(folder.path() / "leases");
  FakeClock clock;
  QuarantineLease lease;
  lease.args = usual();
  lease.quarantine = *Quarantine::read(usual());
  lease.subject.user = 33;
  lease.phase = QuarantineLease::Phase::standing;
  lease.remediation = "r";
  lease.boot_id = clock.boot_id();
  lease.until = clock.elapsed() + hours(2);
  lease.until_wall = clock.now() + hours(2);
  ASSERT_TRUE(leases.keep(lease).ok());
  folder.write("leases/torn.json", "{");
  folder.write("leases/strange.json", R"({"v":1,"phase":"standing","until_elapsed_ms":"x"})");
  std::vector<Error> damaged;
  const auto all = leases.all(damaged);
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(damaged.size(), 2U);
  ASSERT_EQ(all->size(), 1U);
  const auto found = leases.find("kedge_quarantine_user_33");
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ((*found)->subject.user, 33U);
  EXPECT_EQ((*found)->phase, QuarantineLease::Phase::standing);
  EXPECT_EQ((*found)->left(clock), hours(2));
  ASSERT_TRUE(leases.forget("kedge_quarantine_user_33").ok());
  EXPECT_FALSE(*leases.find("kedge_quarantine_user_33"));
}

TEST(QuarantineLeases, AreNeverLongerThanTheyWereMadeFor) {
  FakeClock clock;
  QuarantineLease lease;
  lease.quarantine = *Quarantine::read(usual());
  lease.quarantine.survives_reboot = true;
  lease.boot_id = clock.boot_id();
  lease.until = clock.elapsed() + hours(24);
  lease.until_wall = clock.now() + hours(24);
  clock.reboot(hours(1));
  EXPECT_EQ(lease.left(clock), hours(23));
  clock.set_wall(clock.now() - hours(1000));
  EXPECT_EQ(lease.left(clock), lease.quarantine.lease);
  lease.quarantine.survives_reboot = false;
  EXPECT_EQ(lease.left(clock), Duration{0});
}

}  // namespace
}  // namespace kedge
