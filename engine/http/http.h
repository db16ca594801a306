// HTTP as this engine uses it: one request, one response, and a plain word about what became of the request when there
// is no response.
//
// HttpClient is an edge of the world. CurlClient is the real one; a gate may stand in front of it; tests have fakes.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace kedge {

struct HttpHeader {
  std::string name;  // compared without regard to case
  std::string value;

  bool operator==(const HttpHeader&) const = default;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // absolute, http or https, already percent-encoded: sent as it stands
  std::vector<HttpHeader>
      headers;       // sent as they stand, in this order; nothing else but Host and Content-Length is added
  std::string body;  // POST, PUT and PATCH send "Content-Length: 0" when it is empty

  // False only for a request that surely changes nothing. What is counted, paused and fenced as a write goes by this
  // word, not by the method: a POST may be a query. A write is put on the wire at most once.
  bool writes = true;

  Duration connect_timeout = std::chrono::seconds(5);  // name, connection and TLS; a reused connection needs none
  Duration timeout = std::chrono::seconds(30);         // for everything, the connection included
  size_t response_bytes_max = 16U << 20U;              // of head and body together

  std::stop_token stop;  // asked for about once a second; a request that is stopped is an error like any other
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;
  std::string body;

  // The last header of that name.
  std::optional<std::string_view> header(std::string_view name) const;
  // All of that name, in order.
  std::vector<std::string_view> headers_named(std::string_view name) const;

  bool operator==(const HttpResponse&) const = default;
};

// Thread-safe; each call blocks its thread until there is a response, the timeout is over or it is stopped.
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Any response is a success here, whatever its status; redirects are responses. Errors:
  //
  //   code          what happened                                                        the request
  //   invalid       the URL or a header cannot be sent                                   was not sent
  //   unavailable   no address, no connection, no TLS; also when the time ran out there  was not sent
  //   refused       stopped, or kept back by a gate                                      was not sent
  //   timeout       time ran out, connection lost, or stopped, after sending had begun   may have been carried out
  //   limit         the response is larger than response_bytes_max                       may have been carried out
  //   corrupt       what came back is not HTTP                                           may have been carried out
  //
  // Messages name the method and the server, never the path, the query or a header: those can be secrets.
  virtual Result<HttpResponse> send(const HttpRequest&) = 0;
};

// Reads the table above. Anything that it does not know counts as "may have been carried out".
bool surely_not_sent(const Error&);

// RFC 9110 §5.6.7: the three forms of a date.
std::optional<Time> parse_http_date(std::string_view);

// RFC 9110 §10.2.3: how long the server asks us to wait, given as seconds or as a date. Never negative.
std::optional<Duration> retry_after(const HttpResponse&, Time now);

bool equals_ignoring_case(std::string_view, std::string_view);

}  // namespace kedge
