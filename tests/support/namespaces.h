// Whether this process may make namespaces, as tests of whole hosts do.
#pragma once

#include "base/result.h"

namespace kedge {

// not_found where it may not: for KEDGE_NEEDS. Tests that need this are skipped where they do not run as root.
Result<void> may_make_namespaces();

}  // namespace kedge
