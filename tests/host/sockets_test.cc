// The kernel's list of sockets, in network namespaces of the tests' own.
#include "host/sockets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/own_network.h"

namespace kedge {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> names_of(const std::vector<Socket>& sockets) {
  std::vector<std::string> names;
  for (const Socket& socket : sockets) {
    names.push_back(std::string(to_string(socket.protocol)) + " " + to_string(socket.local));
  }
  return names;
}

std::vector<Socket> sockets_now(SocketTable::Wanted wanted) {
  auto table = SocketTable::open();
  EXPECT_TRUE(table) << table.error().message;
  auto sockets = table->read(wanted);
  EXPECT_TRUE(sockets) << sockets.error().message;
  return *std::move(sockets);
}

TEST(SocketTable, SeesWhatWaitsForOthersOfEachProtocolAndFamily) {
  const bool made = in_own_network([] {
    EXPECT_THAT(sockets_now(SocketTable::Wanted::waiting), IsEmpty());
    const Descriptor all[] = {
        bound_socket(SOCK_STREAM, "0.0.0.0", 22),   bound_socket(SOCK_STREAM, "::1", 5432),
        bound_socket(SOCK_DGRAM, "127.0.0.1", 53),  bound_socket(SOCK_DGRAM, "::", 123),
        bound_socket(SOCK_STREAM, "127.0.0.1", 80),
    };
    EXPECT_THAT(names_of(sockets_now(SocketTable::Wanted::waiting)),
                UnorderedElementsAre("tcp 0.0.0.0:22", "tcp [::1]:5432", "udp 127.0.0.1:53", "udp [::]:123",
                                     "tcp 127.0.0.1:80"));
  });
  if (!made) GTEST_SKIP() << "this process may not make a network namespace";
}

TEST(SocketTable, ConnectionsAreOnlyInTheWholeList) {
  const bool made = in_own_network([] {
    const Descriptor listener = bound_socket(SOCK_STREAM, "127.0.0.1", 80);
    const Descriptor server = bound_socket(SOCK_DGRAM, "127.0.0.1", 53);
    const Descriptor client = connected_socket(SOCK_STREAM, 80);
    const Descriptor asking = connected_socket(SOCK_DGRAM, 53);
    EXPECT_THAT(names_of(sockets_now(SocketTable::Wanted::waiting)),
                UnorderedElementsAre("tcp 127.0.0.1:80", "udp 127.0.0.1:53"));
    std::vector<std::string> remote;
    for (const Socket& socket : sockets_now(SocketTable::Wanted::all)) {
      if (!socket.is_waiting) remote.push_back(to_string(socket.remote));
    }
    EXPECT_THAT(remote, Contains("127.0.0.1:80"));
    EXPECT_THAT(remote, Contains("127.0.0.1:53"));
  });
  if (!made) GTEST_SKIP() << "this process may not make a network namespace";
}

// More than one packet of the kernel's answer.
TEST(SocketTable, SeesAThousandListeners) {
  const bool made = in_own_network([] {
    std::vector<Descriptor> held;
    for (uint16_t port = 1'000; port < 1'900; ++port) held.push_back(bound_socket(SOCK_STREAM, "127.0.0.1", port));
    EXPECT_EQ(sockets_now(SocketTable::Wanted::waiting).size(), 900U);
  });
  if (!made) GTEST_SKIP() << "this process may not make a network namespace";
}

TEST(SocketTable, StaysInTheNamespaceInWhichItWasOpened) {
  std::optional<SocketTable> inside;
  const bool made = in_own_network([&] {
    const Descriptor listener = bound_socket(SOCK_STREAM, "127.0.0.1", 80);
    auto table = SocketTable::open();
    ASSERT_TRUE(table);
    inside.emplace(*std::move(table));
    EXPECT_EQ(names_of(*inside->read(SocketTable::Wanted::waiting)), std::vector<std::string>{"tcp 127.0.0.1:80"});
  });
  if (!made) GTEST_SKIP() << "this process may not make a network namespace";
  EXPECT_THAT(*inside->read(SocketTable::Wanted::all), IsEmpty());
}

}  // namespace
}  // namespace kedge
