// The actions that are carried out on hosts.
#pragma once

#include <memory>

#include "remediate/action.h"

namespace kedge {

std::unique_ptr<Action> make_host_quarantine();
std::unique_ptr<Action> make_host_capture_evidence();
std::unique_ptr<Action> make_host_replace();

}  // namespace kedge
