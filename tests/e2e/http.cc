#include "tests/e2e/http.h"

#include <httplib.h>

#include <set>

namespace kedge {
namespace {

// What belongs to a connection, or is written anew by whoever sends the message on.
bool is_of_the_connection(const std::string& lower_case_name) {
  static const std::set<std::string> kNames = {"connection", "content-length", "content-type", "date",
                                               "expect",     "keep-alive",     "remote_addr",  "remote_port",
                                               "local_addr", "local_port",     "server",       "transfer-encoding"};
  return kNames.contains(lower_case_name);
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

HttpReceiver::Answer send_to(const std::string& url, const HttpReceiver::Request& request) {
  httplib::Client client(url);
  client.set_url_encode(false);
  client.set_read_timeout(60);
  httplib::Request sent;
  sent.method = request.method;
  sent.path = request.target;
  sent.body = request.body;
  for (const auto& [name, value] : request.headers) {
    if (name == "content-type" || !is_of_the_connection(name)) sent.headers.emplace(name, value);
  }
  const auto received = client.send(sent);
  if (!received) return {.status = 0, .body = httplib::to_string(received.error())};
  HttpReceiver::Answer answer{.status = received->status, .body = received->body};
  answer.content_type = received->get_header_value("Content-Type");
  for (const auto& [name, value] : received->headers) {
    if (!is_of_the_connection(lower(name))) answer.headers.emplace(name, value);
  }
  return answer;
}

}  // namespace kedge
