// Confinement: this process gives up what it does not need, for ever: a sensor reads everything, and who gets into it
// through what it reads is to get no further.
//
//   - Capabilities: all but those that are asked for, from every set. It stays root's process in name alone.
//   - no_new_privs: no program that it could run would give it more.
//   - Calls of the kernel (seccomp): what a sensor needs is allowed, with these arguments alone where that says
//   something
//     (families of sockets, threads but no processes, no memory that can be written and run). What only an intruder
//     needs kills the process: running a program, listening, mounting, modules, namespaces, debugging others. All else
//     fails with EPERM, and the kernel's log names it.
//
// What the kernel's filter cannot tell apart stays allowed, first of all opening files for writing: the rights of files
// and the service manager's protections stand for that.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace kedge {

struct ConfinementOptions {
  enum class Filter : uint8_t {
    enforce,
    log,  // nothing fails; the kernel's log names what would
    off,
  };
  Filter filter = Filter::enforce;
  std::vector<std::string> capabilities;  // that are kept where this process has them: "dac_read_search"
};

// To be called before any thread is started. What was kept of the capabilities. An error where the process has threads,
// or the kernel refuses: it is then confined in part, and should end.
Result<std::vector<std::string>> confine(const ConfinementOptions& options);

// Whether this process has the capability now.
bool has_capability(const std::string& name);

}  // namespace kedge
