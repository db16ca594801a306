// The APIs that the engine acts on (moto), with a witness in front that counts what the engine changes, and the
// test's own hands in it: plain requests that no code of the engine made.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/support/http_receiver.h"
#include "tests/support/moto_server.h"

namespace kedge {

// What CloudTrail writes about a call that succeeded just now; `service` is "s3".
Json event_of(const std::string& service, const std::string& call, const Json& parameters, const Json& response);

// The same of a call to S3 about a bucket.
Json cloudtrail_event(const std::string& call, const std::string& bucket, const Json& parameters);

// The same record as EventBridge delivers it.
Json in_eventbridge(const Json& record);

// One thread at a time. A request that moto refuses fails the test.
class Cloud {
 public:
  static Result<std::unique_ptr<Cloud>> start();

  MotoServer& moto() { return *moto_; }
  std::string endpoint() const { return witness_.url(); }  // the engine's

  void make_bucket(const std::string& bucket);

  // They open a bucket and give the event of it.
  Json open_by_acl(const std::string& bucket);
  Json open_by_policy(const std::string& bucket);
  Json open_by_removing_its_block(const std::string& bucket);  // of a bucket with public grants under a block

  void close_acl(const std::string& bucket);
  void put_policy(const std::string& bucket, const Json& policy);

  // Security groups. `allow` gives the id of the rule that it makes.
  std::string make_security_group(const std::string& name);
  std::string allow(const std::string& group, int port, const std::string& network);
  Json open_security_group(const std::string& group, int port);  // to the world; the event names the rule
  std::string security_group_rules(const std::string& group);    // as they are described
  bool lets_the_world_in(const std::string& group);

  // Trails, which log once they are made.
  void make_trail(const std::string& name);
  Json stop_logging(const std::string& name);
  bool is_logging(const std::string& name);

  // What the engine was seen to ask for.
  std::vector<HttpReceiver::Request> requests() const { return witness_.requests(); }

  // From now on requests of the engine that `which` is true for get no answer; null: all are answered.
  void leave_unanswered(std::function<bool(const HttpReceiver::Request&)> which);
  // Those that `which` is true for are carried out, and answered so much later.
  void answer_late(std::function<bool(const HttpReceiver::Request&)> which, std::chrono::milliseconds delay);
  // They are answered like this, and not carried out.
  void answer_instead(std::function<HttpReceiver::Answer(const HttpReceiver::Request&)> answer) {
    witness_.answer_by(std::move(answer));
  }

  bool acl_is_public(const std::string& bucket);
  bool is_blocked(const std::string& bucket);  // all four flags
  Json policy(const std::string& bucket);      // null: none

  // The requests of the engine that would change a bucket, in their order: "PUT /reports?acl". Empty: any bucket.
  std::vector<std::string> writes(const std::string& bucket = "") const;

  // A user whose policy allows these actions on everything: {access key, secret}.
  struct Key {
    std::string id;
    std::string secret;
  };
  Key make_user(const std::string& name, const std::vector<std::string>& allowed_actions);

 private:
  explicit Cloud(std::unique_ptr<MotoServer> moto);
  std::string call(const std::string& method, const std::string& target, const std::string& body = "",
                   const std::multimap<std::string, std::string>& headers = {});
  std::string query(const std::string& service, const std::string& form);
  std::string iam(const std::string& form) { return query("iam", form + "&Version=2010-05-08"); }
  std::string ec2(const std::string& form) { return query("ec2", form + "&Version=2016-11-15"); }
  Json cloudtrail(const std::string& action, const Json& parameters);

  const std::unique_ptr<MotoServer> moto_;
  HttpReceiver witness_;  // the last member: it uses moto_
};

}  // namespace kedge
