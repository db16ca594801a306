// CurlClient: HTTP/1.1 over libcurl, exactly what it is told and nothing of its own.
//
// No redirect is followed, no path is tidied, no header but Host and Content-Length is added, no proxy is taken from
// the environment, no file in a home directory is read.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "http/http.h"

namespace kedge {

// Owns its connections, which stay open between requests: a request takes an idle handle that last spoke to the same
// server, and with it the warm connection. Lives as long as anyone sends. Any number of threads may send at once; each
// has a connection to itself meanwhile. The process must ignore SIGPIPE.
class CurlClient final : public HttpClient {
 public:
  struct Options {
    std::string ca_file;   // PEM with the authorities to trust; empty: the system's
    std::string proxy;     // "http://proxy.example:3128"; empty: none, whatever the environment says
    std::string no_proxy;  // with a proxy: host names, comma-separated, that are reached without it
    size_t idle_connections_max = 64;
  };

  CurlClient();
  explicit CurlClient(Options);
  ~CurlClient() override;
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  Result<HttpResponse> send(const HttpRequest&) override;

 private:
  struct Handle;
  struct Idle {
    std::string server;
    std::unique_ptr<Handle> handle;
  };

  Result<std::unique_ptr<Handle>> take(const std::string& server);
  void give_back(std::string server, std::unique_ptr<Handle>);

  // Constant after construction.
  const Options options_;

  // Guarded by mutex_.
  std::mutex mutex_;
  std::list<Idle> idle_;  // the one used last comes first
};

}  // namespace kedge
