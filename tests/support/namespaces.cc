#include "tests/support/namespaces.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kedge {

Result<void> may_make_namespaces() {
  const pid_t child = fork();
  if (child == 0) {
    const bool may = unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC) == 0 &&
                     mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    _exit(may ? 0 : 1);
  }
  int status = 0;
  if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return Error{ErrorCode::not_found,
               "this process may not make mount, process and network namespaces: it is not root, or "
               "they are forbidden here"};
}

}  // namespace kedge
