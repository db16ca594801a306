// Nftables: the kernel's packet filter, through libnftables.
//
// Every call works on the network namespace of the thread that makes it. Thread-safe (the library is not: calls wait
// for each other).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"

namespace kedge {

// One transaction: all of it, or nothing and an error that says where it is wrong.
Result<void> nft_load(const std::string& commands);

// The names of the tables of family inet.
Result<std::vector<std::string>> nft_tables();

// A table of family inet in nft's words, one form for what is the same: numbers for names, neither counters nor what is
// left of a timeout. None: it is not there.
Result<std::optional<std::string>> nft_listing(const std::string& table);

// How that table would be listed if these commands were loaded. They are, in an empty network namespace that lasts as
// long as the call; this one is not touched. Needs CAP_SYS_ADMIN.
Result<std::string> nft_expected_listing(const std::string& commands, const std::string& table);

// Readable when somebody, we too, has changed a ruleset of this namespace.
class NftMonitor {
 public:
  static Result<NftMonitor> open();
  int descriptor() const { return socket_.get(); }
  void drain();  // what it has told until now

 private:
  explicit NftMonitor(Descriptor socket) : socket_(std::move(socket)) {}
  Descriptor socket_;
};

}  // namespace kedge
