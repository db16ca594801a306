// Positions, dead letters, suppressions, notices, people's data and time.
#include <gtest/gtest.h>

#include "tests/ledger/ledger_pair.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const PartitionId kPartition{"cloudtrail", "events", 3};

class DaemonTest : public LedgerTest {
 protected:
  Answer claim(std::optional<Position> found, int64_t next, const std::string& note = "") {
    Position wanted;
    wanted.cluster = "cluster-1";
    wanted.next = next;
    return commit(ClaimPositions{{{kPartition, std::move(found), wanted, note, Json::object()}}, ""});
  }
  Answer move(uint64_t epoch, int64_t from, int64_t to) {
    CommitBatch batch;
    batch.moves = {{kPartition, epoch, from, to, Bookmark{to - 1, clock.now(), sha256("value")}}};
    return commit(std::move(batch));
  }
  Position position() { return reader().positions()->at(0).position; }
  DeadLetter letter(int64_t offset, size_t bytes = 10) {
    DeadLetter letter;
    letter.source = "cloudtrail";
    letter.topic = "events";
    letter.offset = offset;
    letter.reason = "not_json";
    letter.message = "an object was expected at byte 0";
    letter.value = std::string(bytes, 'x');
    letter.value_bytes = static_cast<int64_t>(bytes);
    letter.value_digest = sha256(letter.value);
    return letter;
  }
  Answer bury(std::vector<DeadLetter> letters) {
    CommitBatch batch;
    batch.dead_letters = std::move(letters);
    return commit(std::move(batch));
  }
  Suppression suppression(int number, Mode mode = Mode::shadow) {
    const Finding basis = sample_finding(number, "bucket", clock.now());
    Suppression suppression{basis.key, basis.plan, basis.policy, basis.event, basis.times, "mode", "shadow", {}, {}};
    suppression.policy.mode = mode;
    return suppression;
  }
  Answer suppress(std::vector<Suppression> suppressions) {
    CommitBatch batch;
    batch.suppressions = std::move(suppressions);
    return commit(std::move(batch));
  }
};

// ---- positions -----------------------------------------------------------------------------------------------------

TEST_P(DaemonTest, MovesAPositionByCompareAndSet) {
  EXPECT_EQ(claim(std::nullopt, 100, "first start").epochs, std::vector<uint64_t>{1});
  EXPECT_EQ(last_record()["note"], "first start");
  EXPECT_TRUE(move(1, 100, 120).done());
  EXPECT_EQ(position().next, 120);
  EXPECT_EQ(position().bookmark->offset, 119);
  EXPECT_EQ(move(1, 100, 130).error.code, ErrorCode::conflict);
  EXPECT_EQ(move(1, 120, 110).error.code, ErrorCode::conflict);
  EXPECT_EQ(position().next, 120);
}

TEST_P(DaemonTest, RefusesTheBatchOfAFormerOwner) {
  claim(std::nullopt, 100);
  EXPECT_EQ(claim(position(), 100).epochs, std::vector<uint64_t>{2});
  EXPECT_EQ(move(1, 100, 120).error.code, ErrorCode::conflict);
  EXPECT_TRUE(move(2, 100, 120).done());
}

TEST_P(DaemonTest, RefusesAClaimOfWhatHasChangedSinceItWasFound) {
  claim(std::nullopt, 100);
  const Position found = position();
  move(1, 100, 120);
  EXPECT_EQ(claim(found, 100).error.code, ErrorCode::conflict);
  EXPECT_EQ(claim(std::nullopt, 100).error.code, ErrorCode::conflict);
}

TEST_P(DaemonTest, RefusesABatchAsAWholeWithAllThatItHolds) {
  CommitBatch batch = batch_of({sample_finding(1, "bucket", clock.now())});
  batch.moves = {{kPartition, 1, 0, 10, std::nullopt}};  // never claimed
  batch.counts = {{"cloudtrail", "no-pattern", 5}};
  const int64_t head = ledger().head();
  EXPECT_FALSE(commit(std::move(batch)).done());
  EXPECT_EQ(ledger().head(), head);
  EXPECT_TRUE(reader().open_remediations()->empty());
  EXPECT_TRUE(reader().counts(Time{}, clock.now() + hours(1))->empty());
}

TEST_P(DaemonTest, StopsAPartitionAndTellsPeopleUntilItIsClaimedAnew) {
  claim(std::nullopt, 100);
  ASSERT_TRUE(commit(NotePosition{kPartition, "another_log", Json::object(), true, "it is another log"}).done());
  EXPECT_EQ(reader().positions()->at(0).stopped, "it is another log");
  EXPECT_EQ(reader().due_notices(clock.now(), 10)->at(0).type, "kedge.alarm");
  EXPECT_EQ(move(1, 100, 120).error.code, ErrorCode::refused);
  EXPECT_TRUE(claim(position(), 0, "accepted").done());
  EXPECT_EQ(reader().positions()->at(0).stopped, "");
  EXPECT_TRUE(move(2, 0, 120).done());
}

TEST_P(DaemonTest, StopsAPartitionInTheBatchThatIsTheReason) {
  claim(std::nullopt, 100);
  CommitBatch batch;
  batch.moves = {{kPartition, 1, 100, 120, std::nullopt}};
  batch.dead_letters = {letter(119)};
  batch.notes = {{kPartition, "poison", {{"next", 120}}, true, "it is no JSON"}};
  CommitBatch of_a_former_owner = batch;
  of_a_former_owner.moves[0].epoch = 0;
  EXPECT_EQ(commit(of_a_former_owner).error.code, ErrorCode::conflict);
  EXPECT_EQ(reader().positions()->at(0).stopped, "");

  const Answer answer = commit(batch);
  ASSERT_TRUE(answer.done());
  EXPECT_EQ(answer.notices, 1);
  EXPECT_EQ(position().next, 120);
  EXPECT_EQ(reader().positions()->at(0).stopped, "it is no JSON");
  EXPECT_EQ(last_record()["note"], "poison");
  EXPECT_EQ(last_record()["stopped"], true);
  EXPECT_EQ(move(1, 120, 130).error.code, ErrorCode::refused);
}

class SeekTest : public DaemonTest {
 protected:
  Answer seek(int64_t next, const std::string& cluster = "cluster-1") {
    return commit(SeekPosition{kPartition, cluster, next, "alice", "the rule was wrong"});
  }
};

TEST_P(SeekTest, MovesThePositionAndRefusesWhatIsOnItsWay) {
  claim(std::nullopt, 100);
  move(1, 100, 120);
  EXPECT_EQ(seek(40).epochs, std::vector<uint64_t>{2});
  EXPECT_EQ(position(), (Position{"cluster-1", 2, 40, std::nullopt}));
  const Json record = last_record();
  EXPECT_EQ(record["note"], "seek");
  EXPECT_EQ(record["actor"], "alice");
  EXPECT_EQ(record["details"], (Json{{"from", 120}, {"to", 40}, {"text", "the rule was wrong"}}));
  EXPECT_EQ(record["before"]["next"], 120);
  EXPECT_EQ(move(1, 120, 130).error.code, ErrorCode::conflict);
  EXPECT_EQ(move(1, 40, 50).error.code, ErrorCode::conflict);
  EXPECT_TRUE(move(2, 40, 50).done());
}

TEST_P(SeekTest, RefusesAClaimThatFoundThePositionBefore) {
  claim(std::nullopt, 100);
  const Position found = position();
  seek(100);
  EXPECT_EQ(claim(found, 100).error.code, ErrorCode::conflict);
}

TEST_P(SeekTest, LetsAStoppedPartitionBeRead) {
  claim(std::nullopt, 100);
  commit(NotePosition{kPartition, "poison", Json::object(), true, "too much poison"});
  ASSERT_TRUE(seek(130).done());
  EXPECT_EQ(reader().positions()->at(0).stopped, "");
  EXPECT_EQ(last_record()["details"]["stopped"], "too much poison");
  EXPECT_TRUE(move(2, 130, 140).done());
}

TEST_P(SeekTest, DropsTheRangesOfDeadLettersThatAreReadAgain) {
  options.dead_letters_max = 0;
  remake();
  claim(std::nullopt, 100);
  DeadLetter here = letter(50);
  here.partition = kPartition.partition;
  DeadLetter of_a_rule = here;
  of_a_rule.offset = 30;
  of_a_rule.rule = kSampleRule;
  bury({here, of_a_rule, letter(50)});
  ASSERT_EQ(reader().dead_letter_ranges()->size(), 3U);
  ASSERT_TRUE(seek(31).done());
  EXPECT_EQ(last_record()["details"]["dead_letter_ranges"], 1);
  ASSERT_EQ(reader().dead_letter_ranges()->size(), 2U);
  EXPECT_EQ(reader().dead_letter_ranges()->at(0).rule, kSampleRule) << "it begins before";
  EXPECT_EQ(reader().dead_letter_ranges()->at(1).partition, 0) << "another partition";
}

TEST_P(SeekTest, RefusesWhatWasNeverReadAndAnotherCluster) {
  EXPECT_EQ(seek(40).error.code, ErrorCode::not_found);
  claim(std::nullopt, 100);
  EXPECT_EQ(seek(40, "cluster-2").error.code, ErrorCode::conflict);
  EXPECT_EQ(position().next, 100);
}

TEST_P(SeekTest, WhatIsReadAgainWasDecidedBefore) {
  claim(std::nullopt, 100);
  const auto read = [&](uint64_t epoch) {
    CommitBatch batch = batch_of({sample_finding(1, "bucket", clock.now())});
    batch.findings[0].remediation = sample_id(static_cast<int>(epoch));
    batch.moves = {{kPartition, epoch, 100, 101, std::nullopt}};
    return commit(batch).dispositions.at(0).kind;
  };
  EXPECT_EQ(read(1), Disposition::Kind::opened);
  ASSERT_TRUE(seek(100).done());
  EXPECT_EQ(read(2), Disposition::Kind::duplicate);
}

// ---- dead letters --------------------------------------------------------------------------------------------------

TEST_P(DaemonTest, KeepsADeadLetterUnderItsRecordsNumber) {
  bury({letter(7)});
  const DeadLetter kept = reader().dead_letters({})->at(0);
  EXPECT_EQ(kept.number, ledger().head());
  EXPECT_EQ(kept.value, std::string(10, 'x'));
  EXPECT_EQ(reader().dead_letter(kept.number)->offset, 7);
  EXPECT_EQ(record(kept.number)["reason"], "not_json");
  ASSERT_TRUE(commit(CloseDeadLetters{{kept.number}, "alice", "discarded"}).done());
  EXPECT_FALSE(reader().dead_letter(kept.number).ok());
  EXPECT_FALSE(commit(CloseDeadLetters{{kept.number}, "alice", "discarded"}).done());
}

class RedriveTest : public DaemonTest {
 protected:
  int64_t buried(int64_t offset = 7) {
    bury({letter(offset)});
    return reader().dead_letters({})->back().number;
  }
  RedriveDeadLetter redrive(int64_t number, std::vector<Finding> findings = {}) {
    RedriveDeadLetter change{number, "alice", "decided", {}, std::nullopt};
    for (Finding& finding : findings) finding.origin = "redrive";
    change.decided.findings = std::move(findings);
    return change;
  }
  Finding finding(int number) { return sample_finding(number, "bucket", clock.now()); }
  GoAnswer start(int number) { return *commit(sample_start(sample_id(number), "bucket", ledger().head())).go; }
  static Finding another_plan(Finding finding) {
    finding.plan.revert[0].attempts += 1;
    return finding;
  }
};

TEST_P(RedriveTest, EndsTheLetterInTheCommitThatHoldsWhatCameOfIt) {
  const int64_t number = buried();
  RedriveDeadLetter change = redrive(number, {finding(1)});
  change.decided.suppressions = {suppression(2)};
  change.decided.counts = {{"cloudtrail", "no-pattern", 3}};
  const Answer answer = commit(change);
  ASSERT_TRUE(answer.done()) << answer.error.message;
  EXPECT_EQ(answer.dispositions, (std::vector<Disposition>{{Disposition::Kind::opened, sample_id(1)}}));
  EXPECT_EQ(answer.runnable.size(), 1U);
  EXPECT_TRUE(reader().dead_letters({})->empty());
  EXPECT_EQ(reader().remediation(sample_id(1))->origin, "redrive");
  const Json record = last_record();
  EXPECT_EQ(record["kind"], "redrive");
  EXPECT_EQ(record["numbers"], Json({number}));
  EXPECT_EQ(record["actor"], "alice");
  EXPECT_EQ(record["outcome"], "decided");
  EXPECT_EQ(record["remediations"], Json({sample_id(1)}));
  EXPECT_EQ(record["suppressions"], 1);
}

TEST_P(RedriveTest, IsRefusedWholeForALetterThatIsGone) {
  const int64_t number = buried();
  ASSERT_TRUE(commit(redrive(number)).done());
  EXPECT_EQ(commit(redrive(number, {finding(1)})).error.code, ErrorCode::not_found);
  EXPECT_TRUE(reader().open_remediations()->empty());
}

TEST_P(RedriveTest, DecidesNothingThatWasDecidedBefore) {
  commit(batch_of({finding(1)}));
  Finding again = finding(1);
  again.remediation = sample_id(2);
  const Answer answer = commit(redrive(buried(), {again}));
  ASSERT_TRUE(answer.done()) << answer.error.message;
  EXPECT_EQ(answer.dispositions.at(0).kind, Disposition::Kind::duplicate);
  EXPECT_EQ(last_record()["duplicates"], 1);
  EXPECT_EQ(reader().open_remediations()->size(), 1U);
}

TEST_P(RedriveTest, KeepsALetterThatFailsAgainUnderItsNumber) {
  const int64_t number = buried();
  RedriveDeadLetter change = redrive(number);
  change.outcome = "failed";
  change.failure = {"too_deep", "deeper than 1000", ""};
  ASSERT_TRUE(commit(change).done());
  const DeadLetter kept = *reader().dead_letter(number);
  EXPECT_EQ(kept.reason, "too_deep");
  EXPECT_EQ(kept.message, "deeper than 1000");
  EXPECT_EQ(kept.redrives, 1);
  EXPECT_EQ(kept.value, letter(7).value);
  EXPECT_EQ(last_record()["outcome"], "failed");
  EXPECT_EQ(last_record()["reason"], "too_deep");
}

TEST_P(RedriveTest, LosesNoByteWhereWhatFailsNowHasNoRoom) {
  options.dead_letters_max = 1;
  remake();
  const int64_t number = buried();
  RedriveDeadLetter change = redrive(number, {finding(1)});
  for (const int64_t offset : {8, 9}) {
    change.decided.dead_letters.push_back(letter(offset));
    change.decided.dead_letters.back().rule = kSampleRule;
  }
  EXPECT_EQ(commit(change).error.code, ErrorCode::limit);
  EXPECT_TRUE(reader().open_remediations()->empty());
  EXPECT_TRUE(reader().dead_letter(number).ok());
  change.decided.dead_letters.pop_back();
  EXPECT_TRUE(commit(change).done());
  EXPECT_EQ(reader().dead_letters({})->at(0).offset, 8);
}

TEST_P(RedriveTest, TakesThePlaceOfNoRemediationOfALiveEvent) {
  commit(batch_of({finding(1)}));
  const Answer answer = commit(redrive(buried(), {another_plan(finding(2))}));
  EXPECT_EQ(answer.dispositions.at(0).kind, Disposition::Kind::opened);
  EXPECT_EQ(reader().remediation(sample_id(1))->state, State::planned);
  EXPECT_EQ(commit(redrive(buried(), {finding(3)})).dispositions.at(0).remediation, sample_id(1)) << "it joins";
}

TEST_P(RedriveTest, ALiveEventDoesNotWaitForWhatARedrivenOneIsHeldFor) {
  commit(redrive(buried(), {finding(1)}));
  const Answer answer = commit(batch_of({finding(2)}));
  EXPECT_EQ(answer.dispositions.at(0), (Disposition{Disposition::Kind::superseding, sample_id(2)}));
  EXPECT_EQ(reader().open_remediations()->size(), 1U);
}

TEST_P(RedriveTest, HoldsAlsoAYoungEventUntilAPersonApproves) {
  commit(redrive(buried(), {finding(1)}));
  EXPECT_EQ(start(1).guard, "stale");
  EXPECT_EQ(reader().remediation(sample_id(1))->state, State::held);
  ASSERT_TRUE(commit(PersonalMove{sample_id(1), Move::resume, "alice", "still wanted"}).done());
  EXPECT_EQ(start(1).go, Go::go);
}

TEST_P(RedriveTest, ALiveEventJoinsARedrivenOneThatIsAtWork) {
  commit(redrive(buried(), {finding(1)}));
  start(1);
  commit(PersonalMove{sample_id(1), Move::resume, "alice", "still wanted"});
  ASSERT_EQ(start(1).go, Go::go);
  const Answer answer = commit(batch_of({finding(2)}));
  EXPECT_EQ(answer.dispositions.at(0), (Disposition{Disposition::Kind::joined, sample_id(1)}));
  EXPECT_EQ(reader().remediation(sample_id(1))->last_finding, ledger().head()) << "it is observed once more";
}

TEST_P(RedriveTest, ALiveEventActsByItselfWhereARedrivenOneWaitsForAPerson) {
  commit(redrive(buried(), {finding(1)}));
  start(1);
  commit(batch_of({finding(2)}));
  EXPECT_EQ(reader().remediation(sample_id(1))->state, State::superseded);
  EXPECT_EQ(start(2).go, Go::go) << "it takes no approval over, and needs none";
}

TEST_P(RedriveTest, AnEventRedrivenLaterTakesThePlaceOfAnEarlierOne) {
  commit(redrive(buried(), {finding(1)}));
  EXPECT_EQ(commit(redrive(buried(), {finding(2)})).dispositions.at(0).remediation, sample_id(1)) << "the same plan";
  const Answer answer = commit(redrive(buried(), {another_plan(finding(3))}));
  EXPECT_EQ(answer.dispositions.at(0).kind, Disposition::Kind::superseding);
  EXPECT_EQ(start(3).guard, "stale");
}

TEST_P(RedriveTest, ALiveEventJoinsTheLiveOneBesideARedrivenOne) {
  commit(batch_of({finding(1)}));
  commit(redrive(buried(), {another_plan(finding(2))}));
  EXPECT_EQ(commit(batch_of({finding(3)})).dispositions.at(0), (Disposition{Disposition::Kind::joined, sample_id(1)}));
  const Answer answer = commit(batch_of({another_plan(finding(4))}));
  EXPECT_EQ(answer.dispositions.at(0).kind, Disposition::Kind::superseding);
  ASSERT_EQ(reader().open_remediations()->size(), 1U) << "it takes the place of both";
  EXPECT_EQ(start(4).go, Go::go);
}

// ---- rerun ---------------------------------------------------------------------------------------------------------

class RerunTest : public RedriveTest {
 protected:
  RerunEvent rerun(const std::string& remediation, std::vector<Finding> findings) {
    RerunEvent change;
    change.remediation = remediation;
    change.rule = {kSampleRule, "1"};
    change.redrive = ledger().head() + 1;
    change.actor = "alice";
    change.reason = "the rule is mended";
    change.outcome = "decided";
    for (Finding& finding : findings) {
      finding.origin = "redrive";
      finding.redrive = change.redrive;
    }
    change.decided.findings = std::move(findings);
    return change;
  }
};

TEST_P(RerunTest, IsOnRecordInTheCommitThatHoldsWhatCameOfIt) {
  const std::string id = open(1, "bucket");
  ASSERT_TRUE(commit(PersonalMove{id, Move::cancel, "bob", "not now"}).done());
  const RerunEvent change = rerun(id, {finding(2)});
  const Answer answer = commit(change);
  ASSERT_TRUE(answer.done()) << answer.error.message;
  EXPECT_EQ(answer.dispositions, (std::vector<Disposition>{{Disposition::Kind::opened, sample_id(2)}}));
  EXPECT_EQ(record(change.redrive)["redrive"], change.redrive) << "that of the plan";
  const Json told = last_record();
  EXPECT_EQ(told["kind"], "rerun");
  EXPECT_EQ(told["rerun_of"], id);
  EXPECT_EQ(told["redrive"], change.redrive);
  EXPECT_EQ(told["actor"], "alice");
  EXPECT_EQ(told["reason"], "the rule is mended");
  EXPECT_EQ(told["remediations"], Json({sample_id(2)}));
}

TEST_P(RerunTest, IsRefusedWhileTheRemediationIsOpen) {
  const std::string id = open(1, "bucket");
  const int64_t head = ledger().head();
  EXPECT_EQ(commit(rerun(id, {finding(2)})).error.code, ErrorCode::conflict);
  EXPECT_EQ(ledger().head(), head);
}

TEST_P(RerunTest, OfTwoWithTheSameNumberTheSecondIsADuplicate) {
  const std::string id = open(1, "bucket");
  ASSERT_TRUE(commit(PersonalMove{id, Move::cancel, "bob", "not now"}).done());
  RerunEvent second = rerun(id, {finding(2)});
  ASSERT_TRUE(commit(second).done());
  second.decided.findings[0].remediation = sample_id(3);
  const Answer answer = commit(second);
  ASSERT_TRUE(answer.done()) << answer.error.message;
  EXPECT_EQ(answer.dispositions.at(0).kind, Disposition::Kind::duplicate);
  EXPECT_EQ(last_record()["duplicates"], 1);
}

// ---- dead letters --------------------------------------------------------------------------------------------------

TEST_P(DaemonTest, KeepsOnlyTheRangeOfDeadLettersBeyondTheLimit) {
  options.dead_letters_max = 2;
  remake();
  bury({letter(1), letter(2), letter(3), letter(9)});
  const int64_t head = ledger().head();
  bury({letter(5)});
  EXPECT_EQ(reader().dead_letters({})->size(), 2U);
  const DeadLetterRange range = reader().dead_letter_ranges()->at(0);
  EXPECT_EQ(range.first, 3);
  EXPECT_EQ(range.last, 9);
  EXPECT_EQ(range.count, 3);
  EXPECT_EQ(ledger().head(), head);  // one record tells of the range, not one of each
}

TEST_P(DaemonTest, SendsEachDeadLetterThatItKeepsAndTheBeginningOfARange) {
  options.dead_letters_max = 1;
  options.notify_dead_letters = {"letters"};
  remake();
  bury({letter(1, 3), letter(2), letter(3)});
  const std::vector<Notice> notices = *reader().due_notices(clock.now(), 10);
  ASSERT_EQ(notices.size(), 2U) << "the channel that hears of alarms does not get them";
  EXPECT_EQ(notices[0].channel, "letters");
  EXPECT_EQ(notices[0].type, "kedge.dead_letter");
  EXPECT_EQ(notices[0].data["seq"], reader().dead_letters({})->at(0).number);
  EXPECT_EQ(notices[0].data["offset"], 1);
  EXPECT_EQ(notices[0].data["reason"], "not_json");
  EXPECT_EQ(notices[0].data["value_base64"], "eHh4");
  EXPECT_EQ(notices[0].data["value_sha256"], sha256("xxx").hex());
  EXPECT_EQ(notices[1].data["offset"], 2);
  EXPECT_EQ(notices[1].data["reason"], "limit");
}

TEST_P(DaemonTest, LimitsTheBytesOfDeadLettersToo) {
  options.dead_letter_bytes_max = 100;
  remake();
  bury({letter(1, 60), letter(2, 60), letter(3, 40)});
  EXPECT_EQ(reader().dead_letters({})->size(), 2U);
  EXPECT_EQ(reader().dead_letter_ranges()->at(0).count, 1);
}

TEST_P(DaemonTest, KeepsSoManyDeadLettersOfASourceAMinute) {
  options.dead_letters_per_minute = 2;
  remake();
  bury({letter(1), letter(2), letter(3)});
  ASSERT_TRUE(commit(CloseDeadLetters{{reader().dead_letters({})->at(0).number}, "alice", "discarded"}).done());
  bury({letter(4)});  // what was discarded meanwhile counts
  EXPECT_EQ(reader().dead_letters({})->size(), 1U);
  EXPECT_EQ(reader().dead_letter_ranges()->at(0).count, 2);
  clock.advance(minutes(1));
  bury({letter(5)});
  EXPECT_EQ(reader().dead_letters({})->size(), 2U);
  EXPECT_EQ(reader().dead_letter_ranges()->at(0).last, 4);
}

TEST_P(DaemonTest, CountsTheDeadLettersOfEachSourceAndRuleByThemselves) {
  options.dead_letters_per_minute = 1;
  remake();
  DeadLetter of_a_rule = letter(1);
  of_a_rule.rule = kSampleRule;
  DeadLetter of_another_rule = of_a_rule;
  of_another_rule.rule = "aws.s3.shared-bucket";
  DeadLetter of_another_source = letter(1);
  of_another_source.source = "audit";
  bury({letter(1), of_a_rule, of_another_rule, of_another_source, of_a_rule});
  EXPECT_EQ(reader().dead_letters({})->size(), 4U);
  ASSERT_EQ(reader().dead_letter_ranges()->size(), 1U);
  EXPECT_EQ(reader().dead_letter_ranges()->at(0).rule, kSampleRule);
}

// ---- suppressions --------------------------------------------------------------------------------------------------

TEST_P(DaemonTest, RecordsASuppressionOnceAndTellsWhatShadowWouldHaveDone) {
  suppress({suppression(1), suppression(1), suppression(2, Mode::canary)});
  EXPECT_EQ(reader().due_notices(clock.now(), 10)->size(), 1U);
  EXPECT_EQ(reader().due_notices(clock.now(), 10)->at(0).type, "kedge.finding.shadow");
  EXPECT_EQ(reader().counts(Time{}, clock.now() + hours(1))->at(0).number, 1);
}

TEST_P(DaemonTest, FoldsTheSuppressionsOfOneRuleBeyondTheMinutesNumber) {
  options.suppressions_per_minute = 2;
  remake();
  const int64_t before = ledger().head();
  suppress({suppression(1), suppression(2), suppression(3), suppression(4)});
  EXPECT_EQ(ledger().head(), before + 2);
  clock.advance(minutes(1));
  suppress({});
  EXPECT_EQ(last_record()["count"], 4);
  EXPECT_EQ(last_record()["folded"], 2);
}

// ---- notices -------------------------------------------------------------------------------------------------------

TEST_P(DaemonTest, KeepsANoticeUntilItIsDeliveredOrGivenUp) {
  ASSERT_TRUE(commit(RaiseAlarm{"test", "look here", Json::object(), {"security"}}).done());
  const auto notices = *reader().due_notices(clock.now(), 10);
  ASSERT_EQ(notices.size(), 2U);  // and the channel that hears of all alarms
  EXPECT_EQ(notices[0].data["message"], "look here");
  EXPECT_NE(notices[0].id, notices[1].id);

  ASSERT_TRUE(commit(NoticeDeferred{notices[0].number, clock.now() + minutes(5), "503"}).done());
  EXPECT_EQ(reader().due_notices(clock.now(), 10)->size(), 1U);
  ASSERT_TRUE(commit(NoticeDelivered{notices[1].number, notices[1].id, 200}).done());
  EXPECT_EQ(last_record()["kind"], "notice");
  EXPECT_EQ(*reader().next_notice_due(), clock.now() + minutes(5));
  clock.advance(minutes(5));
  EXPECT_EQ(reader().due_notices(clock.now(), 10)->at(0).attempts, 1);
  ASSERT_TRUE(commit(NoticeGivenUp{notices[0].number, "410 gone"}).done());
  EXPECT_EQ(*reader().next_notice_due(), std::nullopt);  // a notice about a notice is not made
}

// ---- people --------------------------------------------------------------------------------------------------------

TEST_P(DaemonTest, RefusesAnExceptionThatNobodyOwnsOrThatNeverEnds) {
  const Exception sound{"E1", "*", "bucket", "web team", "a site", clock.now() + hours(1), "alice", clock.now()};
  for (std::string Exception::*part : {&Exception::owner, &Exception::reason, &Exception::rule, &Exception::target}) {
    Exception broken = sound;
    broken.*part = "";
    EXPECT_EQ(commit(AddException{broken}).error.code, ErrorCode::invalid);
  }
  Exception expired = sound;
  expired.expires = clock.now();
  EXPECT_EQ(commit(AddException{expired}).error.code, ErrorCode::invalid);
  EXPECT_TRUE(commit(AddException{sound}).done());
  EXPECT_EQ(commit(AddException{sound}).error.code, ErrorCode::conflict);
  EXPECT_EQ(*reader().exceptions(), std::vector<Exception>{sound});
  EXPECT_TRUE(commit(RevokeException{"E1", "alice"}).done());
  EXPECT_EQ(commit(RevokeException{"E1", "alice"}).error.code, ErrorCode::not_found);
}

TEST_P(DaemonTest, KnowsTheScopesOfAPause) {
  EXPECT_FALSE(commit(AddPause{{"everything", "", "alice", clock.now()}}).done());
  EXPECT_FALSE(commit(AddPause{{"rule:", "", "alice", clock.now()}}).done());
  EXPECT_TRUE(commit(AddPause{{"rule:R", "", "alice", clock.now()}}).done());
  EXPECT_FALSE(commit(RemovePause{"all", "alice"}).done());
}

// ---- records and time ----------------------------------------------------------------------------------------------

TEST_P(DaemonTest, TellsPeopleOfRecordsThatWereGoneBeforeTheyWereRead) {
  claim(std::nullopt, 100, "first start");
  EXPECT_TRUE(reader().due_notices(clock.now(), 10)->empty());
  ClaimPositions lost{{{kPartition, position(), {}, "gap", {{"text", "records 100 to 851 are gone"}}}}, ""};
  lost.claims[0].wanted = position();
  lost.claims[0].wanted.next = 852;
  ASSERT_TRUE(commit(lost).done());
  const std::vector<Notice> notices = *reader().due_notices(clock.now(), 10);
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].channel, "on-call");
  EXPECT_EQ(notices[0].data["alarm"], "events-lost");
  const std::string message = notices[0].data["message"];
  EXPECT_NE(message.find("records 100 to 851 are gone"), std::string::npos) << message;
}

TEST_P(DaemonTest, TellsAtEachStartWhichGuardsAreLoosened) {
  commit(NoteStart{"0.1.0", "digest", "boot"});
  EXPECT_EQ(last_record()["loosened"], Json::array());
  commit(NoteStart{"0.1.0", "digest", "boot", {"audit.on_failure"}});
  EXPECT_EQ(last_record()["loosened"], Json::array({"audit.on_failure"}));
}

TEST_P(DaemonTest, NumbersRecordsWithoutAGapFromTheLedgersBirth) {
  commit(NoteStart{"0.1.0", "digest", "boot"});
  commit(RemovePause{"all", "alice"});  // refused: gives its number back
  commit(NoteStop{"asked to"});
  const auto journal = *reader().journal(0, 100);
  EXPECT_EQ(record(0)["kind"], "genesis");
  for (size_t i = 0; i < journal.size(); ++i) {
    EXPECT_EQ(journal[i].seq, static_cast<int64_t>(i));
    EXPECT_EQ(record(journal[i].seq)["seq"], i);
  }
  EXPECT_EQ(last_record()["kind"], "stop");
}

TEST_P(DaemonTest, KeepsTheLargePartsOfARecordByDigest) {
  Finding finding = sample_finding(1, "bucket", clock.now());
  finding.policy.title = std::string(200'000, 't');
  ASSERT_TRUE(commit(batch_of({finding})).done());
  const std::string bytes = reader().journal(ledger().head(), 1)->at(0).bytes;
  EXPECT_LE(bytes.size(), 65'535U);
  const Json policy = last_record()["policy"];
  EXPECT_EQ(parse_json(*reader().blob(policy["sha256"]))->at("title"), finding.policy.title);
}

TEST_P(DaemonTest, WritesWhatCanonicalJsonCannotCarryAsText) {
  Suppression odd = suppression(1);
  odd.figures = {{"share", 0.25}, {"large", UINT64_MAX}, {"bytes", "\xFF\xFE"}};
  ASSERT_TRUE(suppress({odd}).done());
  EXPECT_EQ(last_record()["figures"],
            Json({{"share", "0.25"}, {"large", "18446744073709551615"}, {"bytes", "base64://4="}}));
}

TEST_P(DaemonTest, KeepsTheEventsDocumentAsABlob) {
  open(1, "bucket");
  const Remediation r = reader().open_remediations()->at(0);
  EXPECT_EQ(r.event.document, "");
  EXPECT_EQ(*reader().blob(r.event.document_digest), "{\"id\":\"event-1\"}");
}

TEST_P(DaemonTest, GoesBackForNoWallClock) {
  commit(NoteStart{"0.1.0", "", ""});
  const Json first = last_record();
  clock.set_wall(clock.now() - hours(3));
  clock.advance(seconds(1));
  commit(NoteStop{""});
  EXPECT_EQ(*parse_time(last_record()["at"].get<std::string>()),
            *parse_time(first["at"].get<std::string>()) + seconds(1));
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Ledger, DaemonTest, kAllLedgers, name_of_ledger);
INSTANTIATE_TEST_SUITE_P(Ledger, SeekTest, kAllLedgers, name_of_ledger);
INSTANTIATE_TEST_SUITE_P(Ledger, RedriveTest, kAllLedgers, name_of_ledger);
INSTANTIATE_TEST_SUITE_P(Ledger, RerunTest, kAllLedgers, name_of_ledger);

}  // namespace kedge
