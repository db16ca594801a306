// The signing cases that AWS publishes with its own libraries (aws-c-auth): sigv4/, with a folder for each.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "aws/sigv4.h"
#include "base/files.h"
#include "base/json.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name;
  HttpRequest request;
  Credentials credentials;
  SigningScope scope;
  SigningRules rules;
  Time time;
  Duration lifetime;
  std::string header_signature;
  std::string query_signature;
};

// The request as text, its path and header values not yet encoded; a line that begins with a space continues the one
// before.
HttpRequest read_request(const std::string& text) {
  HttpRequest request;
  const size_t head_end = std::min(text.find("\n\n"), text.size());
  if (head_end + 2 <= text.size()) request.body = text.substr(head_end + 2);
  std::istringstream lines(text.substr(0, head_end));
  std::string line;
  std::getline(lines, line);
  request.method = line.substr(0, line.find(' '));
  const std::string target = line.substr(line.find(' ') + 1, line.rfind(' ') - line.find(' ') - 1);
  const size_t question = std::min(target.find('?'), target.size());
  request.url =
      "https://example.amazonaws.com" + percent_encode(target.substr(0, question), "/") + target.substr(question);
  while (std::getline(lines, line)) {
    if (line.starts_with(' ')) {
      request.headers.back().value += line;
    } else {
      request.headers.push_back({line.substr(0, line.find(':')), line.substr(line.find(':') + 1)});
    }
  }
  // These two are added by the signer.
  std::erase_if(request.headers, [](const HttpHeader& h) {
    return equals_ignoring_case(h.name, "X-Amz-Date") || equals_ignoring_case(h.name, "X-Amz-Security-Token");
  });
  return request;
}

Case read_case(const fs::path& folder) {
  const auto text = [&](const char* name) { return read_file((folder / name).string()).value(); };
  const Json context = parse_json(text("context.json")).value();
  const Json& keys = context.at("credentials");
  return {.name = folder.filename().string(),
          .request = read_request(text("request.txt")),
          .credentials = {keys.at("access_key_id"), keys.at("secret_access_key"), keys.value("token", ""), {}},
          .scope = {context.at("region"), context.at("service")},
          .rules = {.normalize_path = context.at("normalize"),
                    .encode_path = false,  // read_request has encoded it, once
                    .sign_body = context.at("sign_body"),
                    .omit_session_token = context.value("omit_session_token", false)},
          .time = parse_time(context.at("timestamp").get<std::string>()).value(),
          .lifetime = std::chrono::seconds(context.at("expiration_in_seconds").get<int>()),
          .header_signature = text("header-signature.txt"),
          .query_signature = text("query-signature.txt")};
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto& entry : fs::directory_iterator(KEDGE_SOURCE_DIR "/tests/aws/sigv4")) {
    if (entry.is_directory()) cases.push_back(read_case(entry.path()));
  }
  return cases;
}

TEST(SigV4Vectors, AreAllSignedInTheHeader) {
  const auto cases = all_cases();
  EXPECT_EQ(cases.size(), 38);
  SigV4Signer signer;
  for (const Case& c : cases) {
    const auto request = signer.sign(c.request, c.credentials, c.scope, c.time, c.rules);
    ASSERT_TRUE(request) << c.name << ": " << request.error().message;
    const auto authorization = std::ranges::find(request->headers, "Authorization", &HttpHeader::name);
    EXPECT_TRUE(authorization->value.ends_with("Signature=" + c.header_signature)) << c.name;
  }
}

TEST(SigV4Vectors, AreAllSignedInTheQuery) {
  const auto cases = all_cases();
  EXPECT_EQ(cases.size(), 38);
  SigV4Signer signer;
  for (const Case& c : cases) {
    const auto url = signer.presign(c.request, c.credentials, c.scope, c.time, c.lifetime, c.rules);
    ASSERT_TRUE(url) << c.name << ": " << url.error().message;
    EXPECT_NE(url->find("X-Amz-Signature=" + c.query_signature), std::string::npos) << c.name;
  }
}

}  // namespace
}  // namespace kedge
