#include "host/process_signs.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>

#include "base/nearest.h"
#include "host/file_state.h"

namespace kedge {
namespace {

using Kind = ProcessSignKind;

constexpr std::array<std::string_view, 9> kKinds = {"runs_deleted",         "runs_memory",  "runs_hidden",
                                                    "runs_from_open_place", "maps_deleted", "maps_memory",
                                                    "maps_from_open_place", "preload",      "preload_file"};
constexpr size_t kValueMax = 4'096;

// What libraries make for code that they generate. Anybody can take these names: they are told, but alarm nobody.
constexpr std::array<std::string_view, 2> kGenerated = {"/memfd:doublemapper", "/memfd:libffi"};

bool lies_in_any_of(const std::string& path, const std::vector<std::string>& places) {
  return std::any_of(places.begin(), places.end(), [&](const std::string& place) { return path.starts_with(place); });
}

ProcessSign sign(Kind kind, const ImageFile& file, std::string place = "") {
  return {kind, file, "", std::move(place)};
}

void look_at_program(const ProcessSeen& seen, const std::vector<std::string>& open_places,
                     std::vector<ProcessSign>& signs) {
  const ImageFile& program = *seen.process.image;
  if (program.is_in_memory()) {
    signs.push_back(sign(Kind::runs_memory, program));
  } else if (program.is_deleted) {
    signs.push_back(sign(Kind::runs_deleted, program));
  } else if (lies_in_any_of(program.path, open_places)) {
    signs.push_back(sign(Kind::runs_from_open_place, program));
  } else if (seen.in_its_place && program.inode != 0 &&
             (seen.in_its_place->device != program.device || seen.in_its_place->inode != program.inode)) {
    signs.push_back(sign(Kind::runs_hidden, program));
  }
}

void look_at_mappings(const ProcessSeen& seen, const std::vector<std::string>& open_places,
                      std::vector<ProcessSign>& signs) {
  for (const MappedFile& mapped : seen.mapped) {
    const ImageFile& file = mapped.file;
    const bool is_program = file.path == seen.process.image->path && file.is_deleted == seen.process.image->is_deleted;
    if (is_program) continue;
    if (file.is_in_memory()) {
      signs.push_back(sign(Kind::maps_memory, file, mapped.place));
    } else if (file.is_deleted) {
      signs.push_back(sign(Kind::maps_deleted, file, mapped.place));
    } else if (lies_in_any_of(file.path, open_places)) {
      signs.push_back(sign(Kind::maps_from_open_place, file, mapped.place));
    }
  }
}

bool concerns(const MeaningOfSigns& line, const ProcessSign& sign) {
  if (!line.kinds.empty() && std::find(line.kinds.begin(), line.kinds.end(), sign.kind) == line.kinds.end()) {
    return false;
  }
  const std::string& subject = sign.value.empty() ? sign.file.path : sign.value;
  return std::any_of(line.patterns.begin(), line.patterns.end(), [&](const std::string& pattern) {
    return fnmatch(pattern.c_str(), subject.c_str(), FNM_NOESCAPE) == 0;
  });
}

MutationSeverity usual_severity(const ProcessSign& sign, SignOrigin origin) {
  const bool is_known = origin == SignOrigin::known;
  switch (sign.kind) {
    case Kind::runs_memory:
      return is_known ? MutationSeverity::medium : MutationSeverity::critical;
    case Kind::maps_memory: {
      const bool is_generated = std::find(kGenerated.begin(), kGenerated.end(), sign.file.path) != kGenerated.end();
      return is_known || is_generated ? MutationSeverity::low : MutationSeverity::high;
    }
    case Kind::preload:
      return is_known ? MutationSeverity::medium : MutationSeverity::high;
    case Kind::preload_file:
      return MutationSeverity::critical;
    default:
      return is_known ? MutationSeverity::medium : MutationSeverity::high;
  }
}

const char* usual_technique(Kind kind) {
  switch (kind) {
    case Kind::runs_deleted:
    case Kind::runs_memory:
    case Kind::maps_memory:
      return "T1620";
    case Kind::runs_hidden:
      return "T1036.005";
    case Kind::runs_from_open_place:
      return "T1564.001";
    case Kind::maps_deleted:
    case Kind::maps_from_open_place:
      return "T1574";
    case Kind::preload:
    case Kind::preload_file:
      break;
  }
  return "T1574.006";
}

}  // namespace

std::string_view to_string(ProcessSignKind kind) { return kKinds.at(static_cast<size_t>(kind)); }

Result<ProcessSignKind> parse_process_sign(std::string_view text) {
  const auto found = std::find(kKinds.begin(), kKinds.end(), text);
  if (found != kKinds.end()) return static_cast<Kind>(found - kKinds.begin());
  return Error{ErrorCode::invalid, fmt::format("must be one of {}{}", fmt::join(kKinds, ", "),
                                               did_you_mean(text, {kKinds.begin(), kKinds.end()}))};
}

std::string ProcessSign::key() const {
  std::string key = fmt::format("{} {}", to_string(kind), visible(file.path));
  if (!value.empty()) return key + " " + visible(value);
  if (!is_in_memory()) key += fmt::format(" {}:{}", file.device, file.inode);
  return key;
}

std::vector<ProcessSign> signs_of(const ProcessSeen& seen, const std::vector<std::string>& open_places) {
  std::vector<ProcessSign> signs;
  if (!seen.process.image) return signs;
  look_at_program(seen, open_places, signs);
  look_at_mappings(seen, open_places, signs);
  for (const auto& [name, value] : seen.environment) {
    if (value.find_first_not_of(" :") == std::string::npos) continue;
    ImageFile file;
    file.path = value.substr(0, value.find_first_of(" :"));
    signs.push_back({Kind::preload, std::move(file), name + "=" + value.substr(0, kValueMax), ""});
  }
  return signs;
}

const std::vector<std::string>& default_open_places() {
  static const std::vector<std::string> kPlaces = {"/tmp/", "/var/tmp/", "/dev/shm/", "/run/shm/"};
  return kPlaces;
}

Meaning meaning_of(const ProcessSign& sign, SignOrigin origin, const std::vector<MeaningOfSigns>& own) {
  const bool is_loader = sign.kind == Kind::preload || sign.kind == Kind::preload_file;
  Meaning meaning{is_loader ? MutationCategory::loader : MutationCategory::process,
                  usual_severity(sign, origin),
                  {usual_technique(sign.kind)},
                  false};
  const auto line = std::find_if(own.begin(), own.end(), [&](const auto& one) { return concerns(one, sign); });
  if (line == own.end()) return meaning;
  meaning.quiet = line->quiet;
  meaning.severity = line->severity;
  if (!line->technique.empty()) meaning.techniques = {line->technique};
  return meaning;
}

}  // namespace kedge
