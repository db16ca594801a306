// What an upgrade makes that no record lists, and what an intruder makes in the same places.
#include "host/maintainer_work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "host/package_judge.h"
#include "tests/host/some_tree.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

constexpr const char* kCertificates = "usr/share/ca-certificates/mozilla/";
constexpr const char* kBundle = "etc/ssl/certs/ca-certificates.crt";

std::string certificate(const std::string& name) {
  return "-----BEGIN CERTIFICATE-----\n" + name + "\n-----END CERTIFICATE-----\n";
}

class MaintainerWorkTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "packages' files are root's";
    certificates({"A", "B"});
    tree_.write("boot/vmlinuz-1", "a kernel");
    tree_.write("boot/initrd.img-1", "its image");
    tree_.write("usr/local/share/ca-certificates/own.crt", certificate("own"));
    link("/boot/initrd.img-1", "initrd.img");
    records("ca", "1", {"/" + std::string(kCertificates) + "A.crt", "/" + std::string(kCertificates) + "B.crt"});
    records("kernel-1", "1", {"/boot/vmlinuz-1"});
    status({{"ca", "1"}, {"kernel-1", "1"}});
    tree_.write("var/lib/dpkg/info/ca.postinst", "of version 1");
    start();
  }

  // What is there now is the baseline.
  void start() {
    const auto states = std::make_shared<const std::vector<FileState>>(tree_.states());
    known_ = std::make_unique<KnownTree>(states);
    judge_ = std::make_unique<PackageJudge>(PackageJudge::open(tree_.root(), "", *states).value());
  }

  void link(const std::string& target, const std::string& path) const {
    fs::create_directories(fs::path(tree_.at(path)).parent_path());
    fs::remove(tree_.at(path));
    fs::create_symlink(target, tree_.at(path));
  }
  void records(const std::string& package, const std::string& version, const std::vector<std::string>& paths) const {
    std::string list;
    for (const std::string& path : paths) list += path + "\n";
    tree_.write("var/lib/dpkg/info/" + package + ".list", list);
    tree_.write("var/lib/dpkg/info/" + package + ".md5sums", "of " + version);
  }
  void status(const std::map<std::string, std::string>& packages) const {
    std::string text;
    for (const auto& [package, version] : packages) {
      text += "Package: " + package + "\nStatus: install ok installed\nArchitecture: all\nVersion: " + version + "\n\n";
    }
    tree_.write("var/lib/dpkg/status", text);
  }
  // As update-ca-certificates leaves them.
  void certificates(const std::vector<std::string>& names) const {
    std::string bundle;
    std::string conf = "# a list\n!mozilla/not-wanted.crt\n";
    for (const std::string& name : names) {
      tree_.write(kCertificates + name + ".crt", certificate(name));
      link("/" + std::string(kCertificates) + name + ".crt", "etc/ssl/certs/" + name + ".pem");
      link(name + ".pem", "etc/ssl/certs/hash-of-" + name + ".0");
      bundle += certificate(name);
      conf += "mozilla/" + name + ".crt\n";
    }
    tree_.write(kBundle, bundle + certificate("own"));
    tree_.write("etc/ca-certificates.conf", conf);
  }
  void remove(const std::string& path) const { fs::remove(tree_.at(path)); }

  // From A and B to A and C.
  void upgrade_certificates() const {
    fs::copy_file(tree_.at("etc/ca-certificates.conf"), tree_.at("etc/ca-certificates.conf.dpkg-old"));
    for (const char* path : {"etc/ssl/certs/B.pem", "etc/ssl/certs/hash-of-B.0"}) remove(path);
    remove(kCertificates + std::string("B.crt"));
    certificates({"A", "C"});
    records("ca", "2", {"/" + std::string(kCertificates) + "A.crt", "/" + std::string(kCertificates) + "C.crt"});
    status({{"ca", "2"}, {"kernel-1", "1"}});
  }

  struct Judged {
    std::vector<std::string> explained, left;
  };
  // `later`: by how much all of it has changed later than it has.
  Judged judged(std::chrono::seconds later = {}) const {
    auto found = known_->look({"", ScanPart::Depth::tree}, tree_.scan(), Time{});
    for (Mutation& one : found.mutations) {
      if (one.after) one.after->identity.ctime.seconds += later.count();
    }
    const auto verdicts = judge_->judge(found.mutations, *known_);
    EXPECT_TRUE(verdicts) << verdicts.error().message;
    Judged judged;
    for (size_t i = 0; i < found.mutations.size(); ++i) {
      const std::string& by = (*verdicts)[i].upgraded_by;
      if (by.empty()) judged.left.push_back(found.mutations[i].path);
      if (by == "packages' scripts and triggers") judged.explained.push_back(found.mutations[i].path);
    }
    return judged;
  }

  SomeTree tree_;
  std::unique_ptr<KnownTree> known_;
  std::unique_ptr<PackageJudge> judge_;
};

TEST_F(MaintainerWorkTest, ExplainsWhichCertificatesAreTrustedAfterAnUpgrade) {
  upgrade_certificates();
  const Judged found = judged();
  EXPECT_THAT(found.explained,
              IsSupersetOf({"etc/ca-certificates.conf", "etc/ca-certificates.conf.dpkg-old", "etc/ssl/certs/B.pem",
                            "etc/ssl/certs/C.pem", "etc/ssl/certs/hash-of-B.0", "etc/ssl/certs/hash-of-C.0"}));
  EXPECT_THAT(found.explained, Contains(kBundle));
  EXPECT_THAT(found.left, ElementsAre(kCertificates + std::string("C.crt"))) << "its own record here is made up";
}

TEST_F(MaintainerWorkTest, ExplainsNoCertificateThatNoPackageHas) {
  upgrade_certificates();
  tree_.write(kBundle, certificate("A") + certificate("C") + certificate("an intruder's"));
  tree_.write(kCertificates + std::string("evil.crt"), certificate("an intruder's"));
  tree_.write("etc/ca-certificates.conf", "mozilla/A.crt\nmozilla/evil.crt\n");
  link("/" + std::string(kCertificates) + "evil.crt", "etc/ssl/certs/evil.pem");
  link("evil.pem", "etc/ssl/certs/hash-of-evil.0");
  EXPECT_THAT(judged().left, IsSupersetOf({kBundle, "etc/ca-certificates.conf", "etc/ssl/certs/evil.pem",
                                           "etc/ssl/certs/hash-of-evil.0"}));
}

TEST_F(MaintainerWorkTest, ExplainsNoCertificateOfTheMachinesOwnThatIsNew) {
  tree_.write("usr/local/share/ca-certificates/evil.crt", certificate("an intruder's"));
  tree_.write(kBundle, certificate("A") + certificate("B") + certificate("an intruder's"));
  EXPECT_THAT(judged().left, Contains(kBundle));
}

TEST_F(MaintainerWorkTest, ExplainsNoBundleWithMoreThanCertificates) {
  tree_.write(kBundle,
              certificate("A") + "-----BEGIN TRUSTED CERTIFICATE-----\nx\n-----END TRUSTED CERTIFICATE-----\n");
  EXPECT_THAT(judged().left, Contains(kBundle));
}

TEST_F(MaintainerWorkTest, ExplainsScriptsThatCameWithTheirRecords) {
  records("ca", "2", {"/usr/share/ca"});
  tree_.write("var/lib/dpkg/info/ca.postinst", "of version 2");
  EXPECT_THAT(judged().explained, Contains("var/lib/dpkg/info/ca.postinst"));
  EXPECT_THAT(judged(std::chrono::seconds(6)).left, Contains("var/lib/dpkg/info/ca.postinst")) << "changed later";
}

TEST_F(MaintainerWorkTest, ExplainsNoScriptThatChangedAlone) {
  tree_.write("var/lib/dpkg/info/ca.postinst", "of an intruder");
  fs::permissions(tree_.at("var/lib/dpkg/info/ca.list"),
                  fs::perms(0640));  // its ctime is now, what it lists is not new
  EXPECT_THAT(judged().left, Contains("var/lib/dpkg/info/ca.postinst"));
}

TEST_F(MaintainerWorkTest, ExplainsLinksToWhatAnUpgradeBrought) {
  tree_.write("usr/lib/systemd/system/new.service", "a unit");
  tree_.write("usr/lib/systemd/system/foreign.service", "a unit");
  records("ca", "2", {"/usr/lib/systemd/system/new.service", "/etc/hosts"});
  link("/usr/lib/systemd/system/new.service", "etc/systemd/system/a.wants/new.service");
  link("/usr/lib/systemd/system/foreign.service", "etc/systemd/system/a.wants/foreign.service");
  link("/etc/hosts", "etc/systemd/system/a.wants/old.service");  // was there before, and is enabled now
  link("../../../../../../../etc/hosts", "etc/systemd/system/a.wants/out.service");
  const Judged found = judged();
  EXPECT_THAT(found.explained, ElementsAre("etc/systemd/system/a.wants/new.service"));
  EXPECT_THAT(found.left,
              IsSupersetOf({"etc/systemd/system/a.wants/foreign.service", "etc/systemd/system/a.wants/old.service"}));
}

TEST_F(MaintainerWorkTest, ExplainsWhatStartsTheMachineWhereDpkgWroteRightAfter) {
  tree_.write("boot/vmlinuz-2", "a kernel");
  tree_.write("boot/initrd.img-2", "its image");
  tree_.write("boot/initrd.img-1", "made anew");
  tree_.write("boot/initrd.img-3", "of no kernel");
  records("kernel-2", "2", {"/boot/vmlinuz-2"});
  status({{"ca", "1"}, {"kernel-1", "1"}, {"kernel-2", "2"}});
  link("/boot/initrd.img-2", "initrd.img");
  const Judged found = judged();
  EXPECT_THAT(found.explained, ElementsAre("boot/initrd.img-1", "boot/initrd.img-2", "initrd.img"));
  EXPECT_THAT(found.left, Contains("boot/initrd.img-3"));
  tree_.set_mtime("var/lib/dpkg/status", {1'900'000'000, 0});
  EXPECT_THAT(judged().left, Contains("boot/initrd.img-1")) << "long after it";
  tree_.set_mtime("var/lib/dpkg/status", {1'600'000'000, 0});
  EXPECT_THAT(judged().left, Contains("boot/initrd.img-1")) << "before it";
}

TEST_F(MaintainerWorkTest, ExplainsThatAKernelTakesItsImageWithIt) {
  for (const char* path : {"boot/vmlinuz-1", "boot/initrd.img-1", "var/lib/dpkg/info/kernel-1.list"}) remove(path);
  status({{"ca", "1"}});
  EXPECT_THAT(judged().left, IsEmpty());
}

TEST_F(MaintainerWorkTest, ExplainsNoRecordThatIsRemovedWhileItsPackageIsThere) {
  for (const char* path : {"var/lib/dpkg/info/ca.list", "var/lib/dpkg/info/ca.postinst"}) remove(path);
  EXPECT_THAT(judged().left, ElementsAre("var/lib/dpkg/info/ca.list", "var/lib/dpkg/info/ca.postinst"));
}

TEST_F(MaintainerWorkTest, ExplainsWhatPythonCompiledOfASourceThatWasUnpackedAnew) {
  const std::string compiled = "usr/lib/__pycache__/module.cpython-311.pyc";
  tree_.write("usr/lib/module.py", "a source");
  tree_.write(compiled, "compiled");
  records("ca", "1", {"/usr/lib/module.py"});
  start();
  tree_.write(compiled, "an intruder's code");
  status({{"ca", "2"}, {"kernel-1", "1"}});
  EXPECT_THAT(judged().left, Contains(compiled)) << "its source is as it was";
  tree_.set_mtime("usr/lib/module.py", {1'700'000'000, 0});  // the same source, of another version
  EXPECT_THAT(judged().explained, Contains(compiled));
  tree_.set_mtime("var/lib/dpkg/status", {1'600'000'000, 0});
  EXPECT_THAT(judged().left, Contains(compiled)) << "and dpkg had written before it";
}

TEST_F(MaintainerWorkTest, ExplainsNoImageThatIsRemovedAlone) {
  remove("boot/initrd.img-1");
  EXPECT_THAT(judged().left, Contains("boot/initrd.img-1"));
}

TEST_F(MaintainerWorkTest, ExplainsNoDirectoryThatTakesMoreWithItThanItsPackageHad) {
  tree_.write("usr/share/tool/listed", "a package's");
  tree_.write("usr/share/tool/own", "nobody's");
  records("ca", "1", {"/usr/share/tool", "/usr/share/tool/listed"});
  start();
  fs::remove_all(tree_.at("usr/share/tool"));
  records("ca", "2", {"/etc/hosts"});
  EXPECT_THAT(judged().left, Contains("usr/share/tool"));
}

TEST_F(MaintainerWorkTest, ExplainsNothingThatIsRemovedWhileAPackageStillListsIt) {
  for (const char* path :
       {"boot/vmlinuz-1", "boot/initrd.img-1", "usr/share/ca-certificates/mozilla/B.crt", "etc/ssl/certs/B.pem"}) {
    remove(path);
  }
  EXPECT_THAT(judged().explained, IsEmpty());
}

TEST_F(MaintainerWorkTest, ExplainsNoCopyThatMoreMayRead) {
  tree_.write("etc/shadow", "a secret");
  fs::permissions(tree_.at("etc/shadow"), fs::perms(0600));
  start();
  tree_.write("etc/shadow.ucf-old", "a secret");
  EXPECT_THAT(judged().left, Contains("etc/shadow.ucf-old"));
  fs::permissions(tree_.at("etc/shadow.ucf-old"), fs::perms(0600));
  EXPECT_THAT(judged().explained, ElementsAre("etc/shadow.ucf-old"));
}

TEST_F(MaintainerWorkTest, ExplainsNoCopyOfSomethingElse) {
  tree_.write("etc/ca-certificates.conf.dpkg-old", "what an intruder hides");
  EXPECT_THAT(judged().left, Contains("etc/ca-certificates.conf.dpkg-old"));
}

}  // namespace
}  // namespace kedge
