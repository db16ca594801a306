#include "source/source.h"

namespace kedge {

std::string_view to_string(PartitionStatus::State state) {
  switch (state) {
    case PartitionStatus::State::asking:
      return "asking";
    case PartitionStatus::State::reading:
      return "reading";
    case PartitionStatus::State::paused:
      return "paused";
    case PartitionStatus::State::stopped:
      return "stopped";
  }
  return "asking";
}

}  // namespace kedge
