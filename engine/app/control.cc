#include "app/control.h"

#include <filesystem>

#include "api/actor.h"
#include "api/control_client.h"
#include "app/ledger_options.h"
#include "base/clock.h"
#include "base/random.h"
#include "ledger/committer.h"
#include "ledger/sqlite_ledger.h"

namespace kedge {
namespace {

constexpr Duration kPatience = std::chrono::seconds(30);

Result<nlohmann::json> commit_here(const Configuration& configuration, const ControlRequest& request, Clock& clock) {
  std::error_code ignored;
  std::filesystem::create_directories(configuration.data, ignored);
  Random random;
  auto ledger = open_sqlite_ledger(ledger_options(configuration), clock, random);
  if (!ledger) return ledger.error().with("no daemon answers, and the ledger cannot be opened");
  const auto change = change_of(request, own_actor(), (*ledger)->now());
  if (!change) return change.error();
  Mailbox<Remediation> runnable(SIZE_MAX);  // the next start finds what is open
  Committer committer(**ledger, runnable, Committer::Options{});
  auto reply = reply_of(committer.commit(*change));
  if (reply) (*reply)["by_daemon"] = false;
  return reply;
}

}  // namespace

Result<nlohmann::json> ask_engine(const Configuration& configuration, const ControlRequest& request) {
  SystemClock clock;
  auto client = ControlClient::connect(configuration.data + "/control.sock", clock);
  if (client) return client->ask(request, kPatience);
  if (client.error().code != ErrorCode::not_found) return client.error();
  if (!becomes_change(request.command)) {
    return Error{ErrorCode::unavailable, "no daemon answers at " + configuration.data +
                                             "/control.sock, and this is for a running one to do: start it with `kedge "
                                             "run`"};
  }
  return commit_here(configuration, request, clock);
}

}  // namespace kedge
