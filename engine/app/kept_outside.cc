#include "app/kept_outside.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "audit/log_reader.h"
#include "audit/proof.h"
#include "pipeline/checkpoint_file.h"

namespace kedge {
namespace {

constexpr const char* kWhatToDo =
    "Nothing is signed, as the same key would sign two histories. Put the newest copy of the log in its place, with "
    "its "
    "file 'checkpoint' as 'audit-head' in 'data', and the ledger by `kedge ledger restore`. Where there is none, begin "
    "another log: `kedge audit keygen` with another origin, an audit.directory that is empty, another file to publish "
    "to, and 'audit-head' moved away";

std::string entries(uint64_t number) { return fmt::format("{} {}", number, number == 1 ? "entry" : "entries"); }

// In words; none: the log extends it.
Result<std::optional<std::string>> disagreement(const Checkpoint& kept, uint64_t size, const LogReader& reader) {
  if (kept.size > size) {
    return std::optional(fmt::format(
        "has a checkpoint of {}, and the audit log has {}: 'data' was put back to an earlier state, or lost",
        entries(kept.size), entries(size)));
  }
  const auto root = tree_root(kept.size, [&](unsigned level, uint64_t index) { return reader.node(level, index); });
  if (!root) return root.error();
  if (*root == kept.root) return std::optional<std::string>();
  return std::optional(fmt::format(
      "has a checkpoint of {} that the audit log, of {}, does not extend: 'data' was put back to an earlier state, or "
      "lost, and the log went on in another way",
      entries(kept.size), entries(size)));
}

}  // namespace

Result<void> check_extends_kept(const LogWriter& log, const std::string& directory,
                                const std::vector<CheckpointPlaceOptions>& places,
                                const std::vector<VerifierKey>& keys) {
  const LogReader reader(directory, log.published().size);
  for (size_t i = 0; i < places.size(); ++i) {
    const auto* const file = std::get_if<CheckpointFileOptions>(&places[i].place);
    if (file == nullptr) continue;
    const auto kept = last_checkpoints_in(file->path, keys);
    if (!kept) {
      spdlog::warn("whether the audit log was put back is not known: {}", kept.error().message);
      continue;
    }
    for (auto one = kept->rbegin(); one != kept->rend(); ++one) {
      const auto why = disagreement(*one, log.published().size, reader);
      if (!why) return why.error().with(fmt::format("audit.publish_to[{}]: {}", i, file->path));
      if (!*why) continue;
      return Error{ErrorCode::refused, fmt::format("audit.publish_to[{}]: {} {}. {}", i, file->path, **why, kWhatToDo)};
    }
  }
  return {};
}

}  // namespace kedge
