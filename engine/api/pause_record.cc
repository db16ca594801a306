#include "api/pause_record.h"

namespace kedge {
namespace {

constexpr std::string_view kFileScope = "file:";

Result<void> commit(Committer& committer, Change change) {
  const Answer answer = committer.commit(std::move(change));
  if (!answer.done()) return answer.error.with("putting the pause file on record");
  return {};
}

}  // namespace

Result<void> record_pause_file(const PauseFile& file, LedgerReader& reader, Committer& committer) {
  const auto pauses = reader.pauses();
  if (!pauses) return pauses.error().with("putting the pause file on record");
  const auto paused = file.paused();
  const std::string scope = std::string(kFileScope) + file.path();
  bool known = false;
  for (const Pause& pause : *pauses) {
    if (!pause.scope.starts_with(kFileScope)) continue;
    if (paused && pause.scope == scope) {
      known = true;
    } else if (auto ended = commit(committer, RemovePause{pause.scope, ""}); !ended) {
      return ended;
    }
  }
  if (!paused || known) return {};
  return commit(committer, AddPause{{scope, *paused, file.maker(), committer.now()}});
}

}  // namespace kedge
