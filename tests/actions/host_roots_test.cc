// host.capture_evidence and host.replace, from the engine's end to a host that runs: what every action must do,
// whatever becomes of the calls.
#include <gmock/gmock.h>

#include <fstream>

#include "actions/host/actions.h"
#include "base/json.h"
#include "host/evidence_action.h"
#include "host/replace_action.h"
#include "remediate/gated_hosts.h"
#include "tests/host/small_host.h"
#include "tests/remediate/fake_hosts.h"
#include "tests/support/namespaces.h"
#include "tests/support/needs.h"

namespace kedge {
namespace {

using Kind = ActionError::Kind;
using Luck = FakeHosts::Luck;
using nlohmann::json;
using testing::HasSubstr;

Kind kind_of(ErrorCode code) {
  if (code == ErrorCode::invalid || code == ErrorCode::refused) return Kind::refused;
  if (code == ErrorCode::unavailable || code == ErrorCode::conflict) return Kind::retry;
  return Kind::unknown;
}

std::vector<std::unique_ptr<HostAction>> ends(const HostRoots& roots, const std::string& directory) {
  std::vector<std::unique_ptr<HostAction>> all;
  all.push_back(std::make_unique<EvidenceCapture>(EvidenceCapture::Options{"m1", directory}, roots));
  all.push_back(std::make_unique<RootReplacement>(roots));
  return all;
}

std::vector<std::unique_ptr<Action>> actions_on_roots() {
  std::vector<std::unique_ptr<Action>> all;
  all.push_back(make_host_capture_evidence());
  all.push_back(make_host_replace());
  return all;
}

// A machine with one root that was taken over.
class HostRootStage : public testing::Test {
 public:
  void set_up(const std::string& action) {
    host.emplace();
    host->start();
    host->mutate();
    roots["web1"] = host->open();
    host_end.emplace(ends(roots, kept.path().string() + "/evidence"),
                     std::vector<std::string>{"host.capture_evidence", "host.replace"});
    subject = actions.find(action);
    args = {{"host", "m1"}, {"root", "web1"}};
    if (action == "host.capture_evidence") args["paths"] = {"usr/bin/tool"};
  }

  ActionResult<json> answer(const HostCommand& command) {
    HostCall call{host->clock, host->clock.elapsed() + command.timeout, command.remediation, command.mark};
    auto result = host_end->run(call, command.action, to_string(command.operation), command.body);
    if (result) return *std::move(result);
    return ActionError{kind_of(result.error().code), "host", result.error().message, {}};
  }

  ActionResult<Observation> observe() {
    return call<Observation>(false, [&](Context& context) { return subject->observe(context, args); });
  }
  Observation look() {
    auto seen = observe();
    EXPECT_TRUE(seen.ok()) << (seen ? "" : seen.error().message);
    return seen ? *seen : Observation{};
  }
  ActionResult<Applied> apply(const Observation& now) {
    return call<Applied>(true, [&](Context& context) { return subject->apply(context, args, now); });
  }
  ActionResult<Applied> apply() { return apply(look()); }
  ActionResult<Applied> undo(const json& before, const json& after) {
    return call<Applied>(true, [&](Context& context) { return subject->undo(context, args, before, after); });
  }

  TemporaryDirectory kept;
  std::optional<SmallHost> host;
  HostRoots roots;
  std::optional<HostActions> host_end;
  FakeHosts hosts{[this](const HostCommand& command) { return answer(command); }};
  ActionTable actions{actions_on_roots()};
  const Action* subject = nullptr;
  json args;

 private:
  template <class T>
  ActionResult<T> call(bool writes, const std::function<ActionResult<T>(Context&)>& what) {
    const Duration deadline = host->clock.elapsed() + std::chrono::seconds(60);
    EffectsStopped effects = [] { return std::optional<Stop>(); };
    GatedHosts gate(hosts, host->clock, effects, {writes, deadline, {}});
    Context context{no_http, gate, host->clock, "r1", writes ? "abc" : "", "kedge/1", deadline};
    auto result = what(context);
    EXPECT_FALSE(gate.misused()) << "an observation wrote";
    return result;
  }

  struct NoHttp final : HttpClient {
    Result<HttpResponse> send(const HttpRequest&) override { return Error{ErrorCode::internal, "no HTTP here"}; }
  };
  NoHttp no_http;
};

class HostRootConformance : public HostRootStage, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    KEDGE_NEEDS(may_make_namespaces());
    set_up(GetParam());
  }
};

TEST_P(HostRootConformance, DeclaresWhatItNeedsAndWhatItTouches) {
  const ActionSpec& spec = subject->spec();
  EXPECT_TRUE(actions.catalog().check(GetParam(), args).ok());
  EXPECT_THAT(spec.touches(args), testing::ElementsAre(HasSubstr("host:m1/root/web1")));
  EXPECT_EQ(spec.endpoint(args).name(), "host/m1/");
  EXPECT_FALSE(spec.summary.empty());
  for (const json& wrong : {json{{"host", "m1"}, {"root", "../web1"}}, json{{"host", ""}, {"root", "web1"}},
                            json{{"host", "a b"}, {"root", "web1"}}, json{{"root", "web1"}}}) {
    EXPECT_FALSE(actions.catalog().check(GetParam(), wrong).ok()) << wrong;
  }
}

TEST_P(HostRootConformance, ObservesWithoutChangingAnythingAndGivesAStateThatCanBeKept) {
  const Observation seen = look();
  EXPECT_FALSE(seen.holds);
  EXPECT_FALSE(seen.summary.empty());
  EXPECT_TRUE(canonical_json(seen.state).ok());
  EXPECT_EQ(look().state, seen.state);
  EXPECT_EQ(host->answer(), "owned");
}

TEST_P(HostRootConformance, MakesItHoldAndSaysWhatItDid) {
  const auto done = apply();
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_FALSE(done->notes.empty());
  EXPECT_THAT(done->notes, testing::Contains(HasSubstr("SHA-256")));
  EXPECT_TRUE(look().holds);
}

TEST_P(HostRootConformance, DoesNotKnowWhatBecameOfAWriteWithoutAnAnswer) {
  const Observation now = look();
  hosts.next({Luck::request_lost});
  EXPECT_EQ(apply(now).error().kind, Kind::unknown);
  EXPECT_FALSE(look().holds);
  hosts.next({Luck::answer_lost});
  EXPECT_EQ(apply(now).error().kind, Kind::unknown);
  EXPECT_TRUE(look().holds) << "the second one was done";
}

TEST_P(HostRootConformance, RepeatedAfterALostAnswerLeavesTheWorldAsOneCleanWriteDoes) {
  const Observation now = look();
  hosts.next({Luck::answer_lost});
  (void)apply(now);
  const json once = look().state;
  (void)apply(now);
  EXPECT_EQ(look().state, once);
}

TEST_P(HostRootConformance, IsRefusedWhereTheHostDoesNotAllowIt) {
  host_end.emplace(ends(roots, kept.path().string()), std::vector<std::string>{"host.quarantine"});
  EXPECT_EQ(observe().error().kind, Kind::refused);
  EXPECT_THAT(observe().error().message, HasSubstr("not allowed on this host"));
}

TEST_P(HostRootConformance, IsRefusedForARootThatIsNotThere) {
  args["root"] = "web2";
  const auto done = apply(Observation{false, {{"generation", 0}}, "", {}, {}});
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, Kind::refused);
  EXPECT_THAT(done.error().message, HasSubstr("'web2'"));
}

INSTANTIATE_TEST_SUITE_P(BuiltIn, HostRootConformance, testing::Values("host.capture_evidence", "host.replace"),
                         [](const auto& one) { return std::string(one.param).substr(5); });

class HostReplace : public HostRootStage {
 protected:
  void SetUp() override {
    KEDGE_NEEDS(may_make_namespaces());
    set_up("host.replace");
  }
};

TEST_F(HostReplace, LeavesNothingOfTheIntruderRunning) {
  ASSERT_TRUE(apply().ok());
  EXPECT_EQ(host->answer(), "golden");
  EXPECT_EQ(host->running("implant"), 0U);
}

TEST_F(HostReplace, IsUndoneByTheRootThatRanBefore) {
  const json before = look().state;
  ASSERT_TRUE(apply().ok());
  const json after = look().state;
  const auto undone = undo(before, after);
  ASSERT_TRUE(undone.ok()) << undone.error().message;
  const json now = look().state;
  EXPECT_EQ(host->answer(), "owned");
  for (const char* key : {"generation", "drift", "running", "differences"}) EXPECT_EQ(now[key], before[key]) << key;
}

TEST_F(HostReplace, IsNotUndoneByARootThatIsNotTheOneOnRecord) {
  const json before = look().state;
  ASSERT_TRUE(apply().ok());
  json after = look().state;
  after["former"][0]["sha256"] = sha256("another").hex();
  EXPECT_EQ(undo(before, after).error().kind, Kind::refused);
  after["former"] = json::array();
  EXPECT_EQ(undo(before, after).error().kind, Kind::refused);
  EXPECT_EQ(host->answer(), "golden");
}

TEST_F(HostReplace, ReplacesAlsoWhatDoesNotDifferWhereItWasMadeTooEarly) {
  ASSERT_TRUE(apply().ok());
  EXPECT_TRUE(look().holds);
  args["made_after"] = format_time(host->clock.now());
  EXPECT_FALSE(look().holds);
  ASSERT_TRUE(apply().ok());
  EXPECT_TRUE(look().holds);
  EXPECT_EQ(look().state["generation"], 3);
}

TEST_F(HostReplace, WritesNothingWhenTheRootIsAnotherOneThanWasObserved) {
  const Observation now = look();
  ASSERT_TRUE(apply().ok());
  const auto again = apply(now);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().kind, Kind::retry);
  EXPECT_EQ(look().state["generation"], 2);
}

TEST_F(HostReplace, IsRefusedWhereTheManifestIsNotSigned) {
  const Observation now = look();
  std::ofstream(host->options.manifest, std::ios::app) << "x";
  const auto done = apply(now);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, Kind::refused);
  EXPECT_EQ(host->answer(), "owned");
}

TEST_F(HostReplace, ThatIsNotReadyInTimeLeavesTheHostAlone) {
  const auto replaced = roots["web1"]->replace("r1", host->clock.elapsed());
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, ErrorCode::unavailable);
  EXPECT_EQ(host->answer(), "owned");
  EXPECT_TRUE(apply().ok()) << "it may work later";
}

class HostEvidence : public HostRootStage {
 protected:
  void SetUp() override {
    KEDGE_NEEDS(may_make_namespaces());
    set_up("host.capture_evidence");
  }
};

TEST_F(HostEvidence, IsOfTheRootAndOfWhatRunsInIt) {
  ASSERT_TRUE(apply().ok());
  const auto evidence = read_evidence(kept.path().string() + "/evidence/r1.web1");
  ASSERT_TRUE(evidence) << evidence.error().message;
  EXPECT_EQ(kept.read("evidence/r1.web1/files/0001"), "a trojan");
  EXPECT_THAT(kept.read("evidence/r1.web1/processes.jsonl"), HasSubstr("\"implant\""));
  EXPECT_THAT(kept.read("evidence/r1.web1/sockets.jsonl"), HasSubstr("127.0.0.1:80"));
  EXPECT_EQ(look().state["sha256"], evidence->digest.hex());
}

TEST_F(HostEvidence, ThatSomebodyChangedIsForAPersonToDecideOn) {
  ASSERT_TRUE(apply().ok());
  std::ofstream(kept.path() / "evidence/r1.web1/files/0001") << "nothing to see";
  const Observation seen = look();
  EXPECT_FALSE(seen.holds);
  ASSERT_TRUE(seen.hold);
  EXPECT_THAT(*seen.hold, HasSubstr("files/0001 is not what was captured"));
}

TEST_F(HostEvidence, StaysWhenItIsUndone) {
  const json before = look().state;
  ASSERT_TRUE(apply().ok());
  const json after = look().state;
  EXPECT_TRUE(undo(before, after).ok());
  EXPECT_EQ(look().state, after);
}

TEST_F(HostEvidence, OfARootThatDoesNotRunHasItsFiles) {
  ASSERT_TRUE(end_process(roots["web1"]->state()->current->process, host->clock, std::chrono::seconds(10)));
  ASSERT_TRUE(apply().ok());
  EXPECT_EQ(kept.read("evidence/r1.web1/processes.jsonl"), "");
  EXPECT_EQ(kept.read("evidence/r1.web1/files/0001"), "a trojan");
}

}  // namespace
}  // namespace kedge
