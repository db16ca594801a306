#include "api/control_client.h"

#include <utility>

namespace kedge {

Result<ControlClient> ControlClient::connect(const std::string& path, Clock& clock) {
  auto socket = connect_to(path);
  if (!socket) return socket.error();
  return ControlClient(std::move(*socket), clock);
}

ControlClient::ControlClient(Descriptor socket, Clock& clock) : socket_(std::move(socket)), clock_(&clock) {}

Result<nlohmann::json> ControlClient::ask(const ControlRequest& request, Duration patience) {
  const Deadline until{*clock_, clock_->elapsed() + patience};
  if (auto sent = write_all(socket_, line_of(request), until); !sent) return sent.error().with("asking the daemon");
  const auto line = read_line(socket_, kControlReplyMax, until);
  if (!line) return line.error().with("waiting for the daemon's answer: what became of the request is not known");
  return reply_in(*line);
}

}  // namespace kedge
