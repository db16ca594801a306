// A host that can be replaced: an image with one program, its signed manifest, an identity, and a network of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/note.h"
#include "base/clock.h"
#include "host/host_root.h"
#include "tests/support/temporary_directory.h"

namespace kedge {

// Everything of it ends with it, also what runs and is mounted. Needs may_make_namespaces().
class SmallHost {
 public:
  SmallHost();
  ~SmallHost();
  SmallHost(const SmallHost&) = delete;
  SmallHost& operator=(const SmallHost&) = delete;

  HostRootOptions options;
  SystemClock clock;

  std::unique_ptr<HostRoot> open();
  void start();

  // Of the image, and signed again.
  std::string image(const std::string& path) const { return directory_.path().string() + "/image/" + path; }
  void sign();

  // Of the running root, as an intruder who is root in there changes it.
  std::string at(const std::string& path);
  void write(const std::string& path, const std::string& text);
  // A trojan in place of a program, a setuid shell, the message gone, and an implant that runs.
  void mutate();

  // What its service answers to one who asks from the network; empty: nobody answers.
  std::string answer() const;
  std::string answer_in_time() const;  // the first that is not empty; empty after ten seconds without one
  // In a thread of the host's network.
  void within_network(const std::function<void()>& body) const;

  // Of processes that run this host's program, or what an intruder put there, with that name.
  size_t running(const std::string& name) const;
  // Mount points below its directory.
  std::vector<std::string> mounts() const;

 private:
  TemporaryDirectory directory_;
  SigningKey key_;
  int network_ = -1;
};

}  // namespace kedge
