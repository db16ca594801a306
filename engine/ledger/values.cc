#include "ledger/values.h"

#include <array>

namespace kedge {
namespace {

constexpr std::array<std::string_view, 6> kStatuses = {"pending", "attempted", "applied",
                                                       "already", "failed",    "undone"};
constexpr std::array<std::string_view, 6> kResults = {"applied", "already", "retry", "refused", "failed", "unknown"};

}  // namespace

std::string_view to_string(StepStatus status) { return kStatuses[static_cast<size_t>(status)]; }

std::string_view to_string(StepOutcome::Result result) { return kResults[static_cast<size_t>(result)]; }

}  // namespace kedge
