// The pieces of a policy statement, read so that nothing is overlooked: whatever is not understood counts as open.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace kedge {

// Whom a statement names.
struct Grantees {
  std::string everybody;              // why it is everybody, in words; empty: they are fixed
  std::vector<std::string> accounts;  // those that are fixed: account ids, canonical ids, what else stands there
};
Grantees grantees_of(const nlohmann::json& statement);

// What a statement's conditions leave of everybody.
struct Restriction {
  bool fixed = false;                 // some condition holds for fixed values alone
  std::string open;                   // otherwise: why none does, in words; empty when there is no condition
  std::vector<std::string> accounts;  // the accounts and organisations that the fixed conditions name
};
Restriction restriction_of(const nlohmann::json& statement, bool of_access_point);

// "arn:aws:iam::111122223333:role/x" and "111122223333" name an account; empty where none is named.
std::string account_in(std::string_view principal_or_arn);

// True when the text holds no "*", no "?" and no "${".
bool is_fixed_text(std::string_view);

}  // namespace kedge
