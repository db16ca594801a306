// What a command reads: a file or the standard input, as it is or, where it is gzip's, what it holds.
#pragma once

#include <zlib.h>

#include <array>
#include <memory>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kedge {

// Hands on what is there instead of waiting until a buffer is full, and in_avail() says whether more can be had without
// waiting: who reads a pipe can answer what has come. What cannot be read to its end, or as gzip's is damaged or cut
// off, makes its stream bad().
class InputBuffer : public std::streambuf {
 public:
  // Closes the descriptor in the end, unless it is the standard input.
  explicit InputBuffer(int descriptor) : descriptor_(descriptor) {}
  static Result<std::unique_ptr<InputBuffer>> open(const std::string& path);
  ~InputBuffer() override;
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

 protected:
  int_type underflow() override;
  std::streamsize showmanyc() override;

 private:
  enum class Form { unknown, plain, gzip, behind_gzip };

  bool has_more() const { return !raw_.empty() || inflater_is_full_ || !ended_; }
  void advance();
  void read();
  void find_form();
  void begin_frame();
  void inflate_raw();

  const int descriptor_;
  bool ended_ = false;  // nothing more can be read
  Form form_ = Form::unknown;
  std::array<char, 1U << 18U> bytes_{};
  std::string_view raw_;  // what of bytes_ was not yet handed on
  z_stream inflater_{};
  bool inflater_is_full_ = false;  // it has more to give than there was room for
  std::vector<char> inflated_;     // empty: the inflater is not in use
};

}  // namespace kedge
