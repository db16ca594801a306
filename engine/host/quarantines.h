// Quarantines: the isolations of this host: the host's end of host.quarantine, and what keeps them as they should be.
//
// To isolate is a try first: the ruleset is loaded for seconds only (the kernel lets it lapse then, whatever becomes of
// us), the lifeline is called and the way out is tried. Only when the one lives and the other is dead, what is
// connected is cut and the ruleset stands for the whole lease; otherwise it is gone at once.
//
// What survives a reboot stands before there is a network, on which nothing can be proven: it is proven when the
// lifeline answers for the first time. Until then it stands as what was proven before the reboot, and where it turns
// out to leak it stands on and that is told: less of it would isolate less.
//
// Ownership:  borrows the clock. Owns the files of its folder; one object a folder at a time.
// Threads:    thread-safe; calls wait for each other.
// Namespaces: all calls have to come from one network namespace, in which the host's own packets are. A cgroup is
// isolated
//             in each other one too in which it runs, as containers do: there the same table stands.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "host/host_actions.h"
#include "host/network_place.h"
#include "host/quarantine_lease.h"

namespace kedge {

// What check() had to do.
struct QuarantineNews {
  enum class Kind {
    drifted,   // somebody had changed it; it is as it should be again
    renewed,   // the host was started anew; it stands again
    proven,    // what stands again since then is proven to isolate, and its lifeline to live
    expired,   // its time was over; it is gone
    given_up,  // it was never proven, or was to be released: it is gone
    failed,    // it is not as it should be, and could not be made so
  };
  Kind kind = Kind::failed;
  std::string remediation;
  std::string message;                       // for people
  std::vector<std::string> difference = {};  // "+ LINE" of what was found, "- LINE" of what was missing
};
std::string_view to_string(QuarantineNews::Kind);

class Quarantines final : public HostAction {
 public:
  struct Options {
    std::string folder;  // of the leases
    Duration lifeline_timeout = std::chrono::seconds(2);
    std::chrono::seconds try_for{15};        // how long a ruleset stands that nobody has proven
    std::string cgroups = "/sys/fs/cgroup";  // where nft looks for them
  };
  Quarantines(Clock& clock, Options options);

  const std::string& name() const override { return name_; }
  Result<HostSight> observe(HostCall&, const nlohmann::json& args) override;
  Result<std::vector<std::string>> apply(HostCall&, const nlohmann::json& args, const nlohmann::json& now) override;
  Result<std::vector<std::string>> undo(HostCall&, const nlohmann::json& args, const nlohmann::json& before,
                                        const nlohmann::json& after) override;

  // Compares all that should stand with what does, and mends it; releases what is over. To be called at the start, at
  // times, and when the packet filter was changed.
  std::vector<QuarantineNews> check();

 private:
  using Notes = std::vector<std::string>;

  Result<QuarantineSubject> subject_of(const Quarantine&) const;
  Result<std::vector<std::string>> difference(const QuarantineLease&);
  Result<std::string> expected(const QuarantineLease&);
  Result<HostSight> sight_of(const Quarantine&, const QuarantineSubject&, const std::optional<QuarantineLease>&);
  static Result<HostSight> sight_of_none(const Quarantine&, const std::string& table, bool leased);

  Result<Notes> try_out(QuarantineLease&);
  Result<void> prove(const QuarantineLease&, const std::vector<IpService>& lifeline) const;
  Result<void> prove_isolation(const QuarantineLease&) const;
  Result<Notes> give_up(QuarantineLease&, const Error& why);
  Result<void> load(const QuarantineLease&, std::chrono::seconds standing) const;
  Result<void> stand(const QuarantineLease&) const;
  Result<void> release(QuarantineLease&);
  static Result<void> release_here(const std::string& table);
  Result<Notes> cut_flows(const QuarantineLease&) const;
  Result<Notes> cut_flows_here(const QuarantineLease&) const;
  Result<std::vector<struct Flow>> forbidden_flows(const QuarantineLease&) const;

  void check(QuarantineLease&, std::vector<QuarantineNews>&);
  bool is_there(const QuarantineLease&) const;
  std::string folder_of(const QuarantineLease&) const;
  Result<std::vector<NetworkPlace>> places_of(const QuarantineLease&) const;
  void renew(QuarantineLease&, std::vector<QuarantineNews>&);
  void prove_again(QuarantineLease&, std::vector<QuarantineNews>&);
  void mend(const QuarantineLease&, std::vector<std::string> difference, std::vector<QuarantineNews>&);
  void end(QuarantineLease&, QuarantineNews::Kind, const std::string& why, std::vector<QuarantineNews>&);

  Clock& clock_;
  const Options options_;
  const std::string name_ = "host.quarantine";
  const QuarantineLeases leases_;

  std::mutex mutex_;
  std::map<std::string, std::string> expected_;  // listings, by ruleset; guarded by mutex_
};

}  // namespace kedge
