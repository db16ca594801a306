#include "tests/support/http_receiver.h"

#include <gtest/gtest.h>
#include <httplib.h>

namespace kedge {
namespace {

TEST(HttpReceiver, RemembersWhatItWasSent) {
  HttpReceiver receiver;
  httplib::Client client(receiver.url());
  ASSERT_TRUE(client.Post("/hook?a=1", {{"X-Id", "7"}}, "body", "text/plain"));
  ASSERT_TRUE(client.Get("/other"));
  const auto requests = receiver.wait_for(2);
  ASSERT_TRUE(requests) << requests.error().message;
  EXPECT_EQ(requests->at(0).method, "POST");
  EXPECT_EQ(requests->at(0).target, "/hook?a=1");
  EXPECT_EQ(requests->at(0).header("x-id"), "7");
  EXPECT_EQ(requests->at(0).body, "body");
  EXPECT_EQ(requests->at(1).method, "GET");
}

TEST(HttpReceiver, AnswersAsItWasTold) {
  HttpReceiver receiver;
  receiver.answer_next({.status = 503, .headers = {{"Retry-After", "2"}}, .body = "later"});
  receiver.answer_by([](const HttpReceiver::Request& request) { return HttpReceiver::Answer{.body = request.target}; });
  httplib::Client client(receiver.url());
  const auto first = client.Get("/a");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->status, 503);
  EXPECT_EQ(first->get_header_value("Retry-After"), "2");
  EXPECT_EQ(first->body, "later");
  const auto second = client.Get("/b");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->status, 200);
  EXPECT_EQ(second->body, "/b");
}

TEST(HttpReceiver, HoldsAnAnswerBackForAsLongAsItWasTold) {
  HttpReceiver receiver;
  receiver.answer_next({.delay = std::chrono::minutes(10)});
  httplib::Client client(receiver.url());
  client.set_read_timeout(std::chrono::milliseconds(50));
  EXPECT_FALSE(client.Get("/slow"));
}

}  // namespace
}  // namespace kedge
