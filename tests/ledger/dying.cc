#include "tests/ledger/dying.h"

#include <dlfcn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace kedge {
namespace {

constexpr int kDied = 42;
int calls_left = 0;  // of a child; 0: it lives

void perhaps_die() {
  if (calls_left > 0 && --calls_left == 0) _exit(kDied);
}

template <class Function>
Function* real(const char* name) {
  perhaps_die();
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

bool dies_at(int call, const std::function<void()>& act) {
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no child");
  if (child == 0) {
    calls_left = call;
    act();
    _exit(0);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) throw std::runtime_error("the child was killed");
  const int code = WEXITSTATUS(status);
  if (code != 0 && code != kDied) throw std::runtime_error("the child failed");
  return code == kDied;
}

}  // namespace kedge

extern "C" {

int rename(const char* from, const char* to) noexcept {
  return kedge::real<int(const char*, const char*)>("rename")(from, to);
}
int renameat2(int a, const char* from, int b, const char* to, unsigned flags) noexcept {
  return kedge::real<int(int, const char*, int, const char*, unsigned)>("renameat2")(a, from, b, to, flags);
}
int unlink(const char* path) noexcept { return kedge::real<int(const char*)>("unlink")(path); }
int mkdir(const char* path, mode_t mode) noexcept { return kedge::real<int(const char*, mode_t)>("mkdir")(path, mode); }
int rmdir(const char* path) noexcept { return kedge::real<int(const char*)>("rmdir")(path); }
int fsync(int descriptor) { return kedge::real<int(int)>("fsync")(descriptor); }
int fdatasync(int descriptor) { return kedge::real<int(int)>("fdatasync")(descriptor); }
}
