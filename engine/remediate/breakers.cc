#include "remediate/breakers.h"

#include <spdlog/spdlog.h>

namespace kedge {

std::optional<OpenBreaker> Breakers::shut(const std::string& endpoint, Time now) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(endpoint);
  if (found == entries_.end()) return std::nullopt;
  const auto until = found->second.breaker.shut_until(now);
  if (!until) return std::nullopt;
  return view_of(endpoint, found->second, *until);
}

std::optional<Breaker::Permit> Breakers::admit(const std::string& endpoint, Time now, Duration for_most) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(endpoint);
  if (found == entries_.end()) return Breaker::Permit{};
  const auto permit = found->second.breaker.admit(now, for_most);
  if (permit && permit->probe) spdlog::info("the breaker of {} is half-open: one call is made to see", endpoint);
  return permit;
}

std::optional<OpenBreaker> Breakers::note(const std::string& endpoint, Breaker::Permit permit, Breaker::Outcome outcome,
                                          const std::string& error, Time now) {
  if (!limits_ || endpoint.empty()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  auto found = entries_.find(endpoint);
  if (found == entries_.end()) {
    if (outcome != Breaker::Outcome::bad) return std::nullopt;
    if (entries_.size() >= kMost) std::erase_if(entries_, [](const auto& one) { return one.second.breaker.blank(); });
    if (entries_.size() >= kMost) return std::nullopt;
    found = entries_.try_emplace(endpoint).first;
  }
  Entry& entry = found->second;
  if (outcome == Breaker::Outcome::bad) entry.error = error;
  const auto turned = entry.breaker.note(permit, outcome, now, *limits_, random_.number());
  if (turned == Breaker::Turned::closed) spdlog::info("the breaker of {} is closed: it answers again", endpoint);
  if (entry.breaker.blank() &&
      entry.breaker.turn() == 0) {  // otherwise what was let through before may still come back
    entries_.erase(found);
    return std::nullopt;
  }
  if (turned == Breaker::Turned::not_at_all || turned == Breaker::Turned::closed) return std::nullopt;
  const OpenBreaker open = view_of(endpoint, entry, entry.breaker.shut_until(now).value_or(now));
  if (turned == Breaker::Turned::reopened) {
    spdlog::info("the breaker of {} is open again until {}: {}", endpoint, format_time(open.until), error);
    return std::nullopt;
  }
  ++openings_;
  spdlog::warn("the breaker of {} is open until {}: {} of the last {} calls failed; the last: {}", endpoint,
               format_time(open.until), open.failed, open.counted, error);
  return open;
}

std::vector<OpenBreaker> Breakers::open(Time now) const {
  const std::lock_guard lock(mutex_);
  std::vector<OpenBreaker> all;
  for (const auto& [endpoint, entry] : entries_) {
    if (!entry.breaker.closed()) all.push_back(view_of(endpoint, entry, entry.breaker.shut_until(now).value_or(now)));
  }
  return all;
}

int64_t Breakers::openings() const {
  const std::lock_guard lock(mutex_);
  return openings_;
}

OpenBreaker Breakers::view_of(const std::string& endpoint, const Entry& entry, Time until) {
  const Breaker& breaker = entry.breaker;
  return {endpoint, breaker.since(), until, breaker.failed(), breaker.counted(), breaker.openings(), entry.error};
}

}  // namespace kedge
