#include "aws/credential_store.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace kedge {
namespace {

constexpr Duration kRenewBefore = std::chrono::minutes(15);
constexpr Duration kUnusableBefore = std::chrono::minutes(1);
constexpr Duration kRenewAgainAfter = std::chrono::seconds(30);
constexpr Duration kForEver = std::chrono::hours(24 * 365);

}  // namespace

// The role for the account, or one without an ARN for our own credentials.
AssumeRole CredentialStore::role_for(const std::string& account) const {
  if (account.empty() || account == options_.home_account) return {};
  const auto own = options_.roles.find(account);
  const AwsRole* role = own != options_.roles.end() ? &own->second
                        : options_.other_role       ? &*options_.other_role
                                                    : nullptr;
  if (role == nullptr) return {};
  constexpr std::string_view kPlace = "{account}";
  std::string arn = role->arn;
  if (const size_t at = arn.find(kPlace); at != std::string::npos) arn.replace(at, kPlace.size(), account);
  return {arn, options_.session_name, role->external_id};
}

AwsResult<Credentials> CredentialStore::get(const std::string& account) { return get(role_for(account)); }

void CredentialStore::forget(const std::string& account, const Credentials& refused) {
  const AssumeRole role = role_for(account);
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(role.role_arn);
  if (entry != entries_.end() && entry->second.credentials == refused) entries_.erase(entry);
}

AwsResult<Credentials> CredentialStore::get(const AssumeRole& role) {
  const Time now = transport_.now();
  std::optional<Credentials> usable;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(role.role_arn);
    if (entry != entries_.end() && now < entry->second.usable_to) {
      usable = entry->second.credentials;
      if (now < entry->second.renew_at) return *usable;
      entry->second.renew_at = now + kRenewAgainAfter;  // this thread renews; the others go on with what there is
    }
  }
  auto fetched = fetch(role);
  if (fetched) {
    keep(role.role_arn, *fetched, now);
  } else if (usable) {
    spdlog::warn("AWS credentials could not be renewed, they are still good: {}", fetched.error().message);
    return *usable;
  }
  return fetched;
}

AwsResult<Credentials> CredentialStore::fetch(const AssumeRole& role) {
  if (role.role_arn.empty()) return fetch_credentials(source_, sts_, http_);
  const auto own = get(AssumeRole{});
  if (!own) return own.error();
  return sts_.assume_role(role, *own);
}

void CredentialStore::keep(const std::string& role_arn, const Credentials& credentials, Time now) {
  const Time end = credentials.expires.value_or(now + kForEver);
  const Duration before = std::min(kRenewBefore, (end - now) / 4);
  const std::lock_guard lock(mutex_);
  entries_[role_arn] = {credentials, end - before, end - std::min(kUnusableBefore, before)};
}

}  // namespace kedge
