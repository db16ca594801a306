#include "api/actor.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace kedge {
namespace {

TEST(Actor, HasTheNameAndTheNumberOfTheUser) { EXPECT_EQ(actor_of(0), "root (uid 0)"); }

TEST(Actor, HasTheNumberAloneWhenTheSystemKnowsNoName) { EXPECT_EQ(actor_of(3'999'999'123), "uid 3999999123"); }

TEST(Actor, IsTheUserOfThisProcess) { EXPECT_EQ(own_actor(), actor_of(getuid())); }

}  // namespace
}  // namespace kedge
