// MonitoringServer: how the engine is watched, over HTTP, without credentials, on loopback unless told otherwise.
//
//   GET /metrics   what every source writes (metrics.h)
//   GET /healthz   200 while the process answers at all
//   GET /readyz    200 "ready", or 503 with the reasons in words, one a line
//
// Ownership:  owns its port and threads from start to its end; what the functions refer to must outlive it.
// Limits:     one request a connection, no bodies, 5 s for reading and for writing.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/metrics.h"
#include "base/result.h"

namespace kedge {

class MonitoringServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    int port = 9464;  // 0: any that is free
  };

  // Why the engine does not do its work now, in words; empty: it does. Called from the server's threads; must be quick.
  using NotReady = std::function<std::vector<std::string>()>;

  // Listens when it returns. unavailable: the address or port cannot be had.
  static Result<std::unique_ptr<MonitoringServer>> start(const Options& options, std::vector<MetricsSource> sources,
                                                         NotReady not_ready);
  ~MonitoringServer();  // answers what has begun, then ends
  MonitoringServer(const MonitoringServer&) = delete;
  MonitoringServer& operator=(const MonitoringServer&) = delete;

  int port() const { return port_; }

 private:
  struct Http;
  MonitoringServer(std::vector<MetricsSource> sources, NotReady not_ready);
  void route();
  std::string metrics();

  // Constant after start.
  const std::vector<MetricsSource> sources_;
  const NotReady not_ready_;
  int port_ = 0;

  std::mutex scraping_;  // one scrape at a time
  std::unique_ptr<Http> http_;
  std::thread thread_;
};

}  // namespace kedge
