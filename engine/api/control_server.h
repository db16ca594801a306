// ControlServer: takes what people ask of a running daemon, on a unix socket.
//
// One line of JSON each way, one request a connection (control_request.h). Who asks is told by the kernel
// (SO_PEERCRED), never by the request. What is only a Change goes to the committer; the rest to the functions that app
// gives.
//
// Ownership:  owns the socket's file and its threads; borrows clock and committer, which must outlive it. The caller
//             holds the ledger's lock: an earlier process's socket is taken over.
// Threads:    a few that serve one connection each, so that a long request does not keep a pause waiting.
// Limits:     kControlRequestMax, and Options::patience for a request to come in whole and for its answer to be taken.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "api/control_request.h"
#include "api/local_socket.h"
#include "base/clock.h"
#include "ledger/committer.h"

namespace kedge {

class ControlServer {
 public:
  struct Options {
    std::string path;                             // <data>/control.sock
    std::string group;                            // whose members may ask too; empty: only the daemon's user (and root)
    Duration patience = std::chrono::seconds(5);  // for reading a request, and again for writing its answer
    int threads = 4;
  };

  // May block for as long as its work takes; called from the server's threads, several at once.
  using Handler = std::function<Result<nlohmann::json>(const nlohmann::json& arguments, const std::string& actor)>;

  // Listens when it returns. `handlers`: by command; they go before what change_of knows.
  static Result<std::unique_ptr<ControlServer>> start(Options options, Clock& clock, Committer& committer,
                                                      std::map<std::string, Handler> handlers);
  ~ControlServer();  // lets what has begun come to its end, then removes the socket
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  ControlServer(Options options, Clock& clock, Committer& committer, std::map<std::string, Handler> handlers,
                Descriptor listening, Descriptor stopping);
  void run();
  void serve(const Descriptor& connection);
  Result<nlohmann::json> answer(const std::string& line, const std::string& actor);

  // Constant after construction.
  const Options options_;
  Clock& clock_;
  Committer& committer_;
  const std::map<std::string, Handler> handlers_;
  const Descriptor listening_;
  const Descriptor stopping_;  // readable from the moment when the server is to end

  std::vector<std::thread> threads_;
};

}  // namespace kedge
