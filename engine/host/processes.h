// Processes of a host, as /proc shows them at this moment: what each runs, which files it has mapped to be run, and who
// holds a socket.
//
// Pure readers of a /proc (of another process namespace, or a test's folder). A process that vanishes while it is read
// is no error: of it there is nothing. What they read is bounded by the constants below.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kedge {

inline constexpr size_t kEnvironmentBytesMax = 256U << 10U;  // of a process; beyond it nothing is read
inline constexpr size_t kMapsBytesMax = 8U << 20U;           // of a process: some 80,000 mappings
inline constexpr size_t kMappingsMax = 80'000;               // of a process, where each is asked for
inline constexpr size_t kDescriptorsMax = 500'000;           // of all processes: half a second

// Where a mapping, or a program, comes from.
struct ImageFile {
  std::string path;         // as the kernel names it, without its " (deleted)": "/usr/bin/ssh", "/memfd:x"
  bool is_deleted = false;  // no name leads to it any more
  uint64_t device = 0;      // as stat(2) has it
  uint64_t inode = 0;

  bool is_in_memory() const { return path.starts_with("/memfd:") && is_deleted; }  // made by memfd_create(2)
  auto operator<=>(const ImageFile&) const = default;
};

struct Process {
  pid_t number = 0;
  pid_t parent = 0;
  uint64_t started = 0;            // in clock ticks since the boot: with the number it names the process
  std::string name;                // as the kernel shortens it
  uint64_t mounts = 0;             // its mount namespace; 0: not to be seen
  std::optional<ImageFile> image;  // none: a thread of the kernel's, or not to be seen
};

// The running ones, by their numbers.
std::vector<pid_t> process_numbers(const std::string& proc = "/proc");

// None: it is gone.
std::optional<Process> read_process(pid_t number, const std::string& proc = "/proc");

// A file of which something is mapped so that it can be run.
struct MappedFile {
  ImageFile file;
  std::string place;  // the first of its mappings, as /proc/PID/map_files names it: "7f3c00000000-7f3c00021000"
};

// Each file once, in the order of the first mapping; empty where the process is gone, or not to be seen. A kernel that
// knows the request (PROCMAP_QUERY, Linux 6.11) is asked for these mappings alone; of another all are read.
std::vector<MappedFile> executable_mappings(pid_t number, const std::string& proc = "/proc");

// The same of the text of a /proc/PID/maps.
std::vector<MappedFile> parse_executable_mappings(std::string_view maps);

// The request by which /proc/PID/maps answers for one mapping, for who says what this process may ask.
extern const unsigned long kQueryMapping;

// What stands behind NAME= in the environment that the process was started with; none: it has no such variable.
std::map<std::string, std::string> environment_of(pid_t number, const std::set<std::string>& names,
                                                  const std::string& proc = "/proc");

// Who has these sockets open: inode → processes, the lowest number first. Best effort: another process may have taken
// and given it away meanwhile; what is not to be seen is not in it.
std::map<uint64_t, std::vector<pid_t>> holders_of_sockets(const std::set<uint64_t>& inodes,
                                                          const std::string& proc = "/proc");

}  // namespace kedge
