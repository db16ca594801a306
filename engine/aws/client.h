// AwsClient: calls to AWS, each made once, with what only the caller of an API can mend already mended.
//
// Before an error is returned: a wrong clock is corrected, expired credentials are fetched again, a call that went to
// the wrong region is signed for the right one; each once, and each only where AWS has said that the call was not
// carried out. Nothing else is repeated: that is for whoever knows what a repeat would do.
#pragma once

#include <memory>
#include <string>

#include "aws/credential_store.h"
#include "aws/endpoint.h"
#include "aws/error.h"
#include "aws/options.h"
#include "aws/query.h"
#include "aws/sts.h"
#include "aws/transport.h"

namespace kedge {

class AwsClient;

// For whom and where a row of calls is made. Cheap; lives as long as one action runs. Borrows client and http.
struct AwsSession {
  AwsClient& client;
  HttpClient& http;     // every call of the session goes through it: a gate can count, hurry and stop them
  std::string account;  // whose resources: chooses the role; empty: our own
  std::string region;   // empty: the default one
  std::string agent;    // the User-Agent: CloudTrail repeats it, so that our own change can be told; empty: "kedge"
};

struct AwsRequest {
  AwsService service = AwsService::s3;
  std::string operation;  // the API's name for it, for messages: "PutBucketAcl"
  std::string method = "GET";
  std::string bucket;      // S3 alone
  std::string path = "/";  // encoded
  QueryParameters query;
  std::vector<HttpHeader> headers;
  std::string body;
  bool writes = true;
};

// Borrows clock and http, which must outlive it. Thread-safe; a call blocks its thread.
class AwsClient {
 public:
  // Reads the shared files and decides where credentials and endpoints are; makes no call. `http` is used for getting
  // credentials alone. Errors are the user's to mend and say where.
  static Result<std::unique_ptr<AwsClient>> create(AwsOptions, const Environment&, Clock&, HttpClient& http);

  AwsClient(const AwsClient&) = delete;
  AwsClient& operator=(const AwsClient&) = delete;

  AwsResult<HttpResponse> send(const AwsSession&, const AwsRequest&);

  // Who we are in `account`; what `check` asks.
  AwsResult<CallerIdentity> identity(const std::string& account = "");

  // Where our own credentials come from, in words.
  const std::string& credential_origin() const { return credential_origin_; }
  const Endpoints& endpoints() const { return endpoints_; }

 private:
  AwsClient(AwsOptions, Endpoints, CredentialSource, Clock&, HttpClient&);
  HttpRequest http_request(const AwsSession&, const AwsRequest&, const ServiceEndpoint&) const;
  Result<ServiceEndpoint> endpoint_of(const AwsSession&, const AwsRequest&, const std::string& region) const;

  // Constant after construction.
  const AwsOptions options_;
  const Endpoints endpoints_;
  const std::string credential_origin_;

  // Thread-safe of themselves.
  AwsTransport transport_;
  Sts sts_;
  CredentialStore credentials_;
};

}  // namespace kedge
