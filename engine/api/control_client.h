// ControlClient: the command line's end of the control socket. One request each.
#pragma once

#include <string>

#include "api/control_request.h"
#include "api/local_socket.h"
#include "base/clock.h"
#include "base/result.h"

namespace kedge {

// Borrows the clock. One thread.
class ControlClient {
 public:
  // not_found: no daemon listens at `path`: the caller may take the ledger's lock and commit by itself. Any other error
  // means that there is one.
  static Result<ControlClient> connect(const std::string& path, Clock& clock);

  // Waits for the answer at most `patience`; timeout: what became of the request is not known. Every other error is
  // the daemon's own.
  Result<nlohmann::json> ask(const ControlRequest& request, Duration patience);

 private:
  ControlClient(Descriptor socket, Clock& clock);

  Descriptor socket_;
  Clock* clock_;
};

}  // namespace kedge
