// The only entry points are confine() and has_capability().
#include "agent/confinement.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "host/processes.h"

namespace kedge {
namespace {

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

// Of all kinds of machines: a name that this one does not have is left out.
constexpr const char* kAllowed[] = {
    // files
    "access", "chdir", "close", "close_range", "creat", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64",
    "fallocate", "fchdir", "fchmod", "fcntl", "fdatasync", "fgetxattr", "flistxattr", "flock", "fstat", "fstatfs",
    "fsync", "ftruncate", "getcwd", "getdents", "getdents64", "getxattr", "lgetxattr", "listxattr", "llistxattr",
    "lseek", "lstat", "mkdir", "mkdirat", "newfstatat", "open", "openat", "openat2", "pread64", "preadv", "preadv2",
    "pwrite64", "pwritev", "pwritev2", "read", "readlink", "readlinkat", "readv", "rename", "renameat", "renameat2",
    "rmdir", "stat", "statfs", "statx", "sync_file_range", "truncate", "umask", "unlink", "unlinkat", "write", "writev",
    // what is told
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2",
    "fanotify_init", "fanotify_mark", "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch",
    "name_to_handle_at", "open_by_handle_at", "pipe", "pipe2", "poll", "ppoll", "pselect6", "select", "timerfd_create",
    "timerfd_gettime", "timerfd_settime",
    // memory, threads, signals
    "brk", "exit", "exit_group", "futex", "futex_waitv", "get_robust_list", "madvise", "membarrier", "mincore",
    "mremap", "msync", "munmap", "restart_syscall", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
    "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "sched_get_priority_max", "sched_get_priority_min",
    "sched_getaffinity", "sched_getattr", "sched_getparam", "sched_getscheduler", "sched_yield", "set_robust_list",
    "set_tid_address", "sigaltstack", "arch_prctl",
    // who and when
    "capget", "clock_getres", "clock_gettime", "clock_nanosleep", "getcpu", "getegid", "geteuid", "getgid", "getgroups",
    "getitimer", "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getrandom", "getresgid", "getresuid",
    "getrlimit", "getrusage", "getsid", "gettid", "gettimeofday", "getuid", "nanosleep", "sysinfo", "time", "times",
    "uname",
    // the network, outwards
    "bind", "connect", "getpeername", "getsockname", "getsockopt", "recvfrom", "recvmmsg", "recvmsg", "sendmmsg",
    "sendmsg", "sendto", "setsockopt", "shutdown"};

// What only an intruder needs.
constexpr const char* kDeadly[] = {"accept",
                                   "accept4",
                                   "acct",
                                   "add_key",
                                   "adjtimex",
                                   "bpf",
                                   "chroot",
                                   "clock_adjtime",
                                   "clock_settime",
                                   "delete_module",
                                   "execve",
                                   "execveat",
                                   "finit_module",
                                   "fork",
                                   "fsmount",
                                   "fsopen",
                                   "init_module",
                                   "io_uring_setup",
                                   "ioperm",
                                   "iopl",
                                   "kexec_file_load",
                                   "kexec_load",
                                   "keyctl",
                                   "listen",
                                   "mount",
                                   "mount_setattr",
                                   "move_mount",
                                   "open_tree",
                                   "perf_event_open",
                                   "pidfd_getfd",
                                   "pivot_root",
                                   "process_vm_readv",
                                   "process_vm_writev",
                                   "ptrace",
                                   "quotactl",
                                   "reboot",
                                   "request_key",
                                   "sethostname",
                                   "setns",
                                   "settimeofday",
                                   "swapoff",
                                   "swapon",
                                   "umount2",
                                   "unshare",
                                   "userfaultfd",
                                   "vfork"};

constexpr uint64_t kNewNamespaces =
    CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWUTS;
constexpr uint64_t kWriteAndRun = PROT_WRITE | PROT_EXEC;
constexpr uint64_t kWord = UINT32_MAX;  // of an argument that the kernel reads 32 bits of

Error failed(const std::string& what, int number) {
  const ErrorCode code = number == EPERM || number == EACCES ? ErrorCode::refused : ErrorCode::unavailable;
  return {code, fmt::format("cannot {}: {}", what, std::strerror(number))};
}

// Gathers rules and the first thing that went wrong.
class Rules {
 public:
  explicit Rules(scmp_filter_ctx filter) : filter_(filter) {}

  void add(uint32_t action, const char* name, const std::vector<scmp_arg_cmp>& arguments = {}) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR || error_ != 0) return;
    error_ = seccomp_rule_add_array(filter_, action, number, static_cast<unsigned>(arguments.size()),
                                    arguments.empty() ? nullptr : arguments.data());
  }
  void allow(const char* name, const std::vector<scmp_arg_cmp>& arguments = {}) {
    add(SCMP_ACT_ALLOW, name, arguments);
  }
  int error() const { return error_; }

 private:
  scmp_filter_ctx filter_;
  int error_ = 0;
};

scmp_arg_cmp is(unsigned argument, uint64_t value, uint64_t mask = kWord) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

void allow_with_arguments(Rules& rules) {
  for (const int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}) {
    rules.allow("socket", {is(0, static_cast<uint64_t>(family))});
  }
  rules.allow("socketpair", {is(0, AF_UNIX)});
  rules.allow("clone", {is(0, CLONE_THREAD, CLONE_THREAD | kNewNamespaces)});
  rules.add(SCMP_ACT_ERRNO(ENOSYS), "clone3");  // its arguments cannot be seen; libc falls back to clone
  for (const uint64_t rights : {uint64_t{0}, uint64_t{PROT_WRITE}, uint64_t{PROT_EXEC}}) {
    rules.allow("mmap", {is(2, rights, kWriteAndRun)});
  }
  for (const char* name : {"mprotect", "pkey_mprotect"}) rules.allow(name, {is(2, 0, PROT_EXEC)});
  for (const uint64_t what : {uint64_t{TCGETS}, uint64_t{TIOCGWINSZ}, uint64_t{FIONREAD}, uint64_t{FIONBIO},
                              uint64_t{SIOCGIFNAME}, uint64_t{SIOCGIFINDEX}, uint64_t{SIOCGIFCONF},
                              uint64_t{SIOCGIFFLAGS}, uint64_t{SIOCGIFADDR}, uint64_t{kQueryMapping}}) {
    rules.allow("ioctl", {is(1, what)});
  }
  for (const uint64_t what : {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_CAPBSET_READ, PR_SET_VMA}) {
    rules.allow("prctl", {is(0, what)});
  }
  for (const char* name : {"tgkill", "rt_tgsigqueueinfo"}) rules.allow(name, {is(0, static_cast<uint64_t>(getpid()))});
  rules.allow("prlimit64", {is(0, 0), {2, SCMP_CMP_EQ, 0, 0}});  // asks, and of this process alone
}

Result<void> filter_calls(ConfinementOptions::Filter wanted) {
  const bool enforces = wanted == ConfinementOptions::Filter::enforce;
  const Filter filter(seccomp_init(enforces ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_LOG), &seccomp_release);
  if (filter == nullptr) return failed("make a filter of calls", ENOMEM);
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_LOG, 1);
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a tree: the list is long
  Rules rules(filter.get());
  for (const char* name : kAllowed) rules.allow(name);
  allow_with_arguments(rules);
  for (const char* name : kDeadly) {
    if (enforces) rules.add(SCMP_ACT_KILL_PROCESS, name);
  }
  if (rules.error() != 0) return failed("make a filter of calls", -rules.error());
  if (const int loaded = seccomp_load(filter.get()); loaded != 0) return failed("filter calls (seccomp)", -loaded);
  return {};
}

size_t threads() {
  std::error_code wrong;
  size_t count = 0;
  for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator("/proc/self/task", wrong)) ++count;
  return count;
}

Result<std::vector<std::string>> lower(const std::vector<std::string>& wanted) {
  std::vector<std::string> kept;
  if (capng_get_caps_process() != 0) return failed("read the capabilities", errno);
  const bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
  std::vector<int> numbers;
  for (const std::string& name : wanted) {
    const int number = capng_name_to_capability(name.c_str());
    if (number < 0 || capng_have_capability(CAPNG_PERMITTED, static_cast<unsigned>(number)) == 0) continue;
    numbers.push_back(number);
    kept.push_back(name);
  }
  capng_clear(may_bound ? CAPNG_SELECT_ALL : static_cast<capng_select_t>(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT));
  for (const int number : numbers) {
    auto sets = static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED);
    if (may_bound) sets = static_cast<capng_type_t>(sets | CAPNG_BOUNDING_SET);
    capng_update(CAPNG_ADD, sets, static_cast<unsigned>(number));
  }
  const int done =
      capng_apply(may_bound ? CAPNG_SELECT_ALL : static_cast<capng_select_t>(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT));
  if (done != 0) return failed("lower the capabilities", EPERM);
  return kept;
}

}  // namespace

Result<std::vector<std::string>> confine(const ConfinementOptions& options) {
  if (threads() != 1) return Error{ErrorCode::internal, "a process that has threads cannot be confined"};
  auto kept = lower(options.capabilities);
  if (!kept) return kept.error();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("set no_new_privs", errno);
  if (options.filter != ConfinementOptions::Filter::off) {
    if (auto done = filter_calls(options.filter); !done) return done.error();
  }
  return kept;
}

bool has_capability(const std::string& name) {
  const int number = capng_name_to_capability(name.c_str());
  if (number < 0 || capng_get_caps_process() != 0) return false;
  return capng_have_capability(CAPNG_EFFECTIVE, static_cast<unsigned>(number)) != 0;
}

}  // namespace kedge
