#include "host/evidence.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/files.h"
#include "tests/host/some_tree.h"
#include "tests/support/child_process.h"
#include "tests/support/fake_clock.h"
#include "tests/support/namespaces.h"
#include "tests/support/needs.h"

namespace kedge {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::vector<Json> lines_of(const Evidence& evidence, const std::string& part) {
  std::vector<Json> lines;
  std::ifstream file(evidence.directory + "/" + part);
  EXPECT_TRUE(file) << part;
  for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
  return lines;
}

Json line_of(const Evidence& evidence, const std::string& part, const std::string& key, const Json& value) {
  for (const Json& line : lines_of(evidence, part)) {
    if (line.contains(key) && line[key] == value) return line;
  }
  return {};
}

class EvidenceOf : public testing::Test {
 protected:
  EvidenceOf() {
    request.host = "web1";
    request.root = tree.root();
    request.init = getpid();  // whose process namespace is everybody's here: limits keep the list short
    request.limits.processes = 3;
  }
  std::string directory() const { return kept.path().string() + "/evidence"; }
  Evidence capture(const std::string& id = "r1") {
    auto captured = capture_evidence(request, directory(), id, clock);
    EXPECT_TRUE(captured) << captured.error().message;
    return *std::move(captured);
  }
  Json file(const std::string& path) {
    request.paths = {path};
    const Evidence evidence = capture("file-" + std::to_string(++captured_));
    const auto lines = lines_of(evidence, "files.jsonl");
    EXPECT_EQ(lines.size(), 1U);
    Json line = lines.at(0);
    if (line.contains("part")) line["content"] = *read_file(evidence.directory + "/" + line["part"].get<std::string>());
    return line;
  }

  SomeTree tree;
  TemporaryDirectory kept;
  FakeClock clock;
  EvidenceRequest request;

 private:
  int captured_ = 0;
};

using EvidenceOfFiles = EvidenceOf;

TEST_F(EvidenceOfFiles, HasWhatTheyHoldAndWhatTheyAre) {
  const Json tool = file("usr/bin/tool");
  EXPECT_EQ(tool["content"], "what usr/bin/tool holds");
  EXPECT_EQ(tool["sha256"], sha256("what usr/bin/tool holds").hex());
  EXPECT_EQ(tool["mode"], "0755");
  EXPECT_EQ(tool["type"], "file");
  EXPECT_FALSE(tool.contains("changed_while_read"));
  EXPECT_EQ(file("/etc/hosts")["links"], 2) << "a slash at the beginning is the root's";
}

TEST_F(EvidenceOfFiles, NamesWhatIsNoUtf8SoThatItCanBeReadBack) {
  const Json odd = file(kNoUtf8);
  EXPECT_EQ(odd["path"], visible(kNoUtf8));
  EXPECT_EQ(odd["path_escaped"], true);
  EXPECT_EQ(odd["content"], "what " + kNoUtf8 + " holds");
}

TEST_F(EvidenceOfFiles, FollowsNoLinkAndOpensNothingButFiles) {
  EXPECT_EQ(file("bin")["link_target"], "usr/bin");
  EXPECT_EQ(file("bin/tool")["absent"], "a link is on the way");
  EXPECT_EQ(file("../etc/hosts")["absent"], "it leads out of the root");
  EXPECT_EQ(file("nowhere/x")["absent"], "it is not there");
  EXPECT_EQ(file("fifo")["type"], "fifo");
  EXPECT_EQ(file("socket")["type"], "socket");
  EXPECT_FALSE(file("fifo").contains("sha256"));
}

TEST_F(EvidenceOfFiles, KeepsTheBeginningOfALongOneAndSaysSo) {
  tree.write("long", std::string(5000, 'a') + std::string(5000, 'b'));
  request.limits.file_bytes = 6000;
  request.paths = {"long"};
  const Evidence evidence = capture();
  const Json line = lines_of(evidence, "files.jsonl").at(0);
  EXPECT_EQ(line["size"], 10'000);
  EXPECT_EQ(line["kept_bytes"], 6000);
  EXPECT_EQ(line["sha256"], sha256(std::string(5000, 'a') + std::string(5000, 'b')).hex());
  EXPECT_EQ(*read_file(evidence.directory + "/files/0001"), std::string(5000, 'a') + std::string(1000, 'b'));
  const Json cut = {{"what", "long"}, {"left_out", 4000}, {"why", "more than 6000 bytes"}};
  EXPECT_THAT(evidence.index["cut"], Contains(cut));
}

TEST_F(EvidenceOfFiles, HaveTheirAttributes) {
  ASSERT_EQ(setxattr(tree.at("empty").c_str(), "user.note", "hi", 2, 0), 0);
  EXPECT_EQ(file("empty")["attributes"]["user.note"], "6869");
}

using EvidenceAsAWhole = EvidenceOf;

TEST_F(EvidenceAsAWhole, IsCheckedByProgramsOfOthers) {
  request.paths = {"etc/hosts", "empty"};
  const Evidence evidence = capture();
  const auto checked = run({.command = {"sha256sum", "--strict", "-c", "SHA256SUMS"}, .directory = evidence.directory});
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->exit, Exit()) << checked->output;
  EXPECT_THAT(checked->output, HasSubstr("files/0002: OK"));
  EXPECT_EQ(evidence.digest, sha256(*read_file(evidence.directory + "/SHA256SUMS")));
}

TEST_F(EvidenceAsAWhole, IsReadableByItsOwnerAlone) {
  request.paths = {"etc/hosts"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(capture().directory)) {
    struct stat found {};
    ASSERT_EQ(lstat(entry.path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, entry.is_directory() ? 0700 : 0600) << entry.path();
  }
}

TEST_F(EvidenceAsAWhole, IsWhatWasCapturedFirstHoweverOftenItIsAskedFor) {
  request.paths = {"etc/hosts"};
  const Evidence first = capture();
  tree.write("etc/hosts", "wiped");
  EXPECT_EQ(capture().digest, first.digest);
}

TEST_F(EvidenceAsAWhole, ThatSomebodyChangedIsNone) {
  request.paths = {"etc/hosts"};
  const Evidence evidence = capture();
  std::ofstream(evidence.directory + "/files/0001") << "nothing to see";
  const auto again = capture_evidence(request, directory(), "r1", clock);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::corrupt);
}

TEST_F(EvidenceAsAWhole, BeginsAnewWhereItsWriterDied) {
  std::filesystem::create_directories(directory());
  ASSERT_EQ(symlink(tree.at("etc").c_str(), (directory() + "/.r1.new").c_str()), 0);
  request.paths = {"etc/hosts"};
  const Evidence evidence = capture();
  EXPECT_EQ(*read_file(evidence.directory + "/files/0001"), "what etc/hosts holds");
  EXPECT_FALSE(std::filesystem::exists(tree.at("etc/index.json"))) << "the link was followed";
}

TEST_F(EvidenceAsAWhole, TakesNoNameThatLeadsElsewhere) {
  for (const char* id : {"", "..", "a/b", ".hidden", "a b"}) {
    const auto captured = capture_evidence(request, directory(), id, clock);
    ASSERT_FALSE(captured) << id;
    EXPECT_EQ(captured.error().code, ErrorCode::invalid) << id;
  }
}

TEST_F(EvidenceAsAWhole, SaysWhatItHadNoTimeFor) {
  request.limits.time = Duration(0);
  request.paths = {"etc/hosts", "empty"};
  const Evidence evidence = capture();
  const Json cut = {{"what", "files"}, {"left_out", 2}, {"why", "after 0s"}};
  EXPECT_THAT(evidence.index["cut"], Contains(cut));
  EXPECT_TRUE(lines_of(evidence, "processes.jsonl").empty());
}

TEST_F(EvidenceAsAWhole, SaysHowManyItHadNoRoomFor) {
  request.limits.processes = 1;
  const Evidence evidence = capture();
  EXPECT_EQ(lines_of(evidence, "processes.jsonl").size(), 1U);
  const Json& cut = evidence.index["cut"].at(0);
  EXPECT_EQ(cut["what"], "processes");
  EXPECT_GE(cut["left_out"].get<int>(), 1);
  EXPECT_EQ(cut["why"], "more than 1");
}

TEST_F(EvidenceAsAWhole, StaysWithinItsBytes) {
  tree.write("a", std::string(60'000, 'a'));
  tree.write("b", std::string(60'000, 'b'));
  request.paths = {"a", "b"};
  request.limits.bytes = 100'000;
  request.limits.processes = 0;
  const Evidence evidence = capture();
  uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(evidence.directory)) {
    if (entry.is_regular_file() && !entry.path().filename().string().starts_with("SHA")) bytes += entry.file_size();
  }
  EXPECT_LE(bytes, 100'000 + 4'096U) << "the index alone is above it";
  EXPECT_EQ(lines_of(evidence, "files.jsonl").at(1)["sha256"], sha256(std::string(60'000, 'b')).hex());
  EXPECT_EQ(evidence.index["cut"].back()["why"], "no room is left");
}

TEST_F(EvidenceAsAWhole, IsNotThereWhereTheDiskIsFull) {
  KEDGE_NEEDS(may_make_namespaces());
  tree.write("long", std::string(1U << 20U, 'x'));
  request.paths = {"long"};
  std::optional<Result<Evidence>> captured;
  std::vector<std::string> left;
  // In a mount namespace of that thread's own.
  std::thread([&] {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(mount("small", kept.path().c_str(), "tmpfs", 0, "size=256k"), 0);
    captured = capture_evidence(request, directory(), "r1", clock);
    for (const auto& entry : std::filesystem::directory_iterator(directory())) left.push_back(entry.path().string());
  }).join();
  ASSERT_TRUE(captured && !*captured);
  EXPECT_EQ(captured->error().code, ErrorCode::no_room) << captured->error().message;
  EXPECT_THAT(left, testing::IsEmpty());
}

// A host in namespaces of its own: it listens, holds a file open, and runs an implant of which the file is gone.
class EvidenceOfAHost : public EvidenceOf {
 protected:
  void SetUp() override {
    KEDGE_NEEDS(may_make_namespaces());
    tree.write("listener.py",
               "import os, shutil, socket, subprocess\n"
               "shutil.copy('/bin/sleep', 'implant')\n"
               "subprocess.Popen(['./implant', '1000'], env={'LD_PRELOAD': '', 'TOKEN': 'secret'})\n"
               "os.unlink('implant')\n"
               "kept = open('empty')\n"
               "server = socket.create_server(('0.0.0.0', 4444))\n"
               "frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)\n"
               "print('ready', flush=True)\n"
               "server.accept()\n");
    auto started = ChildProcess::start(
        {.command = {"unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "python3", "listener.py"},
         .directory = tree.root()});
    ASSERT_TRUE(started);
    host = *std::move(started);
    const auto ready = host->wait_for_line("ready");
    ASSERT_TRUE(ready) << ready.error().message;
    const std::string pid = std::to_string(host->pid());
    request.init = std::stoi(*read_file("/proc/" + pid + "/task/" + pid + "/children"));
    request.limits.processes = 100;
  }

  std::unique_ptr<ChildProcess> host;
};

TEST_F(EvidenceOfAHost, HasItsProcessesAndNoOthers) {
  const Evidence evidence = capture();
  const auto processes = lines_of(evidence, "processes.jsonl");
  ASSERT_EQ(processes.size(), 2U);
  EXPECT_EQ(processes[0]["pid"], *request.init);
  EXPECT_EQ(processes[0]["pid_within"], 1);
  EXPECT_THAT(processes[0]["command"].get<std::string>(), testing::EndsWith("python3 listener.py"));
  EXPECT_EQ(processes[1]["parent"], *request.init);
  EXPECT_EQ(processes[1]["uid"], getuid());
  EXPECT_EQ(processes[0]["executable_deleted"], false);
}

TEST_F(EvidenceOfAHost, KeepsTheProgramOfWhichTheFileIsGone) {
  const Evidence evidence = capture();
  const Json implant = line_of(evidence, "processes.jsonl", "name", "implant");
  EXPECT_EQ(implant["executable_deleted"], true);
  EXPECT_EQ(implant["loader_variables"], Json::array({"LD_PRELOAD="}));
  EXPECT_THAT(implant.dump(), Not(HasSubstr("secret")));
  const auto kept_bytes = read_file(evidence.directory + "/files/executable-" + implant["pid"].dump());
  const auto original = read_file("/bin/sleep");
  ASSERT_TRUE(kept_bytes && original);
  EXPECT_TRUE(*kept_bytes == *original);
  EXPECT_EQ(implant["executable_file"]["sha256"], sha256(*original).hex());
}

TEST_F(EvidenceOfAHost, HasItsSocketsWithWhoHoldsThem) {
  const Evidence evidence = capture();
  const Json listening = line_of(evidence, "sockets.jsonl", "local", "0.0.0.0:4444");
  EXPECT_EQ(listening["state"], "listening");
  EXPECT_EQ(listening["protocol"], "tcp");
  EXPECT_EQ(listening["pids"], Json::array({*request.init}));
  EXPECT_EQ(line_of(evidence, "sockets.jsonl", "protocol", "packet")["pids"], Json::array({*request.init}))
      << "who reads all frames";
  for (const Json& socket : lines_of(evidence, "sockets.jsonl")) {
    EXPECT_EQ(socket["network_namespace"], listening["network_namespace"]);
  }
}

TEST_F(EvidenceOfAHost, HasItsOpenFilesMountsModulesAndRoutes) {
  const Evidence evidence = capture();
  const Json open_file = line_of(evidence, "open_files.jsonl", "target", tree.at("empty"));
  EXPECT_EQ(open_file["pid"], *request.init);
  const Json& parts = evidence.index["parts"];
  EXPECT_GT(parts["raw/mountinfo"].get<int>(), 0);
  EXPECT_TRUE(parts.contains("raw/modules") == std::filesystem::exists("/proc/modules"));
  const std::string network = line_of(evidence, "sockets.jsonl", "local", "0.0.0.0:4444")["network_namespace"];
  EXPECT_TRUE(parts.contains("raw/route-" + network)) << parts;
}

}  // namespace
}  // namespace kedge
