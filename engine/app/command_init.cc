// kedge init: a place to start from: a configuration with every setting explained, a first rule and its test.

#include <filesystem>
#include <iostream>
#include <memory>

#include "app/command.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/time.h"

namespace kedge {
namespace {

constexpr const char* kConfiguration =
    R"yaml(# kedge.yaml: all that kedge is told. `kedge check` finds every mistake in it, with line and remedy;
# `kedge check --effective` prints the values in force. Paths are relative to this file. Secrets are written
# ${file:/path/of/secret} or ${env:NAME}, here and nowhere else.
version: 1

data: data                        # the ledger (created), its lock, the control socket, the pause file

rules:
  directory: rules                # *.lua, with their tests *.test.lua beside them
  # modes: {first.public-bucket: enforce}   # overrides a rule's own mode: off, shadow, canary, enforce

sources:
  - name: cloudtrail
    kind: kafka
    brokers: ["${env:KEDGE_KAFKA}"]   # "host:9092", or a list of them
    topics: [cloudtrail]              # names, or regular expressions: "^aws-.*"
    group: kedge                      # this engine's own consumer group: nobody else may be in it
    start: earliest                   # where a topic that was never read begins: earliest or latest
    format: auto                      # or eventbridge, cloudtrail, cloudevents, json; falco, wazuh, osquery, auditd, tetragon
    # source: my-app                  # what rules see as an event's `source`, in format json; else the source's name
    # reading: trusted                # do not check what no rule wants: faster, for formats eventbridge and json
    # event_bytes: 1MiB               # larger messages, and those nested deeper than this, are dead letters
    # depth: 1000
    # instance: node-1                # static membership: restarts within the session timeout move nothing
    properties:                       # librdkafka's own, but for those that the engine keeps to itself
      session.timeout.ms: "6000"
      # security.protocol: SASL_SSL
      # sasl.mechanism: SCRAM-SHA-512
      # sasl.username: kedge
      # sasl.password: ${file:/etc/kedge/kafka-password}
  # - {name: this-host, kind: sensor, sensor: sensor.yaml}   # this machine's files, ports and processes: no Kafka is needed

aws:
  region: us-east-1
  # Credentials come from the usual places (environment, shared files, web identity, container, instance), or from here.
  # profile: security
  # credentials: {access_key_id: "${env:KEY}", secret_access_key: "${file:secret}", session_token: "${file:token}"}
  # roles: {"123456789012": {arn: "arn:aws:iam::123456789012:role/kedge", external_id: "..."}}   # "*": all others
  # home_account: "210987654321"      # calls to this account use our own credentials, no role
  # session_name: kedge               # of assumed roles: CloudTrail shows it
  # principals: ["arn:aws:iam::123456789012:role/kedge"]   # who we are, if STS cannot be asked
  # endpoint: http://127.0.0.1:5000   # instead of AWS's own; of one service: endpoints: {s3: "https://..."}
  # endpoints: {}
  # path_style: true                  # S3: the bucket in the path; left out: for endpoints that are not AWS's own
  # ca_file: ca.pem                   # who signs the endpoints' certificates; left out: the system's

guards:
  budgets:                        # how many remediations may start within any such time; the others wait for room
    all: 10/1m                    # of all rules together; looser only with unsafe_limits: true
    account: 10/1m                # on one account
    action: 10/1m                 # by one action
    rule: 5/5m                    # of one rule; its own limits may tighten that
  flap: 3/1h                      # how often a rule puts one target right before it asks a person, ...
  # flap_rest: 1d                 # ... and for how long it asks
  mass_match: 5/10m               # different targets of one rule; with the next one the rule is held
  breaker:                        # when an endpoint (a service of an account in a region) is not called any more
    in_a_row: 3                   # failures one after the other, or ...
    of_ten: 5                     # ... of the last ten calls
    first: 30s                    # for how long at first, until one call is made to see; doubled each time ...
    most: 5m                      # ... up to this
  rule_breaker:                   # when a rule does nothing more on an account, because what it did there failed
    in_a_row: 3
    of_ten: 5
    first: 15m
    most: 15m
  share: 10%/1h                   # how much of a fleet (below) may be out of service, or was within the time; at least one
  # releases: 10/1m               # isolations whose time is over end so many at once
  # protected: ["arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc"]   # what nothing may be done to, besides our own
  # approval_within: 1h           # what waits for an approval is not done after it
  # stale_after: 15m              # what an older event asks for waits for a person ...
  # waited_most: 24h              # ... as does what has waited here for longer ...
  # future_most: 1m               # ... and what claims to happen later than this from now
  # held_most: 30d                # what is held for people and has not begun is not done after it
  # record_only_after: 1d         # what a still older one asks for is only put on record
  # unsafe_limits: false

# fleets:                         # targets that stand in for each other; so many stay in service, whatever the share
#   web: {targets: ["host:web-*"], size: 40, keep: 30}
#   hosts: {size: 12}             # hosts of no other fleet; left out: as many as have keys in hosts, or one

# windows:                        # rules name them; what is found outside waits until they open
#   nights: {days: [mon, tue, wed, thu, fri], from: "22:00", to: "06:00", time_zone: Europe/Berlin}

# notify:
#   channels:                     # rules name them; more than notices_per_minute (60) wait; timeout (15s) is of one try
#     security: {kind: slack, url: "${file:/etc/kedge/slack-url}", notices_per_minute: 60, timeout: 15s}
#     hook: {kind: webhook, url: "https://example.com/hook", secrets: ["${file:/etc/kedge/hook-secret}"]}
#     letters: {kind: kafka, brokers: ["broker:9092"], topic: kedge-dead-letters}  # 6000 a minute
#   alarms: [security]            # who is told of trouble of the engine itself
#   dead_letters: [letters]       # gets each dead letter
#   fold: {after: 5, within: 10m} # so many notices of a kind of one rule go out by themselves; the rest is one digest

# audit:                          # every record in files that outsiders can verify; without a key there are none
#   keys: [/etc/kedge/audit.key]  # kedge audit keygen --origin audit.example.com/kedge --output /etc/kedge/audit.key
#   directory: data/audit
#   publish_to: [{file: /mnt/elsewhere/kedge-checkpoints}]  # or a webhook, or a topic: without a copy outside a rewrite does not show
#   publish_every: 1s
#   behind_records: 10000         # effects stop when it is so many records, ...
#   behind_for: 30s               # ... or so long, behind
#   on_failure: stop              # continue: effects go on without it
#   blobs: parts                  # beside it: what was too large for records, and rules; none, or all: events too

# host:                           # this machine as a host that actions are carried out on; needs root
#   name: web-1                   # as rules call it
#   allow: [host.quarantine]      # what may be done to it; nothing else is
#   directory: data/host          # what is kept of what was done
#   check_every: 5s               # how often what was done is looked at, and mended where somebody has changed it

# hosts:                          # other machines, whose agents (`kedge agent`) are called over Kafka
#   brokers: ["broker:9092"]
#   key: /etc/kedge/hosts.key     # signs commands: kedge audit keygen; its .pub goes to the agents
#   keys: [/etc/kedge/hosts.pub]  # the hosts' own keys: kedge agent keygen on each of them
#   commands: host-commands       # the topics
#   outcomes: host-outcomes
#   timeout: 5s                   # until a command that Kafka does not acknowledge is not written
#   properties: {security.protocol: SASL_SSL}   # librdkafka's, as those of a source

api:
  listen: 127.0.0.1:9464          # /metrics, /healthz, /readyz
  # control_group: kedge          # the group whose members may use the control socket besides its owner

# executor:                       # how plans are carried out
#   workers: 10
#   per_endpoint: 4               # at one service, account and region at once ...
#   writers_per_endpoint: 1       # ... and of them with a change
#   call_timeout: 20s             # one look or one change
#   retry_first: 500ms            # the wait after an error doubles from here, with jitter ...
#   retry_most: 30s               # ... up to here
#   remediation_deadline: 10m     # from the first attempt to the last outcome
#   confirm_deadline: 1m          # how long the world may take to show the effect
#   visibility_delay: 2s          # how long an endpoint may still show what was before a write
#   reconcile: {every: 1h, per_second: 10, places: 4}  # how often, and how many at once, is looked at again

# limits:
#   lanes: 1                      # threads that decide
#   queue_bytes: 64MiB            # of memory for messages that wait for them, half of it in the sources' clients
#   rule_instructions: 2000000    # of one call of a rule, with its memory and the size of its plan:
#   rule_memory_bytes: 16MiB
#   rule_result_bytes: 256KiB
#   seen_for: 7d                  # how long an event that comes again is known; longer than the topic keeps it
#   undo_horizon: 90d             # how long what was done can be undone
#   shutdown: 20s                 # how long an end may take
)yaml";

constexpr const char* kRule =
    R"lua(-- A first rule. It is data and pure functions: no clock, no files, no calls. What it wants done it returns as a plan.
-- Try it:  kedge test      kedge explain first.public-bucket EVENT.json
rule "first.public-bucket" {
  title    = "A bucket's ACL was opened to everybody",
  severity = "high",        -- informational, low, medium, high, critical
  mode     = "shadow",      -- shadow: say what would be done, and do nothing. Then canary, then enforce.

  -- Which events it wants: an EventBridge event pattern. Lua is not entered for any other event.
  on = {
    source = { "aws.s3" },
    detail = {
      eventName = { "PutBucketAcl" },
      errorCode = { { exists = false } },   -- the call succeeded
    },
  },

  -- An event only says "look here": `when` may drop what is certainly harmless. What is true now, the action finds out.
  when = function(event)
    return get(event, "detail.requestParameters.x-amz-acl") ~= "private"
  end,

  target = function(event)
    return "arn:aws:s3:::" .. event.detail.requestParameters.bucketName
  end,

  respond = function(event, target)
    return {
      revert = {                             -- `kedge actions` lists what there is
        action.aws.s3.block_public_access { bucket = event.detail.requestParameters.bucketName },
      },
    }
  end,
}
)lua";

constexpr const char* kRuleTest = R"lua(local function put_bucket_acl(acl, error_code)
  return {
    eventVersion = "1.09",
    eventID = "8e6ab4a1-0000-4000-8000-000000000001",
    eventTime = "2026-01-31T12:00:00Z",
    eventSource = "s3.amazonaws.com",
    eventName = "PutBucketAcl",
    eventType = "AwsApiCall",
    awsRegion = "us-east-1",
    recipientAccountId = "123456789012",
    errorCode = error_code,
    requestParameters = { bucketName = "my-bucket", ["x-amz-acl"] = acl },
  }
end

test "a bucket opened to everybody is closed" {
  event  = put_bucket_acl("public-read"),
  fires  = true,
  target = "arn:aws:s3:::my-bucket",
  steps  = { "aws.s3.block_public_access" },
}

test "a private ACL is left alone" {
  event = put_bucket_acl("private"),
  fires = false,
}

test "a call that was refused changed nothing" {
  event = put_bucket_acl("public-read", "AccessDenied"),
  fires = false,
}
)lua";

// Its time is that of init: an old event is only put on record, also when the rule may act.
constexpr const char* kEvent =
    R"json({"eventVersion":"1.09","eventID":"8e6ab4a1-0000-4000-8000-000000000002","eventTime":"@now@","eventSource":"s3.amazonaws.com","eventName":"PutBucketAcl","eventType":"AwsApiCall","awsRegion":"us-east-1","recipientAccountId":"123456789012","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/mallory","accountId":"123456789012","userName":"mallory"},"requestParameters":{"bucketName":"my-bucket","x-amz-acl":"public-read"}}
)json";

struct Arguments {
  std::string directory;
};

std::string event_of_now() {
  constexpr std::string_view kPlace = "@now@";
  constexpr size_t kToTheSecond = std::string_view("2026-01-31T12:00:00").size();
  SystemClock clock;
  std::string event = kEvent;
  return event.replace(event.find(kPlace), kPlace.size(), format_time(clock.now()).substr(0, kToTheSecond) + "Z");
}

void run(const Arguments& arguments, Shell& shell) {
  namespace fs = std::filesystem;
  const fs::path root(arguments.directory);
  const std::pair<fs::path, std::string> files[] = {{root / "kedge.yaml", kConfiguration},
                                                    {root / "rules" / "first.lua", kRule},
                                                    {root / "rules" / "first.test.lua", kRuleTest},
                                                    {root / "event.json", event_of_now()}};
  for (const auto& [path, content] : files) {
    if (fs::exists(path)) return shell.fail(kUsedWrongly, path.string() + " is there already; nothing was written");
  }
  std::error_code failure;
  fs::create_directories(root / "rules", failure);
  if (failure) return shell.fail(kUsedWrongly, "cannot create " + root.string() + ": " + failure.message());
  for (const auto& [path, content] : files) {
    if (const auto done = write_file_atomically(path, content); !done) return shell.fail(done.error());
    shell.out << "wrote " << path.string() << "\n";
  }
  shell.out << "\nnext:\n  cd " << arguments.directory
            << "\n  export KEDGE_KAFKA=localhost:9092     # or what `kedge dev-kafka --topic cloudtrail` prints\n"
               "  kedge check                           # is the configuration right, are the rules?\n"
               "  kedge test                            # the rule's own tests\n"
               "  kedge explain first.public-bucket event.json\n"
               "  kedge run                             # and in another terminal: kedge audit list\n";
}

}  // namespace

void add_init(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("init", "a commented configuration, a first rule and its test");
  command->add_option("DIRECTORY", arguments->directory, "where; created if it is not there")->required();
  command->callback([arguments, &shell] { run(*arguments, shell); });
}

}  // namespace kedge
