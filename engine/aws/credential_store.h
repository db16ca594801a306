// The credentials for each account, kept and renewed in time.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "aws/credential_source.h"

namespace kedge {

// Borrows everything, which must outlive it. Thread-safe: no lock is held during a call, so that two threads that both
// find nothing may both ask; of those that find credentials that are good but near their end, one renews them.
//
// Credentials are renewed within 15 minutes of their end (or the last quarter of a shorter life). While renewal fails,
// they are used to their last minute; a failure is not repeated within 30 s as long as they last.
class CredentialStore {
 public:
  CredentialStore(const AwsOptions& options, CredentialSource source, AwsTransport& transport, Sts& sts,
                  HttpClient& http)
      : options_(options), source_(std::move(source)), transport_(transport), sts_(sts), http_(http) {}

  // For calls to `account`: the role configured for it, else our own. Empty: our own.
  AwsResult<Credentials> get(const std::string& account);

  // What AWS has refused as expired is not given again.
  void forget(const std::string& account, const Credentials&);

 private:
  struct Entry {
    Credentials credentials;
    Time renew_at;   // from then on one thread tries to
    Time usable_to;  // from then on they are not given any more
  };

  AssumeRole role_for(const std::string& account) const;
  AwsResult<Credentials> get(const AssumeRole&);
  AwsResult<Credentials> fetch(const AssumeRole&);
  void keep(const std::string& role_arn, const Credentials&, Time now);

  const AwsOptions& options_;
  const CredentialSource source_;
  AwsTransport& transport_;
  Sts& sts_;
  HttpClient& http_;

  std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // guarded by mutex_; by role ARN, "" for our own
};

}  // namespace kedge
