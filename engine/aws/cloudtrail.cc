#include "aws/cloudtrail.h"

#include "base/json.h"

namespace kedge {
namespace {

constexpr std::string_view kTarget = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.";

}  // namespace

AwsResult<TrailStatus> Trail::status() const {
  const auto response = call("GetTrailStatus", false);
  if (!response) return response.error();
  const auto json = parse_json(response->body);
  const bool readable =
      json.ok() && json->is_object() && json->contains("IsLogging") && json->at("IsLogging").is_boolean();
  if (!readable) {
    return unexpected_document("cloudtrail GetTrailStatus", *response, "it does not say whether the trail is logging",
                               false);
  }
  TrailStatus status{json->at("IsLogging").get<bool>(), ""};
  const auto problem = json->find("LatestDeliveryError");
  if (problem != json->end() && problem->is_string()) status.latest_delivery_error = problem->get<std::string>();
  return status;
}

AwsResult<AwsWritten> Trail::start_logging() const { return write("StartLogging"); }
AwsResult<AwsWritten> Trail::stop_logging() const { return write("StopLogging"); }

AwsResult<AwsWritten> Trail::write(const char* operation) const {
  const auto response = call(operation, true);
  if (!response) return response.error();
  return AwsWritten{request_id_of(*response)};
}

AwsResult<HttpResponse> Trail::call(const char* operation, bool writes) const {
  AwsRequest request;
  request.service = AwsService::cloudtrail;
  request.operation = operation;
  request.method = "POST";
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                     {"X-Amz-Target", std::string(kTarget) + operation}};
  request.body = Json{{"Name", name_}}.dump(-1, ' ', false, Json::error_handler_t::replace);
  request.writes = writes;
  return session_.client.send(session_, request);
}

}  // namespace kedge
