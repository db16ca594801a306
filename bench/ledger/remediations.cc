#include "bench/ledger/remediations.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "base/id.h"

namespace kedge {
namespace {

constexpr const char* kVersion = "5f2b8d6c1e0a49737c3a9d24b1e6f08d5f2b8d6c1e0a49737c3a9d24b1e6f08d";
constexpr const char* kArn = "arn:aws:s3:::";

CapturedState block(bool set) {
  const nlohmann::json state = {{"exists", set},
                                {"configuration",
                                 {{"BlockPublicAcls", set},
                                  {"IgnorePublicAcls", set},
                                  {"BlockPublicPolicy", set},
                                  {"RestrictPublicBuckets", set}}}};
  return {state, state};
}

std::string mark_of(const std::string& id) { return sha256(id).hex().substr(0, 32); }

// The view of a PutBucketAcl, with what such an event carries besides.
std::string document(const std::string& bucket, const std::string& event, const std::string& request, Time now) {
  const nlohmann::json detail = {
      {"eventVersion", "1.09"},
      {"userIdentity",
       {{"type", "AssumedRole"},
        {"principalId", "AROA" + request.substr(0, 16) + ":session"},
        {"arn", "arn:aws:sts::123456789012:assumed-role/deploy/session"},
        {"accountId", kBenchAccount},
        {"sessionContext",
         {{"sessionIssuer",
           {{"type", "Role"}, {"arn", "arn:aws:iam::123456789012:role/deploy"}, {"userName", "deploy"}}},
          {"attributes", {{"creationDate", "2026-11-21T08:00:00Z"}, {"mfaAuthenticated", "false"}}}}}}},
      {"eventTime", format_time(now)},
      {"eventSource", "s3.amazonaws.com"},
      {"eventName", "PutBucketAcl"},
      {"awsRegion", "us-east-1"},
      {"sourceIPAddress", "198.51.100.7"},
      {"userAgent", "[aws-cli/2.15.0 Python/3.11.6 Linux/6.1.0 exe/x86_64]"},
      {"requestParameters", {{"x-amz-acl", "public-read"}, {"bucketName", bucket}, {"acl", ""}}},
      {"additionalEventData", {{"SignatureVersion", "SigV4"}, {"x-amz-id-2", request + request}}},
      {"requestID", request},
      {"eventID", event},
      {"eventType", "AwsApiCall"},
      {"recipientAccountId", kBenchAccount}};
  const nlohmann::json view = {{"id", event},
                               {"source", "aws.s3"},
                               {"detail-type", "AWS API Call via CloudTrail"},
                               {"account", kBenchAccount},
                               {"region", "us-east-1"},
                               {"time", format_time(now)},
                               {"resources", nlohmann::json::array()},
                               {"detail", detail}};
  return view.dump();
}

Step step_for(const std::string& bucket) {
  Step step;
  step.action = "aws.s3.block_public_access";
  step.args = {{"bucket", bucket}, {"account", kBenchAccount}, {"region", "us-east-1"}};
  return step;
}

}  // namespace

LoadRules bench_rules() {
  LoadedRule rule;
  rule.id = kBenchRule;
  rule.version = kVersion;
  rule.policy.mode = Mode::enforce;
  rule.bundle = R"({"public_bucket.lua":"..."})";
  return {kVersion, "/rules", {rule}};
}

Finding RemediationMaker::finding(Time now) {
  const std::string bucket = prefix_ + to_hex(random_.bytes(8));
  const std::string request = to_hex(random_.bytes(32));
  Finding finding;
  finding.remediation = make_uuid7(now, random_);
  finding.key = to_hex(random_.bytes(32));
  finding.plan.rule = {kBenchRule, kVersion};
  finding.plan.target = kArn + bucket;
  finding.plan.revert = {step_for(bucket)};
  finding.policy.mode = Mode::enforce;
  finding.policy.severity = Severity::high;
  finding.policy.title = "S3 bucket made public";
  finding.policy.references = {
      "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"};
  finding.event.source = "aws.s3";
  finding.event.id = make_uuid7(now, random_);
  finding.event.account = kBenchAccount;
  finding.event.document = document(bucket, finding.event.id, request, now);
  finding.event.partition = {"bench", "events", 0};
  finding.event.principal = "arn:aws:iam::123456789012:role/deploy";
  finding.event.session = "session";
  finding.event.agent = "[aws-cli/2.15.0 Python/3.11.6 Linux/6.1.0 exe/x86_64]";
  finding.event.address = "198.51.100.7";
  finding.event.request_id = request;
  finding.times = {now - std::chrono::seconds(2), now, now};
  return finding;
}

Start RemediationMaker::start(const std::string& id, const std::string& target, int64_t observed_from) {
  Start start;
  start.remediation = id;
  start.observed_from = observed_from;
  start.touches = {target};
  start.befores = {{0, false, block(false)}};
  start.mark = mark_of(id);
  return start;
}

RecordOutcome RemediationMaker::outcome(const std::string& id, Time now) {
  StepOutcome outcome;
  outcome.mark = mark_of(id);
  outcome.request_ids = {mark_of(id).substr(0, 16)};
  outcome.writes = 1;
  outcome.started = now;
  outcome.finished = now;
  outcome.after = block(true);
  return {id, outcome, Move::apply_all, ""};
}

Conclude RemediationMaker::conclude(const std::string& id, int64_t observed_from) {
  Conclude change;
  change.remediation = id;
  change.move = Move::confirm;
  change.observed_from = observed_from;
  change.afters = {{0, block(true)}};
  return change;
}

}  // namespace kedge
