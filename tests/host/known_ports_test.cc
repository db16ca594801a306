#include "host/known_ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Socket waiting(SocketProtocol protocol, const std::string& address, uint16_t port, uint64_t inode) {
  Socket socket;
  socket.protocol = protocol;
  socket.local = {address, port};
  socket.inode = inode;
  socket.is_waiting = true;
  return socket;
}
Socket tcp(uint16_t port, uint64_t inode, const std::string& address = "0.0.0.0") {
  return waiting(SocketProtocol::tcp, address, port, inode);
}
Socket udp(uint16_t port, uint64_t inode) { return waiting(SocketProtocol::udp, "0.0.0.0", port, inode); }

class KnownPortsTest : public testing::Test {
 protected:
  void start(KnownPorts::Options options = {}) { known.emplace(std::move(options), facts); }

  // What is found, as "opened tcp 0.0.0.0:22", after so many seconds more.
  std::vector<std::string> look(const std::vector<Socket>& sockets, const KnownPorts::Programs& programs = {},
                                int later = 1) {
    now += seconds(later);
    KnownPorts::Found found = known->look(sockets, programs, now);
    std::vector<std::string> lines;
    for (const PortChange& change : found.changes) {
      lines.push_back(std::string(change.restored ? "no longer " : "") + std::string(to_string(change.kind)) + " " +
                      to_string(change.port));
    }
    for (SensorMemory::Fact& fact : found.facts) {
      facts.erase(fact.key);
      if (fact.value) facts.emplace(fact.key, *fact.value);
    }
    return lines;
  }

  Duration now = seconds(1'000);
  SensorMemory::Facts facts;
  std::optional<KnownPorts> known;
};

TEST_F(KnownPortsTest, WhatIsOpenAtTheFirstLookIsKnown) {
  start();
  EXPECT_THAT(look({tcp(22, 1), udp(123, 2)}), IsEmpty());
  EXPECT_THAT(look({tcp(22, 1), udp(123, 2), tcp(4444, 3)}), ElementsAre("opened tcp 0.0.0.0:4444"));
  EXPECT_THAT(look({tcp(22, 1), udp(123, 2), tcp(4444, 3)}), IsEmpty());
  EXPECT_EQ(known->differing(), 1U);
}

TEST_F(KnownPortsTest, WhatClosesIsRestoredAfterAWhileAndOnlyThen) {
  start();
  look({});
  EXPECT_THAT(look({tcp(4444, 3)}), ElementsAre("opened tcp 0.0.0.0:4444"));
  EXPECT_THAT(look({}), IsEmpty());
  EXPECT_THAT(look({tcp(4444, 4)}), IsEmpty());  // one that flaps is told once
  EXPECT_THAT(look({}), IsEmpty());
  EXPECT_THAT(look({}, {}, 30), ElementsAre("no longer opened tcp 0.0.0.0:4444"));
  EXPECT_EQ(known->differing(), 0U);
}

TEST_F(KnownPortsTest, AServiceThatIsStartedAnewIsNoNews) {
  start();
  look({tcp(22, 1)}, {{1, {"/usr/sbin/sshd"}}});
  EXPECT_THAT(look({}, {}, 20), IsEmpty());
  EXPECT_THAT(look({tcp(22, 2)}, {{2, {"/usr/sbin/sshd"}}}), IsEmpty());
  EXPECT_THAT(look({}, {}, 1), IsEmpty());
  EXPECT_THAT(look({}, {}, 30), ElementsAre("closed tcp 0.0.0.0:22"));
  EXPECT_THAT(look({}, {}, 300), IsEmpty());
  EXPECT_THAT(look({tcp(22, 3)}, {{3, {"/usr/sbin/sshd"}}}), ElementsAre("no longer closed tcp 0.0.0.0:22"));
}

TEST_F(KnownPortsTest, AnotherProgramAtAKnownPortIsFound) {
  start();
  look({tcp(22, 1)}, {{1, {"/usr/sbin/sshd"}}});
  EXPECT_EQ(known->unasked({tcp(22, 1)}), std::set<uint64_t>{});
  EXPECT_EQ(known->unasked({tcp(22, 2)}), std::set<uint64_t>{2});
  EXPECT_THAT(look({tcp(22, 2)}, {{2, {"/tmp/sshd"}}}), ElementsAre("taken tcp 0.0.0.0:22"));
  EXPECT_THAT(look({tcp(22, 2)}), IsEmpty());
  EXPECT_THAT(look({tcp(22, 3)}, {{3, {"/usr/sbin/sshd"}}}), ElementsAre("no longer taken tcp 0.0.0.0:22"));
}

TEST_F(KnownPortsTest, OneOfSeveralHoldersIsEnough) {
  start();
  look({tcp(22, 1)}, {{1, {"/usr/lib/systemd/systemd"}}});
  EXPECT_THAT(look({tcp(22, 2)}, {{2, {"/usr/lib/systemd/systemd", "/usr/sbin/sshd"}}}), IsEmpty());
}

TEST_F(KnownPortsTest, ClientsSocketsCountWhenTheyStay) {
  start();
  look({});
  EXPECT_THAT(look({udp(40'000, 1)}), IsEmpty());
  EXPECT_EQ(known->unasked({udp(40'000, 9)}), std::set<uint64_t>{});  // it is not worth a look at all processes
  EXPECT_THAT(look({udp(40'001, 2)}), IsEmpty());
  EXPECT_THAT(look({udp(40'001, 2)}, {}, 31), ElementsAre("opened udp 0.0.0.0:40001"));
  EXPECT_THAT(look({udp(40'001, 2), tcp(40'000, 3)}), ElementsAre("opened tcp 0.0.0.0:40000"));
}

TEST_F(KnownPortsTest, ARestartRepeatsNothingAndFindsWhatChangedMeanwhile) {
  start();
  look({tcp(22, 1), tcp(80, 2)}, {{1, {"/usr/sbin/sshd"}}, {2, {"/usr/sbin/nginx"}}});
  EXPECT_THAT(look({tcp(22, 1), tcp(80, 2), tcp(4444, 3)}), ElementsAre("opened tcp 0.0.0.0:4444"));
  start();
  EXPECT_THAT(look({tcp(22, 1), tcp(80, 2), tcp(4444, 3)}), IsEmpty());
  start();
  EXPECT_THAT(look({tcp(22, 11), tcp(4444, 3), tcp(5555, 4)}, {{11, {"/tmp/sshd"}}}),
              ElementsAre("taken tcp 0.0.0.0:22", "opened tcp 0.0.0.0:5555"));
  EXPECT_THAT(look({tcp(22, 11), tcp(5555, 4)}, {}, 31), ElementsAre("closed tcp 0.0.0.0:80"));
  EXPECT_THAT(look({tcp(22, 11), tcp(5555, 4)}, {}, 31), ElementsAre("no longer opened tcp 0.0.0.0:4444"));
}

TEST_F(KnownPortsTest, AListOfOnesOwnCountsFromTheStart) {
  KnownPorts::Options options;
  options.known = {*parse_port_pattern("tcp/22"), *parse_port_pattern("tcp/127.0.0.1:5432")};
  options.allowed = {*parse_port_pattern("tcp/8000-8999")};
  start(options);
  EXPECT_THAT(look({tcp(22, 1), tcp(5432, 2, "127.0.0.1"), tcp(5432, 3), tcp(8080, 4)}),
              ElementsAre("opened tcp 0.0.0.0:5432"));
  EXPECT_THAT(look({tcp(5432, 3)}), IsEmpty());
  EXPECT_THAT(look({tcp(5432, 3)}, {}, 30), ElementsAre("closed tcp 0.0.0.0:22", "closed tcp 127.0.0.1:5432"));
}

TEST_F(KnownPortsTest, IsBoundedAndForgetsNothing) {
  KnownPorts::Options options;
  options.told_max = 2;
  start(options);
  look({});
  EXPECT_EQ(look({tcp(1, 1), tcp(2, 2), tcp(3, 3)}).size(), 2U);
  EXPECT_EQ(known->untold(), 1U);
  look({tcp(3, 3)});
  EXPECT_EQ(look({tcp(3, 3)}, {}, 31).size(), 2U);  // both are gone
  EXPECT_THAT(look({tcp(3, 3)}), ElementsAre("opened tcp 0.0.0.0:3"));
}

TEST(PortPattern, ReadsWhatPeopleWrite) {
  EXPECT_EQ(*parse_port_pattern("tcp/22"), (PortPattern{SocketProtocol::tcp, "", 22, 22}));
  EXPECT_EQ(*parse_port_pattern("udp/1-65535"), (PortPattern{SocketProtocol::udp, "", 1, 65'535}));
  EXPECT_EQ(*parse_port_pattern("tcp/127.0.0.1:5432"), (PortPattern{SocketProtocol::tcp, "127.0.0.1", 5'432, 5'432}));
  EXPECT_EQ(*parse_port_pattern("udp/[0::1]:53"), (PortPattern{SocketProtocol::udp, "::1", 53, 53}));
  for (const char* wrong :
       {"", "22", "tcp", "tcp/", "tcp/0", "tcp/65536", "tcp/2-1", "sctp/1", "tcp/::1:22", "tcp/x:22", "tcp/22 "}) {
    const auto parsed = parse_port_pattern(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_THAT(parsed.error().message, HasSubstr("names no port"));
  }
}

TEST(MeaningOfPort, SaysHowGraveItIs) {
  const Port outside{SocketProtocol::tcp, {"0.0.0.0", 4'444}};
  const Port inside{SocketProtocol::tcp, {"127.0.0.1", 4'444}};
  EXPECT_EQ(meaning_of({PortChangeKind::opened, false, outside, "", {}}, {}),
            (Meaning{MutationCategory::network, MutationSeverity::high, {"T1571"}, false}));
  EXPECT_EQ(meaning_of({PortChangeKind::opened, false, inside, "", {}}, {}).severity, MutationSeverity::medium);
  EXPECT_EQ(meaning_of({PortChangeKind::taken, false, inside, "", {}}, {}).techniques.front(), "T1036.004");
  EXPECT_EQ(meaning_of({PortChangeKind::closed, false, outside, "", {}}, {}).techniques.front(), "T1489");
  EXPECT_EQ(meaning_of({PortChangeKind::opened, true, outside, "", {}}, {}).severity, MutationSeverity::informational);
  const std::vector<MeaningOfPorts> own = {{{*parse_port_pattern("tcp/4444")}, MutationSeverity::critical, "T1095"}};
  EXPECT_EQ(meaning_of({PortChangeKind::opened, false, inside, "", {}}, own),
            (Meaning{MutationCategory::network, MutationSeverity::critical, {"T1095"}, false}));
}

}  // namespace
}  // namespace kedge
