// Fills a topic with events shaped like recorded CloudTrail ones (1.1 to 1.8 KB, mean about 1.3 KB).
//
//   bench_produce BROKERS TOPIC COUNT [MATCHING-SHARE-PERCENT] [EVENTS-PER-SECOND]
//
// With a share, so many of them are PutBucketAcl calls that make bucket number i public; with a rate they are spread
// evenly over time, and each record's timestamp is the moment at which it was handed to the client.
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <thread>

namespace {

std::string hex(std::mt19937_64& random, int digits) {
  std::string text;
  while (static_cast<int>(text.size()) < digits) {
    char chunk[17];
    std::snprintf(chunk, sizeof chunk, "%016llx", static_cast<unsigned long long>(random()));
    text += chunk;
  }
  return text.substr(0, static_cast<size_t>(digits));
}

std::string uuid(std::mt19937_64& random) {
  return hex(random, 8) + "-" + hex(random, 4) + "-" + hex(random, 4) + "-" + hex(random, 4) + "-" + hex(random, 12);
}

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

struct Call {
  const char* service;
  const char* name;
  const char* parameters;
};
// What fills a trail on an ordinary day: reads, mostly by services.
constexpr Call kCalls[] = {
    {"ec2", "DescribeInstances",
     R"({"instancesSet":{},"filterSet":{"items":[{"name":"instance-state-name","valueSet":{"items":[{"value":"running"}]}}]}})"},
    {"s3", "GetObject",
     R"({"bucketName":"artifacts-prod","Host":"artifacts-prod.s3.amazonaws.com","key":"releases/2026/11/build-4711/package.tar.gz"})"},
    {"sts", "AssumeRole",
     R"({"roleArn":"arn:aws:iam::123456789012:role/service-role/AWSConfigRole","roleSessionName":"AWSConfig-Describe","durationSeconds":3600})"},
    {"kms", "Decrypt",
     R"({"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::artifacts-prod"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"})"},
    {"iam", "ListAttachedRolePolicies", R"({"roleName":"eks-node-group","maxItems":100})"},
    {"s3", "GetBucketAcl", R"({"bucketName":"logs-prod","Host":"logs-prod.s3.eu-west-1.amazonaws.com","acl":""})"},
};

std::string event(std::mt19937_64& random, bool matching, int64_t number) {
  const Call& call = kCalls[random() % std::size(kCalls)];
  const std::string bucket = "bench-" + std::to_string(number);
  std::string text =
      R"({"eventVersion":"1.09","userIdentity":{"type":"AssumedRole","principalId":"AROA)" + hex(random, 16) +
      R"(:session","arn":"arn:aws:sts::123456789012:assumed-role/deploy/session","accountId":"123456789012","accessKeyId":"ASIA)" +
      hex(random, 16) + R"(","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA)" + hex(random, 16) +
      R"(","arn":"arn:aws:iam::123456789012:role/deploy","accountId":"123456789012","userName":"deploy"},"attributes":{"creationDate":"2026-11-21T08:00:00Z","mfaAuthenticated":"false"}}},"eventTime":")" +
      now_text() + R"(","eventSource":")" + (matching ? "s3" : call.service) + R"(.amazonaws.com","eventName":")" +
      (matching ? "PutBucketAcl" : call.name) + R"(","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.)" +
      std::to_string(random() % 256) +
      R"(","userAgent":"[aws-cli/2.15.0 Python/3.11.6 Linux/6.1.0 exe/x86_64]","requestParameters":)";
  text += matching ? R"({"x-amz-acl":"public-read","bucketName":")" + bucket + R"(","Host":")" + bucket +
                         R"(.s3.amazonaws.com","acl":""})"
                   : std::string(call.parameters);
  text += R"(,"responseElements":null)";
  if (matching || std::string_view(call.service) == "s3") {
    text +=
        R"(,"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"ECDHE-RSA-AES128-GCM-SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":")" +
        hex(random, static_cast<int>(60 + random() % 300)) + R"("})";
  }
  text +=
      R"(,"requestID":")" + hex(random, 16) + R"(","eventID":")" + uuid(random) + R"(","readOnly":)" +
      (matching ? "false" : "true") +
      R"(,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"123456789012","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.2","cipherSuite":"ECDHE-RSA-AES128-GCM-SHA256","clientProvidedHostHeader":"s3.amazonaws.com"}})";
  return text;
}

void set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  char error[512];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) {
    std::fprintf(stderr, "bench_produce: %s\n", error);
    std::exit(2);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "bench_produce BROKERS TOPIC COUNT [SHARE-PERCENT] [PER-SECOND]\n");
    return 2;
  }
  const int64_t count = std::atoll(argv[3]);
  const uint64_t share = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 0;
  const double rate = argc > 5 ? std::atof(argv[5]) : 0;
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", argv[1]);
  set(conf, "linger.ms", rate > 0 ? "0" : "20");
  set(conf, "socket.nagle.disable", "true");
  set(conf, "queue.buffering.max.kbytes", "131072");
  char error[512];
  rd_kafka_t* const producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (producer == nullptr) {
    std::fprintf(stderr, "bench_produce: %s\n", error);
    return 3;
  }
  std::mt19937_64 random(4711);
  const auto began = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < count; ++i) {
    if (rate > 0) std::this_thread::sleep_until(began + std::chrono::duration<double>(static_cast<double>(i) / rate));
    const bool matching = random() % 100 < share;
    const std::string text = event(random, matching, i);
    while (rd_kafka_producev(
               producer, RD_KAFKA_V_TOPIC(argv[2]), RD_KAFKA_V_VALUE(const_cast<char*>(text.data()), text.size()),
               RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_poll(producer, 10);
    }
    rd_kafka_poll(producer, 0);
  }
  const bool flushed = rd_kafka_flush(producer, 60'000) == RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_destroy(producer);
  return flushed ? 0 : 3;
}
