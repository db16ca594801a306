// Claims (contracts §9): what makes one, keeps it fresh and ends it, and what becomes of what reconcile finds.
#include "ledger/claim.h"

#include <gmock/gmock.h>

#include "ledger/schema.h"
#include "ledger/tables.h"
#include "tests/ledger/remediation_fixture.h"

namespace kedge {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

class ClaimTest : public RemediationTest {
 protected:
  void SetUp() override {
    RemediationTest::SetUp();
    load(Reconcile::enforce);
  }

  Answer load(Reconcile reconcile, Mode mode = Mode::enforce) {
    LoadRules rules = sample_rules(mode);
    rules.rules[0].policy.reconcile = reconcile;
    return commit(rules);
  }
  Finding finding(int number, Reconcile reconcile = Reconcile::hold, const std::string& target = "bucket") {
    Finding finding = sample_finding(number, target, clock.now());
    finding.policy.reconcile = reconcile;
    return finding;
  }
  void carry_out(const std::string& id, const std::string& target = "bucket") {
    EXPECT_EQ(start(id, target).go, Go::go);
    EXPECT_TRUE(finish_step(id).done());
    EXPECT_EQ(conclude(id, Move::confirm, ledger().head()).go->go, Go::go);
  }
  std::string confirm(Finding finding) {
    EXPECT_TRUE(commit(batch_of({finding})).done());
    carry_out(finding.remediation, finding.plan.target);
    return finding.remediation;
  }
  std::string confirm(int number, Reconcile reconcile = Reconcile::hold, const std::string& target = "bucket") {
    return confirm(finding(number, reconcile, target));
  }
  std::vector<Claim> claims() { return *reader().claims({}, kDialPoints, 100); }
  Answer drifts(const std::string& claim, int number) {
    return commit(FindDrift{kSampleRule, "bucket", claim, sample_id(number), "public again", clock.now()});
  }
  std::string drifted(const std::string& claim, int number) {
    const Answer answer = drifts(claim, number);
    EXPECT_TRUE(answer.done()) << answer.error.message;
    EXPECT_EQ(answer.dispositions.size(), 1U);
    EXPECT_EQ(answer.runnable.size(), 1U) << "the executor takes it up";
    return sample_id(number);
  }
};

// ---- its beginning -------------------------------------------------------------------------------------------------

TEST_P(ClaimTest, IsMadeInTheCommitThatConfirms) {
  const std::string id = confirm(1);
  ASSERT_EQ(claims().size(), 1U);
  const Claim claim = claims()[0];
  EXPECT_EQ(claim.remediation, id);
  EXPECT_EQ(claim.plan, sample_plan("bucket"));
  EXPECT_EQ(claim.policy.reconcile, Reconcile::hold);
  EXPECT_EQ(claim.account, "123456789012");
  EXPECT_EQ(claim.confirmed, clock.now());
  EXPECT_EQ(claim.last_seen, clock.now());
}

TEST_P(ClaimTest, IsMadeWhereAllWasAsItShouldBeAlready) {
  const Finding found = finding(1);
  commit(batch_of({found}));
  EXPECT_TRUE(conclude(found.remediation, Move::confirm, ledger().head()).done());
  EXPECT_EQ(claims().size(), 1U);
}

TEST_P(ClaimTest, IsMadeOnlyWhereTheRuleAsksForItThenAndNow) {
  confirm(1, Reconcile::off);
  EXPECT_TRUE(claims().empty());
  load(Reconcile::off);
  confirm(2, Reconcile::hold, "another");
  EXPECT_TRUE(claims().empty());
}

TEST_P(ClaimTest, IsNotMadeOfWhatIsNotConfirmed) {
  const Finding found = finding(1);
  commit(batch_of({found}));
  start(found.remediation);
  EXPECT_TRUE(claims().empty());
  finish_step(found.remediation);
  conclude(found.remediation, Move::give_up_confirming, ledger().head());
  EXPECT_TRUE(claims().empty());
}

TEST_P(ClaimTest, IsOfWhatStaysAndNotOfWhatIsolates) {
  Finding isolating = finding(1);
  isolating.plan.isolate = sample_plan("bucket", 1).revert;
  commit(batch_of({isolating}));
  EXPECT_TRUE(conclude(isolating.remediation, Move::confirm, ledger().head()).done());
  ASSERT_EQ(claims().size(), 1U);
  EXPECT_EQ(claims()[0].plan, sample_plan("bucket"));
  Finding only = finding(2, Reconcile::hold, "another");
  only.plan.isolate = std::exchange(only.plan.revert, {});
  commit(batch_of({only}));
  EXPECT_TRUE(conclude(only.remediation, Move::confirm, ledger().head()).done());
  EXPECT_EQ(claims().size(), 1U);
}

TEST_P(ClaimTest, StandsInTheOrderOfTheDial) {
  for (int i = 0; i < 3; ++i) confirm(1 + i, Reconcile::hold, "b" + std::to_string(i));
  const std::vector<Claim> all = claims();
  ASSERT_EQ(all.size(), 3U);
  std::vector<ClaimPlace> places;
  for (const Claim& one : all) {
    places.push_back({phase_of(kSampleRule, one.plan.target), kSampleRule, one.plan.target});
  }
  EXPECT_TRUE(std::is_sorted(places.begin(), places.end()));
  EXPECT_EQ(*reader().claims(places[0], kDialPoints, 1), std::vector{all[1]});
  EXPECT_EQ(*reader().claims(places[0], places[1].phase, 9), std::vector{all[1]});
  EXPECT_EQ(*reader().claims({places[2].phase, "", ""}, kDialPoints, 9), std::vector{all[2]});
}

// ---- its freshness -------------------------------------------------------------------------------------------------

TEST_P(ClaimTest, IsKeptFreshByLiveEventsAlone) {
  confirm(1);
  const Time first = clock.now();
  clock.advance(hours(24));
  Finding redriven = finding(2);
  redriven.origin = "redrive";
  commit(batch_of({redriven}));
  EXPECT_EQ(claims().at(0).last_seen, first);
  commit(batch_of({finding(3)}));
  EXPECT_EQ(claims().at(0).last_seen, clock.now());
  const Time second = clock.now();
  clock.advance(hours(1));
  commit(batch_of({finding(3)}));  // the same event once more
  EXPECT_EQ(claims().at(0).last_seen, second);
}

TEST_P(ClaimTest, IsNotKeptFreshByWhatReconcileItselfFindsAndPutsRight) {
  const std::string first = confirm(1, Reconcile::enforce);
  const Time seen = clock.now();
  clock.advance(hours(24 * 20));
  const std::string second = drifted(first, 2);
  carry_out(second);
  ASSERT_EQ(claims().size(), 1U);
  EXPECT_EQ(claims()[0].remediation, second);
  EXPECT_EQ(claims()[0].confirmed, clock.now());
  EXPECT_EQ(claims()[0].last_seen, seen);
  clock.advance(hours(24 * 11));
  EXPECT_TRUE(commit(ExpireClaim{kSampleRule, "bucket", second}).done());
}

// ---- its end -------------------------------------------------------------------------------------------------------

TEST_P(ClaimTest, EndsThirtyDaysAfterAnEventToldOfItLast) {
  const std::string id = confirm(1);
  clock.advance(kClaimLives - std::chrono::seconds(1));
  EXPECT_EQ(commit(ExpireClaim{kSampleRule, "bucket", id}).error.code, ErrorCode::refused);
  EXPECT_EQ(claims().size(), 1U);
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(drifts(id, 2).error.code, ErrorCode::refused) << "it is not acted on any more";
  EXPECT_TRUE(commit(ExpireClaim{kSampleRule, "bucket", id}).done());
  EXPECT_TRUE(claims().empty());
  EXPECT_EQ(last_record()["kind"], "claim_expiry");
  EXPECT_EQ(last_record()["claim"], id);
  EXPECT_EQ(commit(ExpireClaim{kSampleRule, "bucket", id}).error.code, ErrorCode::not_found);
}

TEST_P(ClaimTest, EndsWhenAPersonUndoesWhatWasDone) {
  const std::string id = confirm(1);
  EXPECT_TRUE(commit(PersonalMove{id, Move::undo, "alice", "it was meant"}).done());
  EXPECT_TRUE(claims().empty());
  EXPECT_EQ(drifts(id, 2).error.code, ErrorCode::not_found);
}

TEST_P(ClaimTest, EndsWhenAPersonUndoesOneThatIsOpen) {
  confirm(1);
  const Finding again = finding(2);
  commit(batch_of({again}));
  start(again.remediation);
  EXPECT_TRUE(commit(PersonalMove{again.remediation, Move::undo, "alice", "it was meant"}).done());
  EXPECT_TRUE(claims().empty());
}

TEST_P(ClaimTest, EndsWhenAPersonRejectsWhatReconcileFound) {
  const std::string found = drifted(confirm(1), 2);
  EXPECT_TRUE(commit(PersonalMove{found, Move::cancel, "alice", "it is meant"}).done());
  EXPECT_TRUE(claims().empty());
}

TEST_P(ClaimTest, StaysWhenAPersonRejectsWhatAnEventFound) {
  confirm(1);
  commit(batch_of({finding(2)}));
  EXPECT_TRUE(commit(PersonalMove{sample_id(2), Move::cancel, "alice", "not now"}).done());
  EXPECT_EQ(claims().size(), 1U);
}

TEST_P(ClaimTest, IsNotMadeAnewByWhatReconcileFoundBeforeItEnded) {
  const std::string first = confirm(1, Reconcile::enforce);
  const std::string second = drifted(first, 2);
  load(Reconcile::off);
  load(Reconcile::enforce);
  EXPECT_TRUE(claims().empty());
  carry_out(second);
  EXPECT_TRUE(claims().empty());
}

TEST_P(ClaimTest, EndsWithItsRule) {
  for (const auto& end :
       std::vector<std::function<void()>>{[&] { load(Reconcile::off); }, [&] { load(Reconcile::hold, Mode::off); },
                                          [&] {
                                            commit(LoadRules{"none", "/rules", {}});
                                          }}) {
    load(Reconcile::hold);
    confirm(100 + static_cast<int>(ledger().head()), Reconcile::hold, "one");
    confirm(100 + static_cast<int>(ledger().head()), Reconcile::hold, "two");
    clock.advance(hours(2));
    load(Reconcile::enforce);
    EXPECT_EQ(claims().size(), 2U) << "a rule that changes keeps them";
    EXPECT_FALSE(last_record().contains("claims_ended"));
    end();
    EXPECT_TRUE(claims().empty());
    EXPECT_EQ(last_record()["claims_ended"], 2);
  }
}

// ---- what reconcile finds ------------------------------------------------------------------------------------------

TEST_P(ClaimTest, MakesARemediationWithItsPlanThatIsHeldForAPerson) {
  const std::string first = confirm(1);
  clock.advance(hours(1));
  const std::string id = drifted(first, 2);
  const Remediation r = *reader().remediation(id);
  EXPECT_EQ(r.origin, "reconcile");
  EXPECT_EQ(r.plan, sample_plan("bucket"));
  EXPECT_EQ(r.event.source, "kedge.reconcile");
  EXPECT_EQ(r.event.id, first + "/1");
  const Json document = *parse_json(*reader().blob(r.event.document_digest));
  EXPECT_EQ(document["resources"], Json({"bucket"}));
  EXPECT_EQ(document["detail"]["found"], "public again");
  EXPECT_EQ(last_record()["kind"], "plan");
  EXPECT_EQ(last_record()["origin"], "reconcile");

  const GoAnswer answer = start(id);
  EXPECT_EQ(answer.go, Go::held);
  EXPECT_EQ(answer.guard, "reconcile");
  EXPECT_THAT(answer.reason, HasSubstr("kedge remediation approve " + id));
  EXPECT_THAT(answer.reason, HasSubstr("kedge remediation reject " + id));
  EXPECT_TRUE(commit(PersonalMove{id, Move::resume, "alice", "put it right"}).done());
  EXPECT_EQ(start(id).go, Go::go);
}

TEST_P(ClaimTest, ActsByItselfWhereItsRuleSaysSoThenAndNow) {
  const std::string first = confirm(1, Reconcile::enforce);
  carry_out(drifted(first, 2));
  load(Reconcile::hold);
  EXPECT_EQ(start(drifted(sample_id(2), 3)).guard, "reconcile") << "the rule says so no longer";
}

TEST_P(ClaimTest, IsHeldAsTheRuleSaidWhenItWasConfirmed) {
  load(Reconcile::enforce);
  EXPECT_EQ(start(drifted(confirm(1, Reconcile::hold), 2)).guard, "reconcile");
}

TEST_P(ClaimTest, GoesThroughTheOtherGuardsToo) {
  const std::string id = drifted(confirm(1, Reconcile::enforce), 2);
  commit(AddPause{{"all", "a storm", "alice", clock.now()}});
  EXPECT_EQ(start(id).guard, "pause");
}

TEST_P(ClaimTest, MakesNothingNewWhileOneIsOpen) {
  const std::string first = confirm(1);
  drifted(first, 2);
  const int64_t head = ledger().head();
  const Answer answer = drifts(first, 3);
  EXPECT_TRUE(answer.done());
  EXPECT_TRUE(answer.dispositions.empty());
  EXPECT_EQ(ledger().head(), head);
  EXPECT_FALSE(reader().remediation(sample_id(3)).ok());
}

TEST_P(ClaimTest, MakesOneFindingOfOneKeyAndTheNextOfAnother) {
  const std::string first = confirm(1, Reconcile::enforce);
  drifted(first, 2);
  const std::string key = reader().remediation(sample_id(2))->key;
  EXPECT_TRUE(commit(Conclude{sample_id(2), Move::fail, 0, {}, "no permission", Json::object()}).done());
  ASSERT_EQ(claims().at(0).remediation, first) << "what failed confirms nothing";
  EXPECT_EQ(claims()[0].found, 1);
  drifted(first, 3);
  EXPECT_NE(reader().remediation(sample_id(3))->key, key);
}

TEST_P(ClaimTest, IsNotActedOnWhereALaterOneWasConfirmedMeanwhile) {
  const std::string first = confirm(1);
  const std::string second = confirm(2);
  const Answer answer = drifts(first, 3);
  EXPECT_EQ(answer.error.code, ErrorCode::conflict);
  EXPECT_THAT(answer.error.message, HasSubstr(second));
}

TEST_P(ClaimTest, GivesWayToALiveEventAndNeverTakesItsPlace) {
  const std::string held = drifted(confirm(1), 2);
  start(held);
  Finding live = finding(3);
  const Answer answer = commit(batch_of({live}));
  EXPECT_EQ(answer.dispositions.at(0).kind, Disposition::Kind::superseding);
  EXPECT_EQ(state_of(held), State::superseded);
  EXPECT_EQ(start(live.remediation).go, Go::go) << "it is of a live event, and waits for nobody";
}

TEST_P(ClaimTest, DoesNotGiveWayToARedrivenEvent) {
  const std::string id = drifted(confirm(1, Reconcile::enforce), 2);
  Finding redriven = finding(3, Reconcile::enforce);
  redriven.origin = "redrive";
  EXPECT_EQ(commit(batch_of({redriven})).dispositions.at(0).kind, Disposition::Kind::joined);
  EXPECT_EQ(state_of(id), State::planned);
}

INSTANTIATE_TEST_SUITE_P(Each, ClaimTest, kAllLedgers, name_of_ledger);

// ---- the tables of before ------------------------------------------------------------------------------------------

TEST(ClaimOfAnEarlierVersion, StaysValid) {
  Database database(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const auto all = ledger_migrations();
  ASSERT_TRUE(upgrade(database, ":memory:", all.first(3)).ok());
  const Json body = {{"plan", to_json(sample_plan("bucket"))},
                     {"shown_plan", Json()},
                     {"policy", to_json(Policy{})},
                     {"account", ""},
                     {"found", 0}};
  database.run("INSERT INTO claim VALUES (?, 'bucket', 'R', ?, 1, 2)", std::string(kSampleRule), body.dump());
  ASSERT_TRUE(upgrade(database, ":memory:", all).ok());
  Tables tables(database);
  const std::vector<Claim> claims = tables.claims({}, kDialPoints, 10);
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims[0].plan, sample_plan("bucket"));
  EXPECT_EQ(claims[0].remediation, "R");
}

}  // namespace
}  // namespace kedge
