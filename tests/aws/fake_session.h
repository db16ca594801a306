// An AwsClient with keys of its own, whose calls go to a FakeHttp.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "aws/client.h"
#include "tests/aws/fake_http.h"
#include "tests/support/fake_clock.h"

namespace kedge::testing {

class FakeSession {
 public:
  FakeSession() {
    AwsOptions options;
    options.access_key_id = "AK";
    options.secret_access_key = "sk";
    options.region = "eu-west-1";
    auto client = AwsClient::create(options, {}, clock_, http);
    if (!client) throw std::runtime_error(client.error().message);
    client_ = std::move(*client);
  }

  AwsSession session() { return {*client_, http, "111122223333", "eu-west-1", "kedge/1 (mark abc)"}; }

  FakeHttp http;

 private:
  FakeClock clock_;
  std::unique_ptr<AwsClient> client_;
};

}  // namespace kedge::testing
