// moto, an emulator of AWS, for tests: S3, EC2, IAM, STS, CloudTrail, SNS and others behind one address.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "tests/support/child_process.h"

namespace kedge {

// Owns a server process, started in about a second. "not_found" says that build/venv is not there. One thread at a
// time.
//
// What it lets pass that AWS does not: public access blocks and ownership settings are kept but not enforced;
// signatures and permissions count only after check_requests(true), and policy conditions never.
class MotoServer {
 public:
  static Result<std::unique_ptr<MotoServer>> start();

  std::string url() const { return url_; }
  int port() const;

  // The environment in which AWS's clients, and kedge, talk to it.
  std::map<std::string, std::string> environment() const;

  // Forgets everything that was made in it.
  Result<void> reset();

  // From now on signatures, keys and IAM policies are checked, or no longer. Users and keys are made before.
  Result<void> check_requests(bool);

 private:
  MotoServer(std::unique_ptr<ChildProcess> process, std::string url)
      : process_(std::move(process)), url_(std::move(url)) {}
  Result<void> post(const std::string& path, const std::string& body);

  const std::unique_ptr<ChildProcess> process_;
  const std::string url_;
};

// The Python of the virtual environment in which moto and boto3 are; "not_found" when it was not made.
Result<std::string> python_with_boto();

}  // namespace kedge
