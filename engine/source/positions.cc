#include "source/positions.h"

namespace kedge {

std::string_view to_string(ReadingNotice::Kind kind) {
  switch (kind) {
    case ReadingNotice::Kind::gap:
      return "gap";
    case ReadingNotice::Kind::another_log:
      return "another log";
    case ReadingNotice::Kind::foreign_ledger:
      return "foreign ledger";
    case ReadingNotice::Kind::ledger_behind:
      return "ledger behind";
    case ReadingNotice::Kind::started_at_group:
      return "started at group";
    case ReadingNotice::Kind::accepted:
      return "accepted";
  }
  return "gap";
}

}  // namespace kedge
