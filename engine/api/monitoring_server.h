// MonitoringServer: how the engine is watched, over HTTP, without credentials, on loopback unless told otherwise.
//
//   GET /metrics   what every source writes (metrics.h)
//   GET /healthz   200 "ok", or 503 with the reasons why only a new start helps
//   GET /readyz    200 "ready", or 503 with the reasons; behind either what else is worth knowing, as "note: ..."
//
// Reasons are in words, one a line.
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

  // What the engine says of itself, in words. Called from the server's threads; must be quick.
  using Words = std::function<std::vector<std::string>()>;
  struct Health {
    Words not_ready;    // why it does not do its work now; empty: it does
    Words notes;        // what hinders nothing, but who looks should know
    Words not_healthy;  // why it will not do it again by itself
  };

  // Listens when it returns. unavailable: the address or port cannot be had.
  static Result<std::unique_ptr<MonitoringServer>> start(const Options& options, std::vector<MetricsSource> sources,
                                                         Health health);
  ~MonitoringServer();  // answers what has begun, then ends
  MonitoringServer(const MonitoringServer&) = delete;
  MonitoringServer& operator=(const MonitoringServer&) = delete;

  int port() const { return port_; }

 private:
  struct Http;
  MonitoringServer(std::vector<MetricsSource> sources, Health health);
  void route();
  std::string metrics();

  // Constant after start.
  const std::vector<MetricsSource> sources_;
  const Health health_;
  int port_ = 0;

  std::mutex scraping_;  // one scrape at a time
  std::unique_ptr<Http> http_;
  std::thread thread_;
};

}  // namespace kedge
