#include "api/monitoring_server.h"

#include <httplib.h>
#include <sys/socket.h>

#include <utility>

#include "base/thread_name.h"

namespace kedge {
namespace {

constexpr size_t kThreads = 3;
constexpr time_t kTimeoutSeconds = 5;
constexpr size_t kRequestBodyMax = 1024;

// Two daemons must not share a port: SO_REUSEPORT, the library's default, would let them.
void reuse_address_only(socket_t socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

void answer(httplib::Response& response, const std::string& good, const std::vector<std::string>& reasons,
            const std::vector<std::string>& notes) {
  std::string text = reasons.empty() ? good + "\n" : "";
  for (const std::string& reason : reasons) text += reason + "\n";
  for (const std::string& note : notes) text += "note: " + note + "\n";
  response.status = reasons.empty() ? 200 : 503;
  response.set_content(text, "text/plain; charset=utf-8");
}

}  // namespace

struct MonitoringServer::Http {
  httplib::Server server;
};

MonitoringServer::MonitoringServer(std::vector<MetricsSource> sources, Health health)
    : sources_(std::move(sources)), health_(std::move(health)), http_(std::make_unique<Http>()) {
  httplib::Server& server = http_->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };  // tidy: the server owns it
  server.set_socket_options(reuse_address_only);
  server.set_keep_alive_max_count(1);  // an idle connection would hold a thread
  server.set_read_timeout(kTimeoutSeconds);
  server.set_write_timeout(kTimeoutSeconds);
  server.set_payload_max_length(kRequestBodyMax);
  route();
}

Result<std::unique_ptr<MonitoringServer>> MonitoringServer::start(const Options& options,
                                                                  std::vector<MetricsSource> sources, Health health) {
  std::unique_ptr<MonitoringServer> server(new MonitoringServer(std::move(sources), std::move(health)));
  httplib::Server& http = server->http_->server;
  if (options.port == 0) {
    server->port_ = http.bind_to_any_port(options.address);
  } else {
    server->port_ = http.bind_to_port(options.address, options.port) ? options.port : -1;
  }
  if (server->port_ < 0) {
    return Error{ErrorCode::unavailable, "cannot listen on " + options.address + ":" + std::to_string(options.port) +
                                             ": is it an address of this machine, and the port free?"};
  }
  server->thread_ = std::thread([&http] {
    name_thread("kedge-http");
    http.listen_after_bind();
  });
  while (!http.is_running()) std::this_thread::yield();  // before that, stop would not be heard
  return server;
}

MonitoringServer::~MonitoringServer() {
  if (!thread_.joinable()) return;
  http_->server.stop();
  thread_.join();
}

void MonitoringServer::route() {
  httplib::Server& server = http_->server;
  server.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
    response.set_content(metrics(), "text/plain; version=0.0.4; charset=utf-8");
  });
  server.Get("/healthz", [this](const httplib::Request&, httplib::Response& response) {
    answer(response, "ok", health_.not_healthy(), {});
  });
  server.Get("/readyz", [this](const httplib::Request&, httplib::Response& response) {
    answer(response, "ready", health_.not_ready(), health_.notes());
  });
}

std::string MonitoringServer::metrics() {
  const std::lock_guard lock(scraping_);
  MetricsWriter writer;
  for (const MetricsSource& source : sources_) source(writer);
  return writer.text();
}

}  // namespace kedge
