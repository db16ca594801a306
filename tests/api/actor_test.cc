#include "api/actor.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace kedge {
namespace {

TEST(Actor, HasTheNameAndTheNumberOfTheUser) { EXPECT_EQ(actor_of(0), "root (uid 0)"); }

TEST(Actor, HasTheNumberAloneWhenTheSystemKnowsNoName) { EXPECT_EQ(actor_of(3'999'999'123), "uid 3999999123"); }

TEST(Actor, OfWhoTypesIsAlsoWhomTheyLoggedInAs) {
  EXPECT_EQ(typing_actor(0, std::nullopt, ""), "root (uid 0)");
  EXPECT_EQ(typing_actor(0, 0, "ann"), "root (uid 0)");
  EXPECT_EQ(typing_actor(0, 3'999'999'123, "ann"), "root (uid 0), logged in as uid 3999999123");
  EXPECT_EQ(typing_actor(0, std::nullopt, "ann"), "root (uid 0), by sudo of ann");
}

TEST(Actor, IsTheUserOfThisProcess) { EXPECT_EQ(own_actor(), actor_of(getuid())); }

}  // namespace
}  // namespace kedge
