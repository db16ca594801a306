#include "aws/error.h"

#include <algorithm>
#include <array>

#include "aws/foreign_text.h"
#include "aws/xml.h"
#include "base/json.h"

namespace kedge {
namespace {

// Bodies are somebody else's text: as much of a message as is useful in a line of a log.
constexpr size_t kMessageBytesMax = 500;

struct Meaning {
  std::string_view code;
  AwsOutcome outcome;
  bool throttled = false;
};

// The codes that are documented as "nothing was done, ask again" or that SDKs retry by their code alone. Everything
// else goes by its status.
constexpr std::array kMeanings = {
    Meaning{"SlowDown", AwsOutcome::retry, true},
    Meaning{"ServiceUnavailable", AwsOutcome::retry},
    Meaning{"Unavailable", AwsOutcome::retry},
    Meaning{"RequestTimeout", AwsOutcome::retry},  // the server did not get all of the request
    Meaning{"RequestTimeoutException", AwsOutcome::retry},
    Meaning{"OperationAborted", AwsOutcome::retry},  // another write to the same bucket was under way
    Meaning{"Throttling", AwsOutcome::retry, true},
    Meaning{"ThrottlingException", AwsOutcome::retry, true},
    Meaning{"ThrottledException", AwsOutcome::retry, true},
    Meaning{"RequestThrottled", AwsOutcome::retry, true},
    Meaning{"RequestThrottledException", AwsOutcome::retry, true},
    Meaning{"RequestLimitExceeded", AwsOutcome::retry, true},
    Meaning{"TooManyRequestsException", AwsOutcome::retry, true},
    Meaning{"BandwidthLimitExceeded", AwsOutcome::retry, true},
    Meaning{"LimitExceededException", AwsOutcome::retry, true},
    Meaning{"ProvisionedThroughputExceededException", AwsOutcome::retry, true},
    Meaning{"TransactionInProgressException", AwsOutcome::retry},
    Meaning{"PriorRequestNotComplete", AwsOutcome::retry, true},
    Meaning{"EC2ThrottledException", AwsOutcome::retry, true},
    Meaning{"ConflictException", AwsOutcome::retry},
    // Mended by the client before it reports them; reported, the next try may find time or credentials mended.
    Meaning{"RequestTimeTooSkewed", AwsOutcome::retry},
    Meaning{"ExpiredToken", AwsOutcome::retry},
    Meaning{"ExpiredTokenException", AwsOutcome::retry},
    Meaning{"RequestExpired", AwsOutcome::retry},
    // The thing itself. A setting that is not there (NoSuchBucketPolicy) is a value, and is read where it is asked for.
    Meaning{"NoSuchBucket", AwsOutcome::gone},
    Meaning{"NoSuchKey", AwsOutcome::gone},
    Meaning{"NoSuchEntity", AwsOutcome::gone},
    Meaning{"InvalidGroup.NotFound", AwsOutcome::gone},
    Meaning{"InvalidGroupId.NotFound", AwsOutcome::gone},
    Meaning{"InvalidInstanceID.NotFound", AwsOutcome::gone},
    Meaning{"InvalidSnapshot.NotFound", AwsOutcome::gone},
    Meaning{"TrailNotFoundException", AwsOutcome::gone},
};

std::string shortened(std::string_view text) { return foreign_text(text, kMessageBytesMax); }

// "com.amazonaws.cloudtrail#TrailNotFoundException", "AccessDeniedException:http://internal..." → the bare name.
std::string bare(std::string_view code) {
  code = code.substr(0, code.find(':'));
  const size_t hash = code.rfind('#');
  return std::string(hash == std::string_view::npos ? code : code.substr(hash + 1));
}

pugi::xml_node find_error(pugi::xml_node root) {
  if (local_name(root) == "Error") return root;
  if (const auto error = child_named(root, "Error")) return error;
  return child_named(child_named(root, "Errors"), "Error");
}

void read_xml(const HttpResponse& response, AwsError& error) {
  const auto xml = Xml::parse(response.body);
  if (!xml) return;
  const auto node = find_error(xml->root());
  error.code = text_of(node, "Code");
  error.message = text_of(node, "Message");
  error.region = text_of(node, "Region");
  for (const auto& place : {node, xml->root()}) {
    for (const char* name : {"RequestId", "RequestID"}) {
      if (error.request_id.empty()) error.request_id = shortened(text_of(place, name));
    }
  }
}

std::string member(const Json& json, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = json.find(name);
    if (found != json.end() && found->is_string()) return found->get<std::string>();
  }
  return "";
}

void read_json(const HttpResponse& response, AwsError& error) {
  const auto json = parse_json(response.body);
  if (!json || !json->is_object()) return;
  error.code = bare(member(*json, {"__type", "code", "Code"}));
  error.message = member(*json, {"message", "Message", "errorMessage"});
}

}  // namespace

std::string_view to_string(AwsOutcome outcome) {
  switch (outcome) {
    case AwsOutcome::retry:
      return "retry";
    case AwsOutcome::refused:
      return "refused";
    case AwsOutcome::gone:
      return "gone";
    case AwsOutcome::unknown:
      return "unknown";
  }
  return "unknown";
}

Error AwsError::to_error() const {
  switch (outcome) {
    case AwsOutcome::retry:
      return {ErrorCode::unavailable, message};
    case AwsOutcome::refused:
      return {ErrorCode::refused, message};
    case AwsOutcome::gone:
      return {ErrorCode::not_found, message};
    case AwsOutcome::unknown:
      break;
  }
  return {ErrorCode::timeout, message};
}

AwsOutcome classify(std::string_view aws_code, int status, bool writes) {
  const auto known = std::ranges::find(kMeanings, aws_code, &Meaning::code);
  if (known != kMeanings.end()) return known->outcome;
  if (status == 408 || status == 429 || status == 503 || status == 509) return AwsOutcome::retry;
  if (status == 501) return AwsOutcome::refused;
  if (status >= 500 || status < 300) return writes ? AwsOutcome::unknown : AwsOutcome::retry;
  return AwsOutcome::refused;
}

bool is_throttling(std::string_view aws_code) {
  const auto known = std::ranges::find(kMeanings, aws_code, &Meaning::code);
  return known != kMeanings.end() && known->throttled;
}

AwsError read_error(const HttpResponse& response, bool writes, Time now) {
  AwsError error;
  const size_t begin = response.body.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  const char first = begin == std::string::npos ? '\0' : response.body[begin];
  if (first == '<') read_xml(response, error);
  if (first == '{') read_json(response, error);
  if (error.code.empty()) error.code = bare(response.header("x-amzn-ErrorType").value_or(""));
  if (error.code.empty()) error.code = "HTTP " + std::to_string(response.status);
  error.code = shortened(error.code);
  error.message = error.message.empty() ? error.code : error.code + ": " + shortened(error.message);
  error.status = response.status;
  if (std::string id = request_id_of(response); !id.empty()) error.request_id = std::move(id);
  if (const auto region = response.header("x-amz-bucket-region")) error.region = *region;
  error.outcome = classify(error.code, error.status, writes);
  if (error.outcome == AwsOutcome::retry) error.retry_after = retry_after(response, now);
  return error;
}

AwsError transport_error(const Error& cause, bool writes) {
  AwsError error;
  error.message = cause.message;
  error.outcome = surely_not_sent(cause) || !writes ? AwsOutcome::retry : AwsOutcome::unknown;
  if (cause.code == ErrorCode::invalid) error.outcome = AwsOutcome::refused;
  return error;
}

AwsError unexpected_document(std::string_view call, const HttpResponse& response, std::string_view why, bool writes) {
  AwsError error;
  error.outcome = writes ? AwsOutcome::unknown : AwsOutcome::retry;
  error.code = kUnexpectedDocument;
  error.message = std::string(call) + ": " + std::string(why);
  error.status = response.status;
  error.request_id = request_id_of(response);
  return error;
}

std::string request_id_of(const HttpResponse& response) {
  for (const char* name : {"x-amz-request-id", "x-amzn-RequestId", "x-amzn-request-id"}) {
    if (const auto id = response.header(name)) return shortened(*id);
  }
  return "";
}

}  // namespace kedge
