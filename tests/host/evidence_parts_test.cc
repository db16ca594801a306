// What the tables of the kernel and of the host say, read.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <utmp.h>

#include <cstring>

#include "host/login_evidence.h"
#include "host/socket_evidence.h"

namespace kedge {
namespace {

TEST(SocketTables, AreReadAsTheKernelWritesThem) {
  const auto tcp = parse_sockets(
      "tcp",
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0 100 0\n"
      "   1: 0A00000A:0016 0A000002:C350 01 00000000:00000000 02:000000 00000000     0        0 77 2 0 20 4 30\n");
  ASSERT_EQ(tcp.size(), 2U);
  const Json listening = {{"protocol", "tcp"},     {"local", "127.0.0.1:8080"},
                          {"remote", "0.0.0.0:0"}, {"state", "listening"},
                          {"uid", 1000},           {"inode", 12345}};
  EXPECT_EQ(tcp[0], listening);
  EXPECT_EQ(tcp[1]["state"], "established");
  EXPECT_EQ(tcp[1]["remote"], "2.0.0.10:50000");

  const auto tcp6 =
      parse_sockets("tcp6",
                    "   0: 0000000000000000FFFF00000100007F:0050 00000000000000000000000000000000:0000 0A "
                    "00000000:00000000 00:00000000 00000000     0        0 99 1 0 100 0 0 10 0\n");
  ASSERT_EQ(tcp6.size(), 1U);
  EXPECT_EQ(tcp6[0]["local"], "[::ffff:127.0.0.1]:80");
  EXPECT_EQ(tcp6[0]["remote"], "[::]:0");
}

TEST(SocketTables, OfUnixSocketsHaveNamesWithSpaces) {
  const auto sockets = parse_sockets("unix",
                                     "Num       RefCount Protocol Flags    Type St Inode Path\n"
                                     "0000000000000000: 00000002 00000000 00010000 0001 01 21 /run/a b.sock\n"
                                     "0000000000000000: 00000003 00000000 00000000 0001 03 22\n"
                                     "0000000000000000: 00000003 00000000 00000000 0002 01 23 @\xff\n");
  ASSERT_EQ(sockets.size(), 3U);
  EXPECT_EQ(sockets[0]["path"], "/run/a b.sock");
  EXPECT_EQ(sockets[0]["state"], "listening");
  EXPECT_EQ(sockets[1]["state"], "connected");
  EXPECT_FALSE(sockets[1].contains("path"));
  EXPECT_EQ(sockets[2]["path_escaped"], true);
}

TEST(SocketTables, OfFramesTellTheInterface) {
  const auto sockets = parse_sockets("packet",
                                     "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"
                                     "0000000000000000 3      3    0003   2     1 0      0      4711\n");
  ASSERT_EQ(sockets.size(), 1U);
  EXPECT_EQ(sockets[0]["interface"], 2);
  EXPECT_EQ(sockets[0]["inode"], 4711);
}

TEST(SocketTables, LeaveOutWhatCannotBeRead) {
  for (const char* protocol : {"tcp", "udp6", "packet", "unix"}) {
    for (const char* table : {"", "\n\n", "0: zz:00 0:0 0 0 0 0 0 0 0", "0: 0100007F 00000000:0000 0A x x x 0 0 1",
                              "1 2 3 4 5 6 7 8 x", "a: b c d e f g h"}) {
      EXPECT_TRUE(parse_sockets(protocol, table).empty()) << protocol << ": " << table;
    }
  }
}

TEST(Logins, AreReadFromUtmp) {
  utmp boot{};
  boot.ut_type = BOOT_TIME;
  utmp login{};
  login.ut_type = USER_PROCESS;
  login.ut_pid = 4242;
  std::memcpy(login.ut_user, "mallory", 7);
  std::memcpy(login.ut_line, "pts/3", 5);
  std::memset(login.ut_host, 'h', sizeof login.ut_host);  // which ends without a zero
  login.ut_tv.tv_sec = 1'800'000'000;
  inet_pton(AF_INET, "203.0.113.9", login.ut_addr_v6);
  std::string bytes(reinterpret_cast<const char*>(&boot), sizeof boot);
  bytes.append(reinterpret_cast<const char*>(&login), sizeof login).append("cut off");
  const auto logins = parse_utmp(bytes);
  ASSERT_EQ(logins.size(), 1U);
  EXPECT_EQ(logins[0]["user"], "mallory");
  EXPECT_EQ(logins[0]["line"], "pts/3");
  EXPECT_EQ(logins[0]["host"], std::string(sizeof login.ut_host, 'h'));
  EXPECT_EQ(logins[0]["address"], "203.0.113.9");
  EXPECT_EQ(logins[0]["since"], "2027-01-15T08:00:00.000000Z");
}

}  // namespace
}  // namespace kedge
