// PortWatch on real sockets, in network namespaces of the tests' own.
#include "host/port_watch.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "tests/host/own_network.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Watched {
 public:
  explicit Watched(SensorMemory::Facts earlier = {}) {
    auto opened = PortWatch::open(
        {.host = "web1"}, clock, random, [this](HostEvent e) { events.push_back(std::move(e)); },
        [this](SensorMemory::Fact f) { facts[f.key] = *f.value; }, earlier);
    EXPECT_TRUE(opened) << opened.error().message;
    watch = *std::move(opened);
    watch->turn();
  }
  // The next look.
  const std::vector<HostEvent>& look(Duration later = seconds(2)) {
    events.clear();
    clock.advance(later);
    watch->turn();
    return events;
  }

  FakeClock clock;
  Random random{7};
  std::vector<HostEvent> events;
  SensorMemory::Facts facts;
  std::unique_ptr<PortWatch> watch;
};

// The one that this process has; negative: none.
int netlink_socket() {
  for (int one = 3; one < 256; ++one) {
    int domain = 0;
    socklen_t size = sizeof(domain);
    if (getsockopt(one, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK) return one;
  }
  return -1;
}

#define IN_OWN_NETWORK(...) \
  if (!in_own_network(__VA_ARGS__)) GTEST_SKIP() << "this process may not make a network namespace"

TEST(PortWatch, TellsAPortThatIsOpenedAndWhoHoldsIt) {
  IN_OWN_NETWORK([] {
    const Descriptor known = bound_socket(SOCK_STREAM, "0.0.0.0", 22);
    Watched host;
    EXPECT_TRUE(host.events.empty());
    const Descriptor opened = bound_socket(SOCK_STREAM, "::", 4444);
    ASSERT_EQ(host.look().size(), 1U);
    const HostEvent& event = host.events.front();
    EXPECT_EQ(event.type, "host.port");
    EXPECT_EQ(event.subject, "host:web1");
    EXPECT_EQ(event.data["kind"], "opened");
    EXPECT_EQ(event.data["listener"], "tcp [::]:4444");
    EXPECT_EQ(event.data["protocol"], "tcp");
    EXPECT_EQ(event.data["address"], "::");
    EXPECT_EQ(event.data["port"], 4444);
    EXPECT_EQ(event.data["uid"], getuid());
    EXPECT_EQ(event.data["category"], "network");
    EXPECT_EQ(event.data["severity"], "high");
    EXPECT_EQ(event.data["technique"], "T1571");
    EXPECT_EQ(event.data["found_by"], "rescan");
    EXPECT_EQ(event.data["holder"]["pid"], getpid());
    EXPECT_EQ(event.data["holder"]["attribution"], "best effort");
    EXPECT_EQ(event.data["holder"]["executable"], std::filesystem::read_symlink("/proc/self/exe").string());
    EXPECT_TRUE(host.look().empty());
    EXPECT_EQ(host.watch->state()["differing"], 1);
  });
}

TEST(PortWatch, TellsWhatClosesAndWhatIsOpenAgain) {
  IN_OWN_NETWORK([] {
    Descriptor known = bound_socket(SOCK_DGRAM, "127.0.0.1", 53);
    Watched host;
    known = Descriptor();
    EXPECT_TRUE(host.look().empty());
    ASSERT_EQ(host.look(seconds(31)).size(), 1U);
    EXPECT_EQ(host.events.front().data["kind"], "closed");
    EXPECT_EQ(host.events.front().data["technique"], "T1489");
    EXPECT_TRUE(host.events.front().data["holder"].is_null());
    known = bound_socket(SOCK_DGRAM, "127.0.0.1", 53);
    ASSERT_EQ(host.look().size(), 1U);
    EXPECT_EQ(host.events.front().type, "host.restored");
    EXPECT_EQ(host.events.front().data["severity"], "informational");
  });
}

TEST(PortWatch, AStartTellsWhatWasOpenedWhileNobodyLooked) {
  IN_OWN_NETWORK([] {
    const Descriptor known = bound_socket(SOCK_STREAM, "127.0.0.1", 22);
    SensorMemory::Facts facts;
    {
      Watched host;
      facts = host.facts;
    }
    const Descriptor opened = bound_socket(SOCK_STREAM, "127.0.0.1", 4444);
    Watched again(facts);
    ASSERT_EQ(again.events.size(), 1U);
    EXPECT_EQ(again.events.front().data["listener"], "tcp 127.0.0.1:4444");
    EXPECT_EQ(again.events.front().data["found_by"], "start");
    facts.merge(again.facts);
    EXPECT_TRUE(Watched(facts).events.empty());
  });
}

// The kernel's answers stop coming: the descriptor by which it is asked is another for a while.
TEST(PortWatch, TellsWhenItCannotSeeAndWhenItSeesAgain) {
  IN_OWN_NETWORK([] {
    Watched host;
    const int asking = netlink_socket();
    ASSERT_GE(asking, 0);
    const Descriptor kept(dup(asking));
    const Descriptor nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
    ASSERT_EQ(dup2(nothing.get(), asking), asking);
    ASSERT_EQ(host.look().size(), 1U);
    EXPECT_EQ(host.events.front().type, "sensor.lost");
    EXPECT_EQ(host.events.front().data["reason"], "ports");
    EXPECT_TRUE(host.look().empty()) << "it is told once";
    const Descriptor opened = bound_socket(SOCK_STREAM, "::", 4444);
    ASSERT_EQ(dup2(kept.get(), asking), asking);
    ASSERT_EQ(host.look().size(), 2U);
    EXPECT_EQ(host.events.front().type, "sensor.recovered");
    EXPECT_EQ(host.events.front().data["reasons"], Json::array({"ports"}));
    EXPECT_EQ(host.events.back().data["listener"], "tcp [::]:4444");
  });
}

// The time of the next look lies within a tenth of the interval, and is not the same each time.
TEST(PortWatch, LooksAtTimesThatJitter) {
  IN_OWN_NETWORK([] {
    Watched host;
    std::set<Duration> lengths;
    for (int i = 0; i < 20; ++i) {
      host.look();
      const Duration length = host.watch->next() - host.clock.elapsed();
      EXPECT_GE(length, milliseconds(900));
      EXPECT_LE(length, milliseconds(1'100));
      lengths.insert(length);
    }
    EXPECT_GT(lengths.size(), 10U);
  });
}

}  // namespace
}  // namespace kedge
