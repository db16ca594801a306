// The S3 API that the engine acts on (moto), with a witness in front that counts what the engine changes, and the
// test's own hands in it: plain requests that no code of the engine made.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/support/http_receiver.h"
#include "tests/support/moto_server.h"

namespace kedge {

// What CloudTrail writes about a call to S3 that succeeded just now.
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

  // From now on requests of the engine that `which` is true for get no answer; null: all are answered.
  void leave_unanswered(std::function<bool(const HttpReceiver::Request&)> which);

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
  std::string iam(const std::string& form);

  const std::unique_ptr<MotoServer> moto_;
  HttpReceiver witness_;  // the last member: it uses moto_
};

}  // namespace kedge
