#include "http/curl_client.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

#include "tests/http/scripted_server.h"

namespace kedge {
namespace {

using testing::answer;
using testing::closed_port;
using testing::ScriptedServer;
using Then = ScriptedServer::Then;

HttpRequest request_to(const std::string& url, const std::string& method = "GET") {
  HttpRequest request;
  request.method = method;
  request.url = url;
  request.timeout = std::chrono::seconds(20);
  return request;
}

std::string host_of(const ScriptedServer& server) {
  const std::string url = server.url();
  return url.substr(7, url.size() - 8);
}

TEST(CurlClient, ReturnsStatusHeadersAndBodyAsTheyCame) {
  ScriptedServer server(
      {{"HTTP/1.1 404 Not Found\r\nX-A: one\r\nx-a:  two \r\nEmpty:\r\nContent-Length: 4\r\n\r\ngone"}});
  CurlClient client;
  const auto response = client.send(request_to(server.url()));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "gone");
  const std::vector<HttpHeader> expected = {{"X-A", "one"}, {"x-a", "two"}, {"Empty", ""}, {"Content-Length", "4"}};
  EXPECT_EQ(response->headers, expected);
}

TEST(CurlClient, SendsExactlyTheHeadersItIsGiven) {
  ScriptedServer server({{answer("")}});
  CurlClient client;
  HttpRequest request = request_to(server.url("/a?x"), "POST");
  request.headers = {{"X-Amz-Date", "20260101T000000Z"}, {"x-empty", ""}};
  request.body = std::string("a\0b", 3);
  ASSERT_TRUE(client.send(request));
  EXPECT_EQ(server.requests().at(0), "POST /a?x HTTP/1.1\r\nHost: " + host_of(server) +
                                         "\r\nX-Amz-Date: 20260101T000000Z\r\nx-empty:\r\nContent-Length: 3\r\n\r\n" +
                                         request.body);
}

TEST(CurlClient, SendsTheHostAndContentTypeOfTheRequest) {
  ScriptedServer server({{answer("")}});
  CurlClient client;
  HttpRequest request = request_to(server.url(), "PUT");
  request.headers = {{"Host", "bucket.example"}, {"Content-Type", "application/xml"}};
  request.body = "<a/>";
  ASSERT_TRUE(client.send(request));
  EXPECT_EQ(server.requests().at(0),
            "PUT / HTTP/1.1\r\nHost: bucket.example\r\nContent-Type: application/xml\r\nContent-Length: 4\r\n\r\n<a/>");
}

TEST(CurlClient, SaysContentLengthZeroForAnEmptyPut) {
  ScriptedServer server({{answer("")}});
  CurlClient client;
  ASSERT_TRUE(client.send(request_to(server.url("/b?acl"), "PUT")));
  EXPECT_EQ(server.requests().at(0),
            "PUT /b?acl HTTP/1.1\r\nHost: " + host_of(server) + "\r\nContent-Length: 0\r\n\r\n");
}

TEST(CurlClient, SendsNoBodyAndNoLengthWithADelete) {
  ScriptedServer server({{"HTTP/1.1 204 No Content\r\n\r\n"}});
  CurlClient client;
  ASSERT_TRUE(client.send(request_to(server.url("/b?policy"), "DELETE")));
  EXPECT_EQ(server.requests().at(0), "DELETE /b?policy HTTP/1.1\r\nHost: " + host_of(server) + "\r\n\r\n");
}

TEST(CurlClient, DoesNotWaitForABodyAfterHead) {
  ScriptedServer server({{"HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-west-1\r\nContent-Length: 99\r\n\r\n"}});
  CurlClient client;
  const auto response = client.send(request_to(server.url("/b"), "HEAD"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->header("X-Amz-Bucket-Region"), "eu-west-1");
}

TEST(CurlClient, DoesNotAskForPermissionBeforeALargeBody) {
  ScriptedServer server({{answer("")}});
  CurlClient client;
  HttpRequest request = request_to(server.url(), "POST");
  request.body.assign(2U << 20U, 'x');
  ASSERT_TRUE(client.send(request));
  EXPECT_EQ(server.requests().at(0).find("Expect"), std::string::npos);
}

TEST(CurlClient, SendsThePathAsItStands) {
  ScriptedServer server({{answer("")}});
  CurlClient client;
  ASSERT_TRUE(client.send(request_to(server.url("/b/../c//./d?publicAccessBlock&v=%2b"))));
  EXPECT_TRUE(server.requests().at(0).starts_with("GET /b/../c//./d?publicAccessBlock&v=%2b HTTP/1.1\r\n"));
}

TEST(CurlClient, ReturnsARedirectInsteadOfFollowingIt) {
  ScriptedServer server({{"HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"}});
  CurlClient client;
  const auto response = client.send(request_to(server.url()));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 307);
  EXPECT_EQ(server.requests().size(), 1);
}

TEST(CurlClient, UsesAWarmConnectionAgain) {
  ScriptedServer server({{answer("1")}, {answer("2")}, {answer("3")}});
  CurlClient client;
  for (const char* body : {"1", "2", "3"}) EXPECT_EQ(client.send(request_to(server.url()))->body, body);
  EXPECT_EQ(server.connections(), 1);
}

TEST(CurlClient, KeepsTheConnectionsToSeveralServersWarm) {
  ScriptedServer one({{answer("1")}, {answer("1")}});
  ScriptedServer two({{answer("2")}, {answer("2")}});
  CurlClient client;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(client.send(request_to(one.url()))->body, "1");
    EXPECT_EQ(client.send(request_to(two.url()))->body, "2");
  }
  EXPECT_EQ(one.connections(), 1);
  EXPECT_EQ(two.connections(), 1);
}

TEST(CurlClient, ForgetsAllOfARequestBeforeTheNext) {
  ScriptedServer server({{answer("")}, {answer("")}});
  CurlClient client;
  HttpRequest first = request_to(server.url(), "PUT");
  first.headers = {{"X-Secret", "s"}};
  first.body = "body";
  ASSERT_TRUE(client.send(first));
  ASSERT_TRUE(client.send(request_to(server.url("/second"))));
  EXPECT_EQ(server.requests().at(1), "GET /second HTTP/1.1\r\nHost: " + host_of(server) + "\r\n\r\n");
}

TEST(CurlClient, RefusesAResponseLargerThanItsLimitAsPerhapsCarriedOut) {
  ScriptedServer server({{answer(std::string(10000, 'x'))}});
  CurlClient client;
  HttpRequest request = request_to(server.url());
  request.response_bytes_max = 9000;
  const auto response = client.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::limit);
  EXPECT_FALSE(surely_not_sent(response.error()));
}

TEST(CurlClient, CountsHeadersAgainstTheLimitToo) {
  ScriptedServer server({{answer("", "X-Long: " + std::string(10000, 'x') + "\r\n")}});
  CurlClient client;
  HttpRequest request = request_to(server.url());
  request.response_bytes_max = 9000;
  EXPECT_EQ(client.send(request).error().code, ErrorCode::limit);
}

TEST(CurlClient, SaysThatARequestWasNotSentWhenNobodyListens) {
  CurlClient client;
  const auto response =
      client.send(request_to("http://127.0.0.1:" + std::to_string(closed_port()) + "/secret?token=s"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(surely_not_sent(response.error()));
  EXPECT_EQ(response.error().message.find("secret"), std::string::npos) << response.error().message;
}

TEST(CurlClient, SaysThatARequestWasNotSentWhenTlsDoesNotComeAbout) {
  ScriptedServer server({});
  CurlClient client;
  HttpRequest request = request_to("https" + server.url().substr(4));
  request.connect_timeout = std::chrono::milliseconds(50);
  const auto response = client.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::unavailable) << response.error().message;
}

TEST(CurlClient, SaysThatTheOutcomeIsUnknownWhenNoAnswerComesInTime) {
  ScriptedServer server({{"", Then::silence}});
  CurlClient client;
  HttpRequest request = request_to(server.url(), "PUT");
  request.timeout = std::chrono::milliseconds(50);
  const auto response = client.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::timeout);
  EXPECT_FALSE(surely_not_sent(response.error()));
}

TEST(CurlClient, SaysThatTheOutcomeIsUnknownWhenTheConnectionIsResetInMidAnswer) {
  ScriptedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", Then::reset}});
  CurlClient client;
  const auto response = client.send(request_to(server.url()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::timeout) << response.error().message;
}

TEST(CurlClient, SaysThatTheOutcomeIsUnknownWhenTheConnectionIsClosedWithoutAnAnswer) {
  ScriptedServer server({{"", Then::close}});
  CurlClient client;
  const auto response = client.send(request_to(server.url(), "PUT"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::timeout) << response.error().message;
}

TEST(CurlClient, CallsAnAnswerThatIsNotHttpCorrupt) {
  ScriptedServer server({{"SSH-2.0-OpenSSH_9.2\r\n\r\n", Then::close}});
  CurlClient client;
  const auto response = client.send(request_to(server.url()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::corrupt) << response.error().message;
}

// The second request goes out on the connection of the first, which the server closes without an answer.
TEST(CurlClient, PutsAWriteOnTheWireOnceEvenWhenAKeptConnectionDiesUnderIt) {
  ScriptedServer server({{answer("")}, {"", Then::close}, {answer("")}});
  CurlClient client;
  ASSERT_TRUE(client.send(request_to(server.url(), "PUT")));
  const auto response = client.send(request_to(server.url(), "PUT"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::timeout) << response.error().message;
  EXPECT_EQ(server.requests().size(), 2);
}

TEST(CurlClient, RepeatsAReadWhenAKeptConnectionDiesUnderIt) {
  ScriptedServer server({{answer("1")}, {"", Then::close}, {answer("2")}});
  CurlClient client;
  HttpRequest request = request_to(server.url());
  request.writes = false;
  ASSERT_TRUE(client.send(request));
  const auto response = client.send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "2");
}

TEST(CurlClient, DoesNotBeginWhatIsStoppedAlready) {
  ScriptedServer server({});
  CurlClient client;
  std::stop_source stop;
  stop.request_stop();
  HttpRequest request = request_to(server.url());
  request.stop = stop.get_token();
  EXPECT_EQ(client.send(request).error().code, ErrorCode::refused);
  EXPECT_EQ(server.connections(), 0);
}

TEST(CurlClient, StopsWaitingWhenAskedTo) {
  ScriptedServer server({{"", Then::silence}});
  CurlClient client;
  std::stop_source stop;
  HttpRequest request = request_to(server.url());
  request.stop = stop.get_token();
  auto waiting = std::async(std::launch::async, [&] { return client.send(request); });
  while (server.requests().empty()) std::this_thread::yield();
  stop.request_stop();
  EXPECT_EQ(waiting.get().error().code, ErrorCode::timeout);
}

TEST(CurlClient, IgnoresAProxyOfTheEnvironment) {
  ScriptedServer server({{answer("direct")}});
  ASSERT_EQ(setenv("http_proxy", ("http://127.0.0.1:" + std::to_string(closed_port())).c_str(), 1), 0);
  CurlClient client;
  const auto response = client.send(request_to(server.url()));
  unsetenv("http_proxy");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "direct");
}

TEST(CurlClient, UsesTheProxyOfItsOptions) {
  ScriptedServer proxy({{answer("by proxy")}});
  CurlClient client({.ca_file = "", .proxy = proxy.url(), .no_proxy = ""});
  EXPECT_EQ(client.send(request_to("http://bucket.invalid/x"))->body, "by proxy");
  EXPECT_TRUE(proxy.requests().at(0).starts_with("GET http://bucket.invalid/x HTTP/1.1\r\n"));
}

TEST(CurlClient, RefusesHeadersThatWouldBecomeMoreThanOne) {
  CurlClient client;
  HttpRequest request = request_to("http://127.0.0.1:1/");
  request.headers = {{"X-A", "one\r\nX-B: two"}};
  EXPECT_EQ(client.send(request).error().code, ErrorCode::invalid);
  request.headers = {{"X-A: one\r\nX-B", "two"}};
  EXPECT_EQ(client.send(request).error().code, ErrorCode::invalid);
}

TEST(CurlClient, RefusesUrlsThatAreNotHttp) {
  CurlClient client;
  for (const char* url : {"file:///etc/passwd", "ftp://host/", "host/path", "http://user:secret@host/", ""}) {
    const auto response = client.send(request_to(url));
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, ErrorCode::invalid) << url;
    EXPECT_EQ(response.error().message.find("secret"), std::string::npos);
  }
}

TEST(CurlClient, MayBeUsedByManyThreads) {
  std::deque<ScriptedServer::Answer> answers(40, {answer("x", "Connection: close\r\n"), Then::close});
  ScriptedServer server(answers);
  CurlClient client;
  std::vector<std::future<int>> counts;
  for (int thread = 0; thread < 4; ++thread) {
    counts.push_back(std::async(std::launch::async, [&] {
      int good = 0;
      for (int i = 0; i < 10; ++i) good += client.send(request_to(server.url())).ok() ? 1 : 0;
      return good;
    }));
  }
  for (auto& count : counts) EXPECT_EQ(count.get(), 10);
}

}  // namespace
}  // namespace kedge
