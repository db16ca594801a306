// LossyDisk: a disk that loses what was not synced when its machine dies: of each file some of the writes since its
// last sync are there afterwards, in whole or in part, and others are not.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "tests/ledger/sqlite_disk.h"

namespace kedge {

class LossyDisk final : public SqliteDisk {
 public:
  struct Mishaps {
    std::function<bool()> dies;  // asked before every call; true: whoever calls is dead, and nothing is done
    std::function<bool()> is_full;
    std::function<bool()> lies;  // asked at each sync; true: it is answered, and nothing is safe
  };
  LossyDisk(Mishaps mishaps, uint64_t seed) : mishaps_(std::move(mishaps)), dice_(seed) {}

  int write(const std::string& path, std::string_view bytes, int64_t offset) override;
  int truncate(const std::string& path, int64_t size) override;
  int sync(const std::string& path) override;
  int remove(const std::string& path) override;

  // The machine dies and starts again. Nobody has a file open.
  void lose_what_is_not_synced();

 private:
  struct Write {
    std::string bytes;
    int64_t offset = 0;
    bool cuts = false;  // the file, at the offset
  };
  struct File {
    std::string synced;
    std::vector<Write> since;
  };
  static void apply(const Write&, std::string& content);
  void perhaps_apply(const Write&, std::string& content);

  const Mishaps mishaps_;
  Random dice_;
  std::map<std::string, File> files_;
};

}  // namespace kedge
