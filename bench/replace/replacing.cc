// A host in namespaces of its own, replaced again and again while somebody outside asks its service, many times a
// millisecond's worth of waiting apart.
//
//   bench_replace DIRECTORY SERVICE WAY ROUNDS FILES NETWORK ADDRESS
//
// NETWORK is the host's network namespace, as `ip netns add` makes it; ADDRESS is how it is reached from this one.
// WAY: kedge (a root from the golden image, checked, an intruder's changes kept), restart (the floor: the same root,
// its first process ended and started again, nothing else), copy (stopped, the image copied to a new root, started). A
// line of JSON for each round: the longest gap between two answers, and how long the whole took.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "host/host_root.h"
#include "host/mounts.h"
#include "host/overlay_root.h"

namespace {

using namespace kedge;
namespace fs = std::filesystem;
using Ticks = std::chrono::steady_clock;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "bench_replace: %s\n", why.c_str());
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error().message);
  return *std::move(result);
}
void must(const Result<void>& result) {
  if (!result) give_up(result.error().message);
}

double milliseconds(Ticks::duration span) { return std::chrono::duration<double, std::milli>(span).count(); }

void make_mounts_private() {
  if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    give_up("it may make no namespaces: it takes root");
  }
}

// What the service says; empty: nobody answers.
std::string ask(in_addr host) {
  const int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr = host;
  address.sin_port = htons(80);
  char text[64];
  ssize_t size = 0;
  if (connect(peer, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    size = read(peer, text, sizeof text);
  close(peer);
  return size > 0 ? std::string(text, static_cast<size_t>(size)) : "";
}

void wait_for_an_answer(in_addr host) {
  const auto end = Ticks::now() + std::chrono::seconds(30);
  while (ask(host).empty()) {
    if (Ticks::now() > end) give_up("nobody answers");
    poll(nullptr, 0, 1);
  }
}

// Asks all the time, and remembers the longest time between two answers.
class Asking {
 public:
  explicit Asking(in_addr host) : host_(host), thread_([this] { run(); }) {}
  ~Asking() {
    over_ = true;
    thread_.join();
  }
  double longest_gap_ms() const { return milliseconds(Ticks::duration(longest_.load())); }

 private:
  void run() {
    auto last = Ticks::now();
    while (!over_) {
      if (!ask(host_).empty()) {
        const auto now = Ticks::now();
        longest_ = std::max(longest_.load(), (now - last).count());
        last = now;
      }
      poll(nullptr, 0, 1);
    }
  }

  const in_addr host_;
  std::atomic<bool> over_ = false;
  std::atomic<Ticks::rep> longest_ = 0;
  std::thread thread_;
};

class Bench {
 public:
  Bench(const std::string& directory, const std::string& service, int files, std::string network, in_addr host)
      : directory_(directory),
        network_(std::move(network)),
        host_(host),
        key_(must(SigningKey::from_seed("bench", std::string(32, 'b')))) {
    for (const char* folder : {"dev", "proc", "run", "sbin", "usr/bin", "usr/share", "etc"}) {
      fs::create_directories(directory + "/image/" + folder);
    }
    fs::copy_file(service, directory + "/image/sbin/service");
    std::ofstream(directory + "/image/etc/motd") << "golden";
    std::ofstream(directory + "/image/usr/bin/tool") << "a tool";
    for (int i = 0; i < files; ++i) {
      std::ofstream(directory + "/image/usr/share/" + std::to_string(i)) << std::string(16'384, static_cast<char>(i));
    }
    Manifest manifest;
    for (const ScannedEntry& entry : must(scan_tree(directory + "/image", {})).entries) {
      manifest.entries.push_back(entry.state);
    }
    const std::string text = to_text(manifest);
    std::ofstream(directory + "/golden.manifest") << text << note_lines(text, key_);
    HostRootOptions options;
    options.host = "bench";
    options.network = network_;
    options.directory = directory + "/host";
    options.image = directory + "/image";
    options.manifest = directory + "/golden.manifest";
    options.keys = {key_.verifier()};
    options.start = kStart;
    options.health = {"/sbin/service", "ask", "80"};
    root_ = must(HostRoot::open(options, clock_));
    must(root_->start());
  }

  ~Bench() {
    (void)end_process(running_.value_or(must(root_->state()).current->process), clock_, std::chrono::seconds(10));
    const auto mounts = Mounts::open();
    for (auto mount = mounts->all().rbegin(); mounts && mount != mounts->all().rend(); ++mount) {
      if (mount->second.point.starts_with(directory_)) (void)unmount_at(mount->second.point);
    }
  }

  void replace() {
    const std::string root = must(root_->root());
    std::ofstream(root + "/usr/bin/tool") << "a trojan";
    std::ofstream(root + "/usr/bin/rootshell") << "#!/bin/sh";
    chmod((root + "/usr/bin/rootshell").c_str(), 04755);
    std::ofstream(root + "/etc/motd") << "owned";
    if (ask() != "owned") give_up("the intruder did not get in");
    must(root_->replace("bench"));
    if (ask() != "golden" || !must(root_->look()).drift.empty()) give_up("something of the intruder is left");
  }

  // The least that it takes: all is ready, and nothing is looked at.
  void restart() { start_at(must(root_->root()), running_.value_or(must(root_->state()).current->process)); }

  void copy() {
    const HostProcess old = running_.value_or(must(root_->state()).current->process);
    must(end_process(old, clock_, std::chrono::seconds(10)));
    const std::string place = directory_ + "/copy-" + std::to_string(++copies_);
    fs::copy(directory_ + "/image", place, fs::copy_options::recursive);
    if (mount(place.c_str(), place.c_str(), nullptr, MS_BIND, nullptr) != 0) give_up("no bind mount");
    start_at(place, old);
  }

 private:
  void start_at(const std::string& place, const HostProcess& old) {
    auto first = must(GatedProcess::start({place, "bench", network_, kStart}, clock_));
    must(end_process(old, clock_, std::chrono::seconds(10)));
    must(first.let_go());
    running_ = first.process();
    wait_for_an_answer(host_);
  }

  const std::vector<std::string> kStart = {"/sbin/service", "serve", "80", "/etc/motd"};
  std::string ask() const { return ::ask(host_); }

  const std::string directory_;
  const std::string network_;
  const in_addr host_;
  const SigningKey key_;
  SystemClock clock_;
  std::unique_ptr<HostRoot> root_;
  std::optional<HostProcess> running_;
  int copies_ = 0;
};

}  // namespace

int main(int count, char** words) {
  in_addr host{};
  if (count != 8 || inet_aton(words[7], &host) == 0) {
    give_up("DIRECTORY SERVICE kedge|restart|copy ROUNDS FILES NETWORK ADDRESS");
  }
  const std::string way = words[3];
  make_mounts_private();
  Bench bench(words[1], words[2], std::atoi(words[5]), words[6], host);
  for (int round = 0; round < std::atoi(words[4]); ++round) {
    const Asking asking(host);
    wait_for_an_answer(host);
    const auto begun = Ticks::now();
    if (way == "kedge") bench.replace();
    if (way == "restart") bench.restart();
    if (way == "copy") bench.copy();
    const double whole = milliseconds(Ticks::now() - begun);
    poll(nullptr, 0, 50);  // until the one who asks has had an answer
    std::printf("{\"gap_ms\": %.3f, \"whole_ms\": %.3f}\n", asking.longest_gap_ms(), whole);
  }
}
