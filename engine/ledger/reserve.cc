#include "ledger/reserve.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace kedge {
namespace {

constexpr off_t kReserveBytes = 1 << 20;

}  // namespace

Reserve::Reserve(std::string path) : path_(std::move(path)) { restock(); }

bool Reserve::spend() {
  if (!stocked_) return false;
  stocked_ = false;
  spent_ = true;
  return unlink(path_.c_str()) == 0;
}

void Reserve::restock() {
  if (stocked_) return;
  const int descriptor = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return;
  stocked_ = posix_fallocate(descriptor, 0, kReserveBytes) == 0;
  close(descriptor);
  if (stocked_) {
    spent_ = false;
  } else {
    unlink(path_.c_str());
  }
}

}  // namespace kedge
