// Descriptor: an open file, closed with its owner; and what errno says of a call that failed.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kedge {

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}  // takes it; negative: there is none
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return number_; }

 private:
  int number_;
};

// "cannot open PATH: Permission denied", of the call before it: not_found, refused, no_room, or unavailable.
Error io_error(const std::string& what, const std::string& path);

// All of it, also where a call takes a part only. `path` is for the error.
Result<void> write_all(const Descriptor& file, std::string_view bytes, const std::string& path);

}  // namespace kedge
