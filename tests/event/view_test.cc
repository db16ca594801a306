#include <gtest/gtest.h>

#include "base/json.h"
#include "event/decoder.h"

namespace kedge {
namespace {

Event event_of(std::string_view detail) {
  Event event;
  event.id = "id-1";
  event.source = "aws.s3";
  event.detail_type = "AWS API Call via CloudTrail";
  event.detail = detail;
  return event;
}

TEST(Identity, IsCloudTrailsEventIdInAnyWrapping) {
  const Event event = event_of(R"({"eventID":"e-1","eventSource":"s3.amazonaws.com"})");
  EXPECT_EQ(identity_of(event), (Identity{"aws.s3", "e-1"}));
  Event cloudevent = event_of(R"({"eventVersion":"1.09","eventID":"e-1","eventSource":"s3.amazonaws.com"})");
  cloudevent.source = "/trails/main";
  cloudevent.detail_type = "com.example.trail.record";
  EXPECT_EQ(identity_of(cloudevent), (Identity{"aws.s3", "e-1"}));
}

TEST(Identity, IsTheViewsOwnForAnythingElse) {
  Event event = event_of(R"({"eventID":"e-1"})");
  event.source = "aws.health";
  event.detail_type = "AWS Health Event";
  EXPECT_EQ(identity_of(event), (Identity{"aws.health", "id-1"}));
  EXPECT_EQ(identity_of(event_of(R"({"eventName":"x"})")), (Identity{"aws.s3", "id-1"}));
}

TEST(Provenance, OfAUserIsTheUsersArn) {
  const Provenance expected = {"arn:aws:iam::1:user/ann", "", "aws-cli/2", "192.0.2.1", "REQ", "AccessDenied"};
  EXPECT_EQ(provenance_of(event_of(R"({"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/ann"},)"
                                   R"("userAgent":"aws-cli/2","sourceIPAddress":"192.0.2.1","requestID":"REQ",)"
                                   R"("errorCode":"AccessDenied"})")),
            expected);
}

TEST(Provenance, OfAnAssumedRoleIsTheRole) {
  const Provenance provenance = provenance_of(
      event_of(R"({"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/ops/ann",)"
               R"("sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::1:role/ops"}}}})"));
  EXPECT_EQ(provenance.principal, "arn:aws:iam::1:role/ops");
  EXPECT_EQ(provenance.session, "ann");
}

TEST(Provenance, OfAnAssumedRoleWithoutArnIsReadFromThePrincipalId) {
  const Provenance provenance =
      provenance_of(event_of(R"({"userIdentity":{"type":"AssumedRole","principalId":"AROAX:ann"}})"));
  EXPECT_EQ(provenance.principal, "AROAX:ann");
  EXPECT_EQ(provenance.session, "ann");
}

TEST(Provenance, OfAServiceIsTheService) {
  EXPECT_EQ(
      provenance_of(event_of(R"({"userIdentity":{"type":"AWSService","invokedBy":"config.amazonaws.com"}})")).principal,
      "config.amazonaws.com");
}

TEST(Provenance, IsEmptyWhereTheEventSaysNothing) {
  for (const std::string_view detail : {"{}", "null", "[1]", R"({"userIdentity":"x"})", "not json"}) {
    EXPECT_EQ(provenance_of(event_of(detail)), Provenance{}) << detail;
  }
}

TEST(ViewJson, LeavesOutWhatIsAbsentAndKeepsTheRestAsItCame) {
  Event event = event_of(R"({"n":1.50,"big":123456789012345678901})");
  EXPECT_EQ(view_json(event), R"({"id":"id-1","source":"aws.s3","detail-type":"AWS API Call via CloudTrail",)"
                              R"("resources":[],"detail":{"n":1.50,"big":123456789012345678901}})");
}

TEST(ViewJson, EscapesAttributes) {
  const std::string id = "a\"b\\c\n\x01é";
  Event event = event_of("{}");
  event.id = id;
  EXPECT_EQ(Json::parse(view_json(event))["id"], id);
}

}  // namespace
}  // namespace kedge
