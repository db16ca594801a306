#include "host/mutation_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using Category = MutationCategory;
using Severity = MutationSeverity;
using testing::Contains;
using testing::HasSubstr;

ScannedEntry entry(const std::string& path, uint32_t mode = 0644) {
  ScannedEntry made;
  made.state.path = path;
  made.state.mode = mode;
  return made;
}

Mutation created(const std::string& path, uint32_t mode = 0644) {
  return {path, {MutationKind::created}, std::nullopt, entry(path, mode), {}, "", false};
}

Mutation changed(const std::string& path, uint32_t before, uint32_t after) {
  return {path,
          {before == after ? MutationKind::modified : MutationKind::mode},
          entry(path, before),
          entry(path, after),
          {},
          "",
          false};
}

struct Case {
  const char* path;
  Category category;
  const char* technique;
};

class DefaultPolicy : public testing::TestWithParam<Case> {};

TEST_P(DefaultPolicy, KnowsTheTechnique) {
  const Meaning meaning = MutationPolicy().meaning_of(created(GetParam().path));
  EXPECT_FALSE(meaning.quiet);
  EXPECT_EQ(meaning.category, GetParam().category) << to_string(meaning.category);
  EXPECT_EQ(meaning.techniques.front(), GetParam().technique);
  EXPECT_GE(meaning.severity, Severity::medium);
}

INSTANTIATE_TEST_SUITE_P(
    All, DefaultPolicy,
    testing::Values(Case{"usr/bin/ssh", Category::binary, "T1554"}, Case{"sbin/init", Category::binary, "T1554"},
                    Case{"usr/local/bin/tool", Category::binary, "T1554"},
                    Case{"etc/ld.so.preload", Category::loader, "T1574.006"},
                    Case{"etc/ld.so.conf.d/x.conf", Category::loader, "T1574.006"},
                    Case{"usr/lib/x86_64-linux-gnu/libc.so.6", Category::library, "T1574"},
                    Case{"etc/cron.d/job", Category::persistence, "T1053.003"},
                    Case{"var/spool/cron/crontabs/root", Category::persistence, "T1053.003"},
                    Case{"etc/systemd/system/x.service", Category::persistence, "T1543.002"},
                    Case{"usr/lib/systemd/system/x.timer", Category::persistence, "T1053.006"},
                    Case{"usr/lib/systemd/system-generators/x", Category::persistence, "T1543.002"},
                    Case{"root/.ssh/authorized_keys", Category::credentials, "T1098.004"},
                    Case{"home/alice/.ssh/authorized_keys2", Category::credentials, "T1098.004"},
                    Case{"etc/passwd", Category::credentials, "T1136.001"},
                    Case{"etc/sudoers.d/x", Category::credentials, "T1548.003"},
                    Case{"etc/pam.d/sshd", Category::credentials, "T1556.003"},
                    Case{"usr/lib/x86_64-linux-gnu/security/pam_unix.so", Category::credentials, "T1556.003"},
                    Case{"etc/ssh/sshd_config", Category::configuration, "T1021.004"},
                    Case{"etc/profile.d/x.sh", Category::persistence, "T1546.004"},
                    Case{"home/alice/.bashrc", Category::persistence, "T1546.004"},
                    Case{"etc/udev/rules.d/x.rules", Category::persistence, "T1546.017"},
                    Case{"usr/lib/modules/6.1/kernel/x.ko", Category::boot, "T1547.006"},
                    Case{"boot/initrd.img-6.1", Category::boot, "T1542.003"},
                    Case{"etc/rc.local", Category::persistence, "T1037.004"},
                    Case{"etc/update-motd.d/00-x", Category::persistence, "T1037.004"},
                    Case{"var/www/html/shell.php", Category::persistence, "T1505.003"},
                    Case{"etc/nftables.conf", Category::configuration, "T1562.004"},
                    Case{"etc/audit/auditd.conf", Category::configuration, "T1562.001"},
                    Case{"etc/myapp/settings.ini", Category::configuration, "T1565.001"}));

TEST(MutationPolicy, IsQuietAboutWhatAHealthyServerDoes) {
  for (const char* path :
       {"var/log/syslog.1", "var/cache/apt/pkgcache.bin", "etc/ld.so.cache", "etc/ld.so.cache~", "etc/passwd-",
        "etc/.pwd.lock", "etc/resolv.conf", "var/lib/dpkg/status-old", "var/lib/dpkg/updates/0001",
        "usr/lib/python3/dist-packages/__pycache__", "etc/4913/", "etc/.hosts.swp", "etc/hosts~",
        "var/lib/logrotate/status", "var/lib/man-db/auto-update", "usr/lib/modules/6.1/modules.dep",
        "lib/modules/6.1/modules.symbols.bin.4711.81234.17", "run/x.pid"}) {
    std::string plain = path;
    if (plain.back() == '/') plain.pop_back();
    EXPECT_TRUE(MutationPolicy().meaning_of(created(plain)).quiet) << plain;
    EXPECT_TRUE(MutationPolicy().is_quiet(plain)) << plain;
  }
  EXPECT_FALSE(MutationPolicy().is_quiet("etc/hosts"));
}

TEST(MutationPolicy, IsQuietAboutDepmodsFilesInAKernelsOwnDirectoryAlone) {
  for (const char* path :
       {"usr/lib/modules/6.1/kernel/modules.evil.ko", "lib/modules/6.1/modules.evil.ko", "lib/modules/modules.ko"}) {
    EXPECT_EQ(MutationPolicy().meaning_of(created(path)).techniques.front(), "T1547.006") << path;
  }
  for (const char* path : {"lib/modules/6.1/kernel/modules.dep", "usr/lib/modules/6.1/kernel/net/modules.alias.bin",
                           "lib/modules/6.1/modules.evil", "srv/lib/modules/6.1/modules.dep"}) {
    EXPECT_FALSE(MutationPolicy().is_quiet(path)) << path;
    EXPECT_FALSE(MutationPolicy().meaning_of(created(path)).quiet) << path;
  }
}

TEST(MutationPolicy, WhatPythonHasCompiledCountsWhenItIsOtherThanItWas) {
  const std::string cache = "usr/lib/python3/dist-packages/__pycache__/six.cpython-311.pyc";
  EXPECT_TRUE(MutationPolicy().is_judged_by_its_source(cache));
  EXPECT_FALSE(MutationPolicy().is_quiet(cache)) << "what it holds is to be read";
  EXPECT_TRUE(MutationPolicy().meaning_of(created(cache)).quiet);
  EXPECT_TRUE(MutationPolicy().meaning_of(cache).quiet) << "as of a directory that is gone";
  const Meaning meaning = MutationPolicy().meaning_of(changed(cache, 0644, 0644));
  EXPECT_EQ(meaning.severity, Severity::medium);
  EXPECT_EQ(meaning.techniques.front(), "T1574");
  EXPECT_TRUE(MutationPolicy().meaning_of(changed(cache, 0644, 0755)).quiet) << "of the mode alone";
}

TEST(MutationPolicy, WhatIsCompiledAndHasNoSourceBesideItIsCode) {
  for (const char* path : {"usr/lib/python3/dist-packages/evil.pyc", "opt/app/evil.pyc", "opt/__pycache__/evil.pyc"}) {
    const Meaning meaning = MutationPolicy().meaning_of(created(path));
    EXPECT_EQ(meaning.techniques.front(), "T1574") << path;
    EXPECT_EQ(meaning.severity, Severity::medium) << path;
  }
  EXPECT_FALSE(MutationPolicy().meaning_of(created("opt/app/__pycache__/evil.so")).quiet);
}

TEST(MutationPolicy, ALineOfOnesOwnSaysWhatIsCompiledMeansToo) {
  const MutationPolicy policy({{{"opt/app/*.pyc"}, {Category::data, Severity::informational, {}, true}}});
  const std::string cache = "opt/app/__pycache__/six.cpython-311.pyc";
  EXPECT_TRUE(policy.meaning_of(changed(cache, 0644, 0644)).quiet);
  EXPECT_FALSE(policy.is_judged_by_its_source(cache));
  EXPECT_TRUE(policy.is_judged_by_its_source("opt/other/__pycache__/six.cpython-311.pyc"));
}

TEST(MutationPolicy, ANewSetuidFileIsCriticalWhereverItLies) {
  for (const char* path : {"usr/bin/tool", "srv/data/x", "var/log/x", "tmp/.x"}) {
    const Meaning meaning = MutationPolicy().meaning_of(created(path, 04755));
    EXPECT_EQ(meaning.techniques.front(), "T1548.001") << path;
    EXPECT_EQ(meaning.severity, Severity::critical) << path;
    EXPECT_FALSE(meaning.quiet) << path;
  }
  EXPECT_EQ(MutationPolicy().meaning_of(changed("usr/bin/tool", 0755, 02755)).techniques.front(), "T1548.001");
}

TEST(MutationPolicy, AFileThatWasSetuidBeforeIsNoNewOne) {
  EXPECT_EQ(MutationPolicy().meaning_of(changed("usr/bin/su", 04755, 04755)).techniques.front(), "T1554");
  EXPECT_EQ(MutationPolicy().meaning_of(changed("usr/bin/su", 04755, 0755)).techniques.front(), "T1554");
}

TEST(MutationPolicy, NewCapabilitiesElevateToo) {
  Mutation mutation = changed("usr/bin/tool", 0755, 0755);
  mutation.kinds = {MutationKind::capabilities};
  mutation.after->state.capabilities = "\x01";
  EXPECT_EQ(MutationPolicy().meaning_of(mutation).techniques.front(), "T1548.001");
}

TEST(MutationPolicy, AnExecutableWhereAllMayWriteIsHidden) {
  EXPECT_EQ(MutationPolicy().meaning_of(created("dev/shm/.x", 0755)).techniques.front(), "T1564.001");
  EXPECT_EQ(MutationPolicy().meaning_of(created("srv/x", 0644)).severity, Severity::low);
}

TEST(MutationPolicy, AnExecutableWithAnEditorsNameIsHiddenToo) {
  for (const char* path : {"usr/bin/tool~", "usr/bin/.tool.swp"}) {
    EXPECT_EQ(MutationPolicy().meaning_of(created(path, 0755)).techniques.front(), "T1564.001") << path;
    EXPECT_TRUE(MutationPolicy().meaning_of(created(path, 0644)).quiet) << path;
  }
}

Mutation gone(const std::string& path, std::vector<std::string> below = {}) {
  return {path, {MutationKind::deleted}, entry(path), std::nullopt, std::move(below), "", false};
}

TEST(MutationPolicy, ALogThatIsGoneIsWipedUnlessItWasTurnedOver) {
  for (const char* path : {"var/log/auth.log", "var/log/syslog", "var/log/wtmp", "var/log/nginx/access.log"}) {
    EXPECT_EQ(MutationPolicy().meaning_of(gone(path)).techniques, std::vector<std::string>{"T1070.002"}) << path;
  }
  EXPECT_EQ(MutationPolicy().meaning_of(gone("var/log", {"var/log/x", "var/log/auth.log"})).techniques.front(),
            "T1070.002");
  for (const char* path : {"var/log/syslog.1", "var/log/auth.log.2.gz", "var/log/nginx/access-20260101.log",
                           "var/log/wtmp.1", "var/log/x"}) {
    EXPECT_TRUE(MutationPolicy().meaning_of(gone(path)).quiet) << path;
  }
  EXPECT_TRUE(MutationPolicy().meaning_of(changed("var/log/auth.log", 0640, 0640)).quiet);
}

TEST(MutationPolicy, ContentThatClaimsToBeOlderThanItsChangeIsTimeStomped) {
  Mutation mutation = changed("usr/bin/ssh", 0755, 0755);
  mutation.after->identity.ctime = {1'800'000'000, 0};
  mutation.after->state.mtime = {1'600'000'000, 0};
  const Meaning meaning = MutationPolicy().meaning_of(mutation);
  EXPECT_EQ(meaning.techniques.front(), "T1554");
  EXPECT_THAT(meaning.techniques, Contains("T1070.006"));
  mutation.after->state.mtime = {1'800'000'000, 0};
  EXPECT_THAT(MutationPolicy().meaning_of(mutation).techniques, testing::Not(Contains("T1070.006")));
}

TEST(MutationPolicy, ADirectoryThatIsGoneIsAsGraveAsTheGravestInIt) {
  Mutation mutation{"etc", {MutationKind::deleted}, entry("etc"), std::nullopt, {"etc/hosts", "etc/sudoers"}, "",
                    false};
  const Meaning meaning = MutationPolicy().meaning_of(mutation);
  EXPECT_EQ(meaning.severity, Severity::critical);
  EXPECT_EQ(meaning.techniques.front(), "T1548.003");
}

TEST(MutationPolicy, WhatIsRestoredAlarmsNobody) {
  Mutation mutation = created("etc/sudoers");
  mutation.restored = true;
  EXPECT_EQ(MutationPolicy().meaning_of(mutation).severity, Severity::informational);
}

TEST(MutationPolicy, OwnLinesCountBeforeTheDefaults) {
  const MutationPolicy policy(
      {{{"etc/myapp/*"}, {Category::data, Severity::informational, {}, true}},
       {{"var/log/audit/*"}, {Category::credentials, Severity::critical, {"T1070.002"}, false}}});
  EXPECT_TRUE(policy.is_quiet("etc/myapp/x"));
  EXPECT_FALSE(policy.is_quiet("var/log/audit/audit.log"));
  EXPECT_EQ(policy.meaning_of(created("var/log/audit/audit.log")).techniques.front(), "T1070.002");
}

TEST(MutationPolicy, SaysWhichWordsThereAre) {
  EXPECT_EQ(*parse_mutation_category("loader"), Category::loader);
  EXPECT_EQ(*parse_mutation_severity("critical"), Severity::critical);
  const auto wrong = parse_mutation_category("binaries");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("binary, library"));
}

}  // namespace
}  // namespace kedge
