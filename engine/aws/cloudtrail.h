// The calls of CloudTrail about whether a trail records:
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/
//
// Each call is made once, and must go to the trail's home region ("InvalidHomeRegionException").
#pragma once

#include <string>

#include "aws/client.h"

namespace kedge {

struct TrailStatus {
  bool is_logging = false;
  std::string latest_delivery_error;  // empty: the last delivery worked

  bool operator==(const TrailStatus&) const = default;
};

// Cheap; borrows what the session borrows. `name`: the trail's name or, better, its ARN.
class Trail {
 public:
  Trail(AwsSession session, std::string name) : session_(std::move(session)), name_(std::move(name)) {}

  AwsResult<TrailStatus> status() const;
  AwsResult<AwsWritten> start_logging() const;
  AwsResult<AwsWritten> stop_logging() const;

 private:
  AwsResult<HttpResponse> call(const char* operation, bool writes) const;
  AwsResult<AwsWritten> write(const char* operation) const;

  AwsSession session_;
  std::string name_;
};

}  // namespace kedge
