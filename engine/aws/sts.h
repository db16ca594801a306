// The Security Token Service: temporary credentials.
// https://docs.aws.amazon.com/STS/latest/APIReference/
#pragma once

#include <string>

#include "aws/endpoint.h"
#include "aws/query.h"
#include "aws/transport.h"

namespace kedge {

struct AssumeRole {
  std::string role_arn;
  std::string session_name;
  std::string external_id;  // empty: none
};

// The account and ARN behind the credentials.
struct CallerIdentity {
  std::string account;
  std::string arn;
  bool operator==(const CallerIdentity&) const = default;
};

// Borrows everything, which must outlive it. Thread-safe.
class Sts {
 public:
  Sts(AwsTransport& transport, const Endpoints& endpoints, HttpClient& http)
      : transport_(transport), endpoints_(endpoints), http_(http) {}

  AwsResult<Credentials> assume_role(const AssumeRole&, const Credentials& base);
  AwsResult<Credentials> assume_role_with_web_identity(const AssumeRole&, const std::string& token);
  AwsResult<CallerIdentity> caller_identity(const Credentials&);

 private:
  AwsResult<HttpResponse> call(std::string_view action, const QueryParameters&, const Credentials*);

  AwsTransport& transport_;
  const Endpoints& endpoints_;
  HttpClient& http_;
};

// A name that STS accepts as a session's: what it does not allow becomes "-", and the length is kept within its bounds.
std::string session_name_from(std::string_view);

}  // namespace kedge
