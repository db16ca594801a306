#include "api/control_server.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "api/actor.h"

namespace kedge {
namespace {

std::optional<std::string> peer_of(const Descriptor& connection) {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return std::nullopt;
  return actor_of(credentials.uid);
}

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::start(Options options, Clock& clock, Committer& committer,
                                                            std::map<std::string, Handler> handlers) {
  auto listening = listen_at(options.path, options.group);
  if (!listening) return listening.error().with("the control socket");
  Descriptor stopping(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (stopping.get() < 0) return Error{ErrorCode::internal, "the control socket: eventfd failed"};
  std::unique_ptr<ControlServer> server(new ControlServer(std::move(options), clock, committer, std::move(handlers),
                                                          std::move(*listening), std::move(stopping)));
  for (int i = 0; i < server->options_.threads; ++i) {
    server->threads_.emplace_back([raw = server.get()] { raw->run(); });
  }
  return server;
}

ControlServer::ControlServer(Options options, Clock& clock, Committer& committer,
                             std::map<std::string, Handler> handlers, Descriptor listening, Descriptor stopping)
    : options_(std::move(options)),
      clock_(clock),
      committer_(committer),
      handlers_(std::move(handlers)),
      listening_(std::move(listening)),
      stopping_(std::move(stopping)) {}

ControlServer::~ControlServer() {
  eventfd_write(stopping_.get(), 1);
  for (std::thread& thread : threads_) thread.join();
  unlink(options_.path.c_str());
}

// Each thread waits for a connection and serves it; who comes while all are busy waits in the kernel's short queue.
void ControlServer::run() {
  for (;;) {
    pollfd waits[2] = {{listening_.get(), POLLIN, 0}, {stopping_.get(), POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 && errno != EINTR) return;
    if (waits[1].revents != 0) return;
    if (waits[0].revents == 0) continue;
    const Descriptor connection(accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection.get() >= 0) serve(connection);
  }
}

void ControlServer::serve(const Descriptor& connection) {
  const auto actor = peer_of(connection);
  if (!actor) return;
  const Deadline reading{clock_, clock_.elapsed() + options_.patience, stopping_.get()};
  const auto line = read_line(connection, kControlRequestMax, reading);
  const auto reply = line ? answer(*line, *actor) : Result<nlohmann::json>(line.error());
  // A change that was made is told of even while the daemon ends: nothing cancels the answer.
  const Deadline writing{clock_, clock_.elapsed() + options_.patience, -1};
  if (auto written = write_all(connection, line_of(reply), writing); !written) {
    spdlog::warn("{} did not take the answer of the control socket: {}", *actor, written.error().message);
  }
}

Result<nlohmann::json> ControlServer::answer(const std::string& line, const std::string& actor) {
  const auto request = request_in(line);
  if (!request) return request.error();
  spdlog::info("{} asks for {}", actor, request->command);
  const auto handler = handlers_.find(request->command);
  if (handler != handlers_.end()) return handler->second(request->arguments, actor);
  auto change = change_of(*request, actor, committer_.now());
  if (!change) return change.error();
  return reply_of(committer_.commit(std::move(*change)));
}

}  // namespace kedge
