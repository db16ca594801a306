// ProcessSigns: what about a running process says that somebody has put something into it, or that it runs what nobody
// can look at any more. Which of these signs are an upgrade's work is another question (ProcessJudge).
//
// A value without I/O.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "host/mutation_policy.h"
#include "host/processes.h"

namespace kedge {

enum class ProcessSignKind : uint8_t {
  runs_deleted,          // its program's file has no name any more: it was removed, or another took its place
  runs_memory,           // its program was never a file (memfd_create)
  runs_hidden,           // another file stands where its program's is said to be
  runs_from_open_place,  // its program lies where everybody may write
  maps_deleted,          // it has mapped a file that has no name any more, to run it
  maps_memory,
  maps_from_open_place,
  preload,       // LD_PRELOAD or LD_AUDIT was set for it
  preload_file,  // /etc/ld.so.preload names libraries: for every process
};
std::string_view to_string(ProcessSignKind);
Result<ProcessSignKind> parse_process_sign(std::string_view);

struct ProcessSign {
  ProcessSignKind kind = ProcessSignKind::runs_deleted;
  ImageFile file;     // the program, or what is mapped; of a preload the path alone
  std::string value;  // of a preload: what the variable, or the file, says
  std::string place;  // of what is mapped: as /proc/PID/map_files names it

  // What is the same in all processes that show it. Files in memory differ in each, but in their names.
  std::string key() const;
  bool is_deleted() const { return kind == ProcessSignKind::runs_deleted || kind == ProcessSignKind::maps_deleted; }
  bool is_in_memory() const { return kind == ProcessSignKind::runs_memory || kind == ProcessSignKind::maps_memory; }
};

struct ProcessSeen {
  Process process;
  std::vector<MappedFile> mapped;
  std::map<std::string, std::string> environment;  // of what kPreloadVariables names
  std::optional<ImageFile> in_its_place;           // what the path of its program leads to now; none: not to be seen
};
inline constexpr const char* kPreloadVariables[] = {"LD_PRELOAD", "LD_AUDIT"};

// Each with its own; `open_places`: directories, with a slash at their ends.
std::vector<ProcessSign> signs_of(const ProcessSeen&, const std::vector<std::string>& open_places);

// The directories where everybody may write.
const std::vector<std::string>& default_open_places();

// A line of the policy.
struct MeaningOfSigns {
  std::vector<ProcessSignKind> kinds;  // empty: any
  std::vector<std::string> patterns;   // of fnmatch(3), over the path of the file, or over what a preload names
  bool quiet = false;
  MutationSeverity severity = MutationSeverity::high;
  std::string technique;  // empty: the usual one
};

// How much is known of a sign's file.
enum class SignOrigin : uint8_t {
  unknown,  // nobody knows what it is
  known,    // it holds what the baseline or an installed package has
};
Meaning meaning_of(const ProcessSign&, SignOrigin, const std::vector<MeaningOfSigns>& own);

}  // namespace kedge
