// A partition as a lane gets it: batches made of texts, and a source that remembers what it was told.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "source/source.h"

namespace kedge {

class RecordingSource : public Source {
 public:
  std::string_view name() const override { return "trail"; }
  Result<void> start() override { return {}; }
  void committed(const std::shared_ptr<const Assignment>&, int64_t next) override { committed_ = next; }
  void hold(const std::shared_ptr<const Assignment>&, std::string) override { ++held_; }
  void reconsider(std::string_view, int32_t, Permission) override { ++reconsidered_; }
  SourceStatus status() const override { return {}; }
  std::optional<std::string> not_alone() const override { return std::nullopt; }
  bool stop(Duration) override { return true; }

  int64_t committed_to() const { return committed_; }
  int held() const { return held_; }
  int reconsidered() const { return reconsidered_; }

 private:
  std::atomic<int64_t> committed_ = -1;
  std::atomic<int> held_ = 0;
  std::atomic<int> reconsidered_ = 0;
};

inline std::shared_ptr<Assignment> assignment_of(uint64_t epoch) {
  auto assignment = std::make_shared<Assignment>();
  assignment->partition = {"trail", "events", 0};
  assignment->cluster = "cluster";
  assignment->epoch = epoch;
  return assignment;
}

// Offsets from `from` on. An empty text is a tombstone.
inline Batch batch_of(Source& source, std::shared_ptr<const Assignment> assignment, int64_t from,
                      const std::vector<std::string>& values, Time received) {
  Batch batch(&source, std::move(assignment), from);
  for (const std::string& value : values) {
    SourceMessage message;
    message.offset = from++;
    message.value = value;
    message.tombstone = value.empty();
    batch.append(message);
  }
  batch.seal(received);
  return batch;
}

// A CloudTrail record of a bucket that is opened by its ACL.
inline std::string opened(const std::string& bucket, const std::string& event_id,
                          const std::string& arn = "arn:aws:iam::123456789012:user/mallory",
                          const std::string& agent = "aws-cli") {
  return R"({"eventVersion":"1.09","eventID":")" + event_id +
         R"(","eventTime":"2026-01-01T11:59:30Z","eventSource":"s3.amazonaws.com","eventName":"PutBucketAcl",)" +
         R"("eventType":"AwsApiCall","awsRegion":"us-east-1","recipientAccountId":"123456789012","userAgent":")" +
         agent + R"(","userIdentity":{"type":"IAMUser","arn":")" + arn + R"("},"requestID":"R-)" + event_id +
         R"(","requestParameters":{"bucketName":")" + bucket + R"(","x-amz-acl":"public-read"}})";
}

}  // namespace kedge
