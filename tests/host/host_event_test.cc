#include "host/host_event.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

ScannedEntry entry(const std::string& path, const std::string& content) {
  ScannedEntry made;
  made.state.path = path;
  made.state.mode = 04755;
  made.state.links = 1;
  made.state.size = content.size();
  made.state.sha256 = sha256(content);
  made.state.mtime = {1'700'000'000, 123};
  made.identity.inode = 42;
  return made;
}

MutationContext context() {
  MutationContext made;
  made.host = "web1";
  made.root = "/";
  made.meaning = {MutationCategory::binary, MutationSeverity::critical, {"T1548.001", "T1554"}, false};
  made.package = "login 1:4.13";
  made.baseline = sha256("manifest");
  made.baseline_signed = true;
  return made;
}

TEST(HostEvent, TellsWhatChangedAndWhatItMeans) {
  const Mutation mutation{"usr/bin/su",
                          {MutationKind::modified, MutationKind::mode},
                          entry("usr/bin/su", "old"),
                          entry("usr/bin/su", "newer"),
                          {},
                          "",
                          false};
  const HostEvent event = mutation_event(mutation, context());
  EXPECT_EQ(event.type, "host.mutation");
  EXPECT_EQ(event.subject, "host:web1/usr/bin/su");
  const Json& data = event.data;
  EXPECT_EQ(data["path"], "/usr/bin/su");
  EXPECT_EQ(data["kind"], "modified");
  EXPECT_EQ(data["kinds"], Json({"modified", "mode"}));
  EXPECT_EQ(data["category"], "binary");
  EXPECT_EQ(data["severity"], "critical");
  EXPECT_EQ(data["technique"], "T1548.001");
  EXPECT_EQ(data["package"], "login 1:4.13");
  EXPECT_EQ(data["before"]["sha256"], sha256("old").hex());
  EXPECT_EQ(data["after"], Json({{"type", "file"},
                                 {"sha256", sha256("newer").hex()},
                                 {"size", 5},
                                 {"links", 1},
                                 {"mode", "4755"},
                                 {"uid", 0},
                                 {"gid", 0},
                                 {"mtime", "2023-11-14T22:13:20.000000123Z"},
                                 {"inode", 42}}));
  EXPECT_EQ(data["baseline"], Json({{"sha256", sha256("manifest").hex()}, {"signed", true}}));
  EXPECT_TRUE(data["actor"].is_null());
}

TEST(HostEvent, SaysThatAnActorIsABestGuess) {
  MutationContext with = context();
  with.actors.push_back(std::make_shared<ProcessActor>(ProcessActor{77, "/usr/bin/cp", "cp a b", "/user.slice", 1000}));
  const Mutation mutation{"x", {MutationKind::created}, std::nullopt, entry("x", ""), {}, "", false};
  const Json actor = mutation_event(mutation, with).data["actor"];
  EXPECT_EQ(actor, Json({{"pid", 77},
                         {"executable", "/usr/bin/cp"},
                         {"command", "cp a b"},
                         {"cgroup", "/user.slice"},
                         {"login_uid", 1000},
                         {"attribution", "best effort"}}));
}

TEST(HostEvent, APathBelowAnotherRootIsToldWhole) {
  MutationContext elsewhere = context();
  elsewhere.root = "/srv/web";
  const Mutation mutation{"bin/x", {MutationKind::moved}, std::nullopt, entry("bin/x", ""), {}, "bin/y", false};
  const HostEvent event = mutation_event(mutation, elsewhere);
  EXPECT_EQ(event.data["path"], "/srv/web/bin/x");
  EXPECT_EQ(event.data["moved_from"], "/srv/web/bin/y");
  EXPECT_EQ(event.subject, "host:web1/srv/web/bin/x");
}

TEST(HostEvent, NamesTheFirstOfManyThatAreGone) {
  Mutation mutation{"d", {MutationKind::deleted}, entry("d", ""), std::nullopt, {}, "", false};
  for (int i = 0; i < 50; ++i) mutation.gone_below.push_back("d/" + std::to_string(i));
  const Json data = mutation_event(mutation, context()).data;
  EXPECT_EQ(data["gone_below"], 50);
  EXPECT_EQ(data["gone_below_first"].size(), 20U);
  EXPECT_TRUE(data["after"].is_null());
}

TEST(HostEvent, ANameThatIsNoTextIsEscapedAndSaysSo) {
  const Mutation mutation{"a\xff", {MutationKind::created}, std::nullopt, entry("a\xff", ""), {}, "", false};
  const HostEvent event = mutation_event(mutation, context());
  EXPECT_EQ(event.data["path"], "/a\\377");
  EXPECT_EQ(event.data["path_escaped"], true);
  EXPECT_TRUE(parse_json(cloud_event(event, "id", Time{})));
}

TEST(HostEvent, IsACloudEvent) {
  const Time time = *parse_time("2026-11-29T20:00:00Z");
  const auto json = parse_json(cloud_event({"sensor.lost", "host:web1", {{"host", "web1"}}}, "an-id", time));
  ASSERT_TRUE(json);
  EXPECT_EQ(*json, Json({{"specversion", "1.0"},
                         {"id", "an-id"},
                         {"source", "kedge.sensor"},
                         {"type", "sensor.lost"},
                         {"subject", "host:web1"},
                         {"time", "2026-11-29T20:00:00.000000Z"},
                         {"datacontenttype", "application/json"},
                         {"data", {{"host", "web1"}}}}));
}

}  // namespace
}  // namespace kedge
