#include "tests/host/small_host.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/files.h"
#include "host/mounts.h"
#include "host/overlay_root.h"

namespace kedge {
namespace {

constexpr const char* kPort = "80";
constexpr const char* kSmallService = KEDGE_BINARY_DIR "/tests/host/small_service";
constexpr const char* kProgram = "/sbin/service";

// Of a thread that is then gone; the descriptor keeps it.
int make_network() {
  int network = -1;
  std::thread([&] {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq loopback{};
    std::string("lo").copy(loopback.ifr_name, 3);
    loopback.ifr_flags = IFF_UP;
    ASSERT_EQ(ioctl(any, SIOCSIFFLAGS, &loopback), 0);
    close(any);
    network = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  }).join();
  return network;
}

}  // namespace

SmallHost::SmallHost() : key_(*SigningKey::from_seed("golden.example.com", std::string(32, 'g'))) {
  const std::string root = directory_.path().string();
  for (const char* folder : {"dev", "proc", "run", "sbin", "usr/bin", "var/log", "etc"}) {
    std::filesystem::create_directories(image(folder));
  }
  EXPECT_EQ(chmod(image("").c_str(), 0755), 0);
  std::filesystem::copy_file(kSmallService, image(kProgram));
  std::filesystem::copy_file(kSmallService, image("usr/bin/tool"));
  directory_.write("image/etc/motd", "golden");
  directory_.write("image/etc/machine-id", "of the image");
  std::filesystem::create_directories(root + "/identity/etc");
  directory_.write("identity/etc/machine-id", "of the host");
  network_ = make_network();
  options.host = "web1";
  options.directory = root + "/host";
  options.image = root + "/image";
  options.manifest = root + "/golden.manifest";
  options.keys = {key_.verifier()};
  options.identity = root + "/identity";
  options.network = "/proc/self/fd/" + std::to_string(network_);
  options.start = {kProgram, "serve", kPort, "/etc/motd"};
  options.health = {kProgram, "ask", kPort};
  sign();
}

SmallHost::~SmallHost() {
  if (const auto state = open()->state()) {
    if (state->current) (void)end_process(state->current->process, clock, std::chrono::seconds(10));
    if (state->next) (void)end_process(state->next->generation.process, clock, std::chrono::seconds(10));
  }
  const auto points = mounts();
  for (auto point = points.rbegin(); point != points.rend(); ++point) (void)unmount_at(*point);
  close(network_);
}

std::unique_ptr<HostRoot> SmallHost::open() {
  auto root = HostRoot::open(options, clock);
  EXPECT_TRUE(root) << root.error().message;
  return *std::move(root);
}

void SmallHost::start() {
  const auto started = open()->start();
  ASSERT_TRUE(started) << started.error().message;
}

void SmallHost::sign() {
  Manifest manifest;
  manifest.excludes = {"etc/machine-id", "var/log/*"};
  ScanOptions scanning;
  scanning.excludes = manifest.excludes;
  const auto scan = scan_tree(options.image, scanning);
  ASSERT_TRUE(scan);
  for (const ScannedEntry& entry : scan->entries) manifest.entries.push_back(entry.state);
  const std::string text = to_text(manifest);
  std::ofstream(options.manifest) << text << note_lines(text, key_);
}

std::string SmallHost::at(const std::string& path) { return *open()->root() + "/" + path; }

void SmallHost::write(const std::string& path, const std::string& text) { std::ofstream(at(path)) << text; }

void SmallHost::mutate() {
  write("usr/bin/tool", "a trojan");
  write("usr/bin/rootshell", "#!/bin/sh");
  EXPECT_EQ(chmod(at("usr/bin/rootshell").c_str(), 04755), 0);
  write("etc/motd", "owned");
  std::filesystem::copy_file(kSmallService, at("usr/bin/implant"));
  EXPECT_EQ(answer(), "owned");
  EXPECT_EQ(running("implant"), 1U);
}

std::string SmallHost::answer_in_time() const {
  for (int i = 0; i < 1'000; ++i) {
    if (std::string answer = this->answer(); !answer.empty()) return answer;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return "";
}

std::string SmallHost::answer() const {
  std::string answer;
  within_network([&] {
    const int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(80);
    char text[4096];
    if (connect(peer, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      const ssize_t size = read(peer, text, sizeof text);
      if (size > 0) answer.assign(text, static_cast<size_t>(size));
    }
    close(peer);
  });
  return answer;
}

void SmallHost::within_network(const std::function<void()>& body) const {
  std::thread([&] {
    ASSERT_EQ(setns(network_, CLONE_NEWNET), 0);
    body();
  }).join();
}

// In its network, which no other process has.
size_t SmallHost::running(const std::string& name) const {
  struct stat own {};
  EXPECT_EQ(fstat(network_, &own), 0);
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    struct stat network {};
    if (stat((entry.path() / "ns/net").c_str(), &network) != 0 || network.st_ino != own.st_ino) continue;
    const auto found = read_file((entry.path() / "comm").string());
    if (found && *found == name + "\n") ++count;
  }
  return count;
}

std::vector<std::string> SmallHost::mounts() const {
  std::vector<std::string> points;
  const auto all = Mounts::open();
  for (const auto& [number, mount] : all->all()) {
    if (mount.point.starts_with(options.directory)) points.push_back(mount.point.substr(0));
  }
  return points;
}

}  // namespace kedge
