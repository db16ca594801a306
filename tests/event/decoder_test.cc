#include "event/decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/json.h"

namespace kedge {
namespace {

using testing::HasSubstr;

constexpr std::string_view kRecord =
    R"({"eventVersion":"1.09","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ann"},)"
    R"("eventTime":"2026-03-01T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"PutBucketAcl",)"
    R"("awsRegion":"eu-west-1","requestParameters":{"bucketName":"b"},"eventID":"e-1","eventType":"AwsApiCall",)"
    R"("recipientAccountId":"111122223333"})";

std::string wrapped_by_eventbridge(std::string_view record) {
  return R"({"version":"0","id":"env-1","detail-type":"AWS API Call via CloudTrail","source":"aws.s3",)"
         R"("account":"111122223333","time":"2026-03-01T10:00:05Z","region":"eu-west-1","resources":["arn:x"],"detail":)" +
         std::string(record) + "}";
}

std::string wrapped_by_sns(std::string_view message) {
  return Json{{"Type", "Notification"}, {"TopicArn", "arn:aws:sns:x"}, {"Message", message}}.dump();
}

struct Decoded {
  Decoded(std::string message, Decoder::Options options = {}, std::vector<MessageHeader> given_headers = {})
      : text(std::move(message)), headers(std::move(given_headers)), decoder(std::move(options)) {
    poison = decoder.decode({text, headers}, events);
  }
  const Event& only() const {
    EXPECT_FALSE(poison) << poison->message;
    EXPECT_EQ(events.size(), 1U);
    return events.at(0);
  }
  PoisonReason reason() const {
    EXPECT_TRUE(events.empty());
    EXPECT_TRUE(poison) << "accepted: " << text;
    return poison.value().reason;
  }

  std::string text;
  std::vector<MessageHeader> headers;
  Decoder decoder;
  std::vector<Event> events;
  std::optional<Poison> poison;
};

Decoder::Options set_to(Format format) { return {.format = format}; }

TEST(Decoder, ReadsAnEventBridgeEnvelopeAsItIs) {
  const Decoded decoded(wrapped_by_eventbridge(kRecord));
  const Event& event = decoded.only();
  EXPECT_EQ(event.id, "env-1");
  EXPECT_EQ(event.source, "aws.s3");
  EXPECT_EQ(event.detail_type, "AWS API Call via CloudTrail");
  EXPECT_EQ(event.account, "111122223333");
  EXPECT_EQ(event.region, "eu-west-1");
  EXPECT_EQ(event.time, "2026-03-01T10:00:05Z");
  EXPECT_EQ(event.resources, R"(["arn:x"])");
  EXPECT_EQ(event.detail, kRecord);
  EXPECT_EQ(event.document.bytes(), event.detail);
}

TEST(Decoder, MakesTheViewOfACloudTrailRecord) {
  const Decoded decoded((std::string(kRecord)));
  const Event& event = decoded.only();
  EXPECT_EQ(event.id, "e-1");
  EXPECT_EQ(event.source, "aws.s3");
  EXPECT_EQ(event.detail_type, "AWS API Call via CloudTrail");
  EXPECT_EQ(event.account, "111122223333");
  EXPECT_EQ(event.region, "eu-west-1");
  EXPECT_EQ(event.time, "2026-03-01T10:00:00Z");
  EXPECT_EQ(event.resources, "[]");
  EXPECT_EQ(event.detail, kRecord);
}

TEST(Decoder, NamesTheDetailTypeAsEventBridgeDoes) {
  const std::pair<const char*, const char*> cases[] = {
      {"AwsApiCall", "AWS API Call via CloudTrail"},
      {"AwsServiceEvent", "AWS Service Event via CloudTrail"},
      {"AwsConsoleSignIn", "AWS Console Sign In via CloudTrail"},
      {"AwsConsoleAction", "AWS Console Action via CloudTrail"},
      {"AwsCloudTrailInsight", "AWS Insight via CloudTrail"},
      {"AwsVpceEvent", "AWS Network Activity Event via CloudTrail"},
      {"AwsSomethingNew", "AWS API Call via CloudTrail"},
  };
  for (const auto& [event_type, detail_type] : cases) {
    Json record = Json::parse(kRecord);
    record["eventType"] = event_type;
    EXPECT_EQ(Decoded(record.dump()).only().detail_type, detail_type);
  }
}

TEST(Decoder, TakesAnInsightForCloudTrailsOwnEvent) {
  const Decoded decoded(R"({"eventVersion":"1.07","eventTime":"2026-01-01T00:00:00Z","awsRegion":"us-east-1",)"
                        R"("eventID":"i-1","eventType":"AwsCloudTrailInsight","recipientAccountId":"1",)"
                        R"("insightDetails":{"state":"Start","eventSource":"ec2.amazonaws.com"}})");
  EXPECT_EQ(decoded.only().source, "aws.cloudtrail");
  EXPECT_EQ(decoded.only().id, "i-1");
}

TEST(Decoder, TakesTheCallersAccountWhereARecordNamesNoRecipient) {
  Json record = Json::parse(kRecord);
  record.erase("recipientAccountId");
  record["userIdentity"]["accountId"] = "444455556666";
  EXPECT_EQ(Decoded(record.dump()).only().account, "444455556666");
}

TEST(Decoder, ReadsEveryRecordOfACloudTrailFileInOrder) {
  std::string file = R"({"Records": [)";
  for (int i = 0; i < 1000; ++i) {
    Json record = Json::parse(kRecord);
    record["eventID"] = "e-" + std::to_string(i);
    file += (i > 0 ? " ,\n" : "") + record.dump();
  }
  file += "]}";
  const Decoded decoded(file);
  ASSERT_FALSE(decoded.poison);
  ASSERT_EQ(decoded.events.size(), 1000U);
  for (uint32_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(decoded.events[i].id, "e-" + std::to_string(i));
    EXPECT_EQ(decoded.events[i].index, i);
    EXPECT_EQ(decoded.events[i].source, "aws.s3");
    EXPECT_EQ(Json::parse(decoded.events[i].detail)["eventID"], decoded.events[i].id);
  }
}

TEST(Decoder, FindsNoEventWhereCloudTrailSentNone) {
  const std::string digest = R"({"awsAccountId":"1","digestEndTime":"2026-01-01T00:00:00Z","logFiles":[]})";
  for (const Format format : {Format::automatic, Format::cloudtrail}) {
    for (const std::string& message : {std::string(R"({"Records":[]})"), digest, wrapped_by_sns(digest),
                                       wrapped_by_sns("CloudTrail validation message.")}) {
      const Decoded decoded(message, set_to(format));
      EXPECT_FALSE(decoded.poison) << message;
      EXPECT_TRUE(decoded.events.empty()) << message;
    }
  }
}

TEST(Decoder, UnwrapsAnSnsNotificationOnce) {
  const std::string file = R"({"Records":[)" + std::string(kRecord) + "]}";
  for (const std::string& inner : {std::string(kRecord), file, wrapped_by_eventbridge(kRecord)}) {
    const Decoded decoded(wrapped_by_sns(inner));
    EXPECT_EQ(decoded.only().detail, kRecord);
    EXPECT_EQ(identity_of(decoded.only()), (Identity{"aws.s3", "e-1"}));
  }
  const Decoded twice(wrapped_by_sns(wrapped_by_sns(kRecord)));
  EXPECT_EQ(twice.only().source, "json");
}

TEST(Decoder, TellsS3NotificationsFromCloudTrail) {
  const std::string notification =
      R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-east-1","eventName":"ObjectCreated:Put"}]})";
  EXPECT_EQ(Decoded(notification).only().detail, notification);
  EXPECT_EQ(Decoded(notification, set_to(Format::cloudtrail)).reason(), PoisonReason::wrong_envelope);
}

TEST(Decoder, ReadsAStructuredCloudEvent) {
  const std::string text = R"({"specversion":"1.0","id":"c-1","source":"/ctx","type":"com.x.changed","subject":"a\"b",)"
                           R"("time":"2026-01-01T00:00:00Z","datacontenttype":"application/json","data":{"k":[1]}})";
  for (const auto& headers : {std::vector<MessageHeader>{},
                              {{"Content-Type", "application/cloudevents+json; charset=UTF-8"}, {"ce_id", "other"}}}) {
    const Decoded decoded(text, {}, headers);
    const Event& event = decoded.only();
    EXPECT_EQ(event.id, "c-1");
    EXPECT_EQ(event.source, "/ctx");
    EXPECT_EQ(event.detail_type, "com.x.changed");
    EXPECT_EQ(event.time, "2026-01-01T00:00:00Z");
    EXPECT_EQ(event.resources, R"(["a\"b"])");
    EXPECT_EQ(event.detail, R"({"k":[1]})");
    EXPECT_EQ(event.account, "");
  }
}

TEST(Decoder, KeepsCloudEventDataThatIsNotJsonAsAString) {
  const std::string head = R"({"specversion":"1.0","id":"1","source":"s","type":"t",)";
  EXPECT_EQ(Decoded(head + R"("datacontenttype":"text/xml","data":"<a b=\"c\"/>"})").only().detail,
            R"("<a b=\"c\"/>")");
  EXPECT_EQ(
      Decoded(head + R"("datacontenttype":"application/octet-stream","data_base64":"eyJhIjoxfQ=="})").only().detail,
      R"("eyJhIjoxfQ==")");
  EXPECT_EQ(Decoded(head + R"("data_base64":"not base64"})").only().detail, R"("not base64")");
  EXPECT_EQ(Decoded(head + R"("sequence":"1"})").only().detail, "null");
}

TEST(Decoder, DecodesBase64ThatHoldsJson) {
  const std::string head = R"({"specversion":"1.0","id":"1","source":"s","type":"t",)";
  EXPECT_EQ(Decoded(head + R"("datacontenttype":"application/json","data_base64":"eyJhIjoxfQ=="})").only().detail,
            R"({"a":1})");
  EXPECT_EQ(Decoded(head + R"("data_base64":"eyJhIjoxfQ=="})").only().document.member("a").bytes(), "1");
}

TEST(Decoder, ReadsACloudEventInKafkasBinaryMode) {
  const Decoded decoded(R"({"message": "Hello World!"})", {},
                        {{"ce_specversion", "1.0"},
                         {"ce_id", "1234"},
                         {"ce_type", "com.example.someevent"},
                         {"ce_source", "/ctx"},
                         {"ce_subject", "a\"b"},
                         {"ce_time", "2018-04-05T03:56:24Z"},
                         {"content-type", "application/json"}});
  const Event& event = decoded.only();
  EXPECT_EQ(event.id, "1234");
  EXPECT_EQ(event.source, "/ctx");
  EXPECT_EQ(event.detail_type, "com.example.someevent");
  EXPECT_EQ(event.resources, R"(["a\"b"])");
  EXPECT_EQ(event.detail, R"({"message": "Hello World!"})");
}

TEST(Decoder, ReadsABinaryCloudEventWithoutData) {
  const Decoded decoded("", {}, {{"ce_specversion", "1.0"}, {"ce_id", "1"}, {"ce_type", "t"}, {"ce_source", "s"}});
  EXPECT_EQ(decoded.only().detail, "null");
}

TEST(Decoder, RefusesCloudEventsThatAreNotJson) {
  const std::vector<MessageHeader> text = {
      {"ce_specversion", "1.0"}, {"ce_id", "1"}, {"ce_type", "t"}, {"ce_source", "s"}, {"content-type", "text/plain"}};
  EXPECT_EQ(Decoded("hello", {}, text).reason(), PoisonReason::unsupported_format);
  for (const char* type : {"application/cloudevents+avro", "application/cloudevents-batch+json"}) {
    EXPECT_EQ(Decoded("[]", {}, {{"content-type", type}}).reason(), PoisonReason::unsupported_format);
  }
}

TEST(Decoder, RefusesABinaryCloudEventWithoutItsRequiredAttributes) {
  EXPECT_EQ(Decoded("{}", {}, {{"ce_specversion", "1.0"}, {"ce_id", "1"}}).reason(), PoisonReason::wrong_envelope);
  EXPECT_EQ(
      Decoded("{}", {}, {{"ce_specversion", "1.0"}, {"ce_id", "\xFF"}, {"ce_type", "t"}, {"ce_source", "s"}}).reason(),
      PoisonReason::not_utf8);
}

TEST(Decoder, ReadsOtherObjectsAsPlainJson) {
  const Decoded decoded(R"({"any":"thing","source":"not the view's"})", {.source_name = "inventory"});
  EXPECT_EQ(decoded.only().source, "inventory");
  EXPECT_EQ(decoded.only().detail, decoded.text);
  EXPECT_EQ(decoded.only().id, "");
}

TEST(Decoder, LooksIntoNoEnvelopeWhenSetToPlainJson) {
  for (const std::string& text : {std::string(kRecord), wrapped_by_eventbridge(kRecord), wrapped_by_sns(kRecord)}) {
    EXPECT_EQ(Decoded(text, set_to(Format::json)).only().detail, text);
  }
}

TEST(Decoder, RefusesAnotherEnvelopeThanTheOneItIsSetTo) {
  const Decoded decoded(wrapped_by_eventbridge(kRecord), set_to(Format::cloudtrail));
  EXPECT_EQ(decoded.reason(), PoisonReason::wrong_envelope);
  EXPECT_EQ(decoded.poison->message, "this is an EventBridge envelope; the source's format is 'cloudtrail'");
  EXPECT_EQ(Decoded(std::string(kRecord), set_to(Format::eventbridge)).reason(), PoisonReason::wrong_envelope);
  EXPECT_EQ(Decoded(std::string(kRecord), set_to(Format::cloudevents)).reason(), PoisonReason::wrong_envelope);
  EXPECT_EQ(Decoded(R"({"Records":[1]})", set_to(Format::cloudtrail)).reason(), PoisonReason::wrong_envelope);
  EXPECT_EQ(Decoded("{}", {}, {{"content-type", "application/cloudevents+json"}}).reason(),
            PoisonReason::wrong_envelope);
  for (const Format format : {Format::automatic, Format::eventbridge, Format::cloudtrail, Format::json}) {
    EXPECT_EQ(Decoded("[1]", set_to(format)).reason(), PoisonReason::wrong_envelope);
  }
}

TEST(Decoder, NamesWhatMakesAMessagePoison) {
  EXPECT_EQ(Decoded("").reason(), PoisonReason::not_json);
  EXPECT_EQ(Decoded("hello").reason(), PoisonReason::not_json);
  EXPECT_EQ(Decoded("{\"a\":\"\xFF\"}").reason(), PoisonReason::not_utf8);
  EXPECT_EQ(Decoded(R"({"a":"\ud800"})").reason(), PoisonReason::not_utf8);
  EXPECT_EQ(Decoded(R"({"a":[[1]]})", {.depth_max = 2}).reason(), PoisonReason::too_deep);
  EXPECT_EQ(Decoded(R"({"a":1})", {.bytes_max = 6}).reason(), PoisonReason::too_large);
  EXPECT_EQ(Decoded(wrapped_by_sns("no json")).reason(), PoisonReason::not_json);
  EXPECT_THAT(Decoded(R"({"a":1,})").poison->message, HasSubstr("byte 7 of the message: expected a key in quotes"));
}

TEST(Decoder, ChecksAlsoWhatNobodyReads) {
  std::string text = wrapped_by_eventbridge(R"({"deep":{"nobody":{"reads":[1,tru]}}})");
  EXPECT_EQ(Decoded(text).reason(), PoisonReason::not_json);
}

TEST(Decoder, AppendsToWhatIsThere) {
  Decoder decoder({});
  std::vector<Event> events(1);
  const std::string good(kRecord);
  ASSERT_FALSE(decoder.decode({good, {}}, events));
  EXPECT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].index, 0U);
  ASSERT_TRUE(decoder.decode({"{", {}}, events));
  EXPECT_EQ(events.size(), 2U);
}

TEST(Decoder, ResolvesEscapesInWhatTheViewTakes) {
  Json record = Json::parse(kRecord);
  std::string text = record.dump();
  const auto replace = [&text](std::string_view what, std::string_view with) {
    text.replace(text.find(what), what.size(), with);
  };
  replace(R"("eventSource":"s3.)", R"("event\u0053ource":"s\u0033.)");
  replace("e-1", R"(e\/1)");
  EXPECT_EQ(Decoded(text).only().source, "aws.s3");
  EXPECT_EQ(Decoded(text).only().id, "e/1");
}

TEST(Decoder, AnswersEveryMutationOfAMessageWithoutHarm) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string originals[] = {
      wrapped_by_sns(wrapped_by_eventbridge(kRecord)), R"({"Records":[)" + std::string(kRecord) + "]}",
      R"({"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"eyJhIjoxfQ=="})"};
  Decoder decoder({});
  std::vector<Event> events;
  for (int round = 0; round < 10'000; ++round) {
    std::string text = originals[random() % std::size(originals)];
    for (auto edits = random() % 3 + 1; edits > 0; --edits) text[random() % text.size()] = static_cast<char>(random());
    if (random() % 4 == 0) text.resize(random() % text.size());
    events.clear();
    const auto poison = decoder.decode({text, {}}, events);
    EXPECT_TRUE(poison || Json::accept(text)) << text;
    EXPECT_TRUE(!poison || events.empty()) << text;
    for (const Event& event : events) {
      EXPECT_TRUE(Json::accept(event.detail)) << text;
      EXPECT_TRUE(Json::accept(view_json(event))) << text;
    }
  }
}

TEST(Format, IsWrittenAsInTheConfiguration) {
  for (const Format format :
       {Format::automatic, Format::eventbridge, Format::cloudtrail, Format::cloudevents, Format::json}) {
    EXPECT_EQ(*parse_format(to_string(format)), format);
  }
  EXPECT_EQ(parse_format("xml").error().message,
            "no format 'xml': one of auto, eventbridge, cloudtrail, cloudevents, json, falco, wazuh, osquery, auditd, "
            "tetragon");
}

}  // namespace
}  // namespace kedge
