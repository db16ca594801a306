// Reserve: room on the disk for the last words.
#pragma once

#include <string>

namespace kedge {

// A file of no content that keeps room on the disk: given up when the disk is full, so that the ledger can still say
// so. What is left of that room is for nothing else.
class Reserve {
 public:
  explicit Reserve(std::string path);  // makes it if it can

  // Gives its room back to the disk. False when there is none.
  bool spend();
  // Makes it again, if it is not there. Failing is no error: there is still no room.
  void restock();
  bool stocked() const { return stocked_; }
  // It was given up, and could not be made again yet.
  bool spent() const { return spent_; }

 private:
  const std::string path_;
  bool stocked_ = false;
  bool spent_ = false;
};

}  // namespace kedge
