#include "tests/host/tree_player.h"

#include <memory>

#include "base/random.h"
#include "tests/host/random_operations.h"
#include "tests/host/watching.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

class TreePlayer {
 public:
  explicit TreePlayer(const Play& play) : random_(play.seed) {
    for (uint64_t i = random_.below(40); i > 0; --i) operations_.operate();
    operations_.forget();
    const size_t buffers[] = {4096, 16384, 262144};
    const size_t settled[] = {4'000, 20'000, 16U << 20U};
    watching_ = std::make_unique<Watching>(play.watcher, root_, buffers[random_.below(3)], settled[random_.below(3)]);
  }

  Result<std::string> run(int operations) {
    if (!watching_->open()) return Error{ErrorCode::refused, watching_->why_not()};
    const uint64_t busy = 1 + random_.below(60);  // operations between two reads, in the mean
    for (int i = 0; i < operations; ++i) {
      operations_.operate();
      if (random_.below(busy) == 0) watching_->read_some();
      if (random_.below(150) != 0) continue;
      if (const auto differs = differences(); !differs.empty()) return differs;
    }
    if (const auto differs = differences(); !differs.empty()) return differs;
    operations_.touch_everywhere();
    return differences();
  }

 private:
  std::string differences() {
    operations_.note("-- quiescence");
    watching_->quiesce();
    const std::string differs = watching_->differences();
    return differs.empty() ? "" : differs + operations_.last();
  }

  Random random_;
  const TemporaryDirectory place_;
  const std::string root_ = (place_.path() / "root").string();
  RandomOperations operations_{random_, root_, (place_.path() / "outside").string()};
  std::unique_ptr<Watching> watching_;
};

}  // namespace

Result<std::string> play(const Play& play) { return TreePlayer(play).run(play.operations); }

}  // namespace kedge
