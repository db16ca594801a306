#include "host/nftables.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <sstream>

#include "base/thread.h"

namespace kedge {
namespace {

struct FreeContext {
  void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};
using Nft = std::unique_ptr<nft_ctx, FreeContext>;

std::mutex& library() {
  static std::mutex mutex;
  return mutex;
}

std::string text_of(const char* buffer) { return buffer == nullptr ? "" : buffer; }

// The context's socket is of the calling thread's namespace. Gives what was printed. Locked by the caller.
Result<std::string> run(const std::string& commands) {
  const Nft context(nft_ctx_new(NFT_CTX_DEFAULT));
  if (!context) return Error{ErrorCode::internal, "libnftables gives no context"};
  nft_ctx_output_set_flags(context.get(), NFT_CTX_OUTPUT_STATELESS | NFT_CTX_OUTPUT_NUMERIC_ALL);
  if (nft_ctx_buffer_output(context.get()) != 0 || nft_ctx_buffer_error(context.get()) != 0) {
    return Error{ErrorCode::internal, "libnftables gives no buffer"};
  }
  if (nft_run_cmd_from_buffer(context.get(), commands.c_str()) == 0) {
    return text_of(nft_ctx_get_output_buffer(context.get()));
  }
  const std::string why = text_of(nft_ctx_get_error_buffer(context.get()));
  const bool denied = why.find("Operation not permitted") != std::string::npos;
  return Error{denied ? ErrorCode::refused : ErrorCode::invalid,
               "nftables: " + why + (denied ? " (it needs CAP_NET_ADMIN)" : "")};
}

// "table inet NAME" a line.
std::vector<std::string> names_in(const std::string& listing) {
  constexpr std::string_view kTable = "table inet ";
  std::vector<std::string> names;
  std::istringstream lines(listing);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kTable)) names.push_back(line.substr(kTable.size()));
  }
  return names;
}

Result<std::optional<std::string>> listing_of(const std::string& table) {
  const auto tables = run("list tables inet");
  if (!tables) return tables.error();
  const auto names = names_in(*tables);
  if (std::find(names.begin(), names.end(), table) == names.end()) return std::optional<std::string>();
  auto listing = run("list table inet " + table);
  if (!listing) return listing.error();
  return std::optional(*std::move(listing));
}

Result<std::string> listing_in_new_namespace(const std::string& commands, const std::string& table) {
  if (unshare(CLONE_NEWNET) != 0) return io_error("cannot make", "a network namespace");
  const auto loaded = run(commands);
  if (!loaded) return loaded.error();
  auto listing = listing_of(table);
  if (!listing) return listing.error();
  if (!*listing) return Error{ErrorCode::internal, "nftables: a ruleset does not make its table " + table};
  return **std::move(listing);
}

}  // namespace

Result<void> nft_load(const std::string& commands) {
  const std::lock_guard lock(library());
  const auto done = run(commands);
  if (!done) return done.error();
  return {};
}

Result<std::vector<std::string>> nft_tables() {
  const std::lock_guard lock(library());
  const auto tables = run("list tables inet");
  if (!tables) return tables.error();
  return names_in(*tables);
}

Result<std::optional<std::string>> nft_listing(const std::string& table) {
  const std::lock_guard lock(library());
  return listing_of(table);
}

Result<std::string> nft_expected_listing(const std::string& commands, const std::string& table) {
  const std::lock_guard lock(library());
  Result<std::string> listing = Error{};
  Thread elsewhere("nft-expected", [&] { listing = listing_in_new_namespace(commands, table); });
  elsewhere.join();
  return listing;
}

Result<NftMonitor> NftMonitor::open() {
  Descriptor descriptor(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER));
  if (descriptor.get() < 0) return io_error("cannot open", "a socket of the packet filter");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1U << (NFNLGRP_NFTABLES - 1U);
  if (bind(descriptor.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return io_error("cannot listen to", "changes of the packet filter");
  }
  return NftMonitor(std::move(descriptor));
}

// That it overflowed (ENOBUFS) says no less: something has changed.
void NftMonitor::drain() {
  std::array<char, 8192> bytes{};
  while (recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0 || errno == ENOBUFS || errno == EINTR) {
    errno = 0;
  }
}

}  // namespace kedge
