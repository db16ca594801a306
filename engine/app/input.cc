#include "app/input.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <ios>

namespace kedge {
namespace {

constexpr std::string_view kGzipMark = "\x1F\x8B";
constexpr int kGzipWindow = 15 + 16;  // zlib's number for its largest window, in the frame of gzip

// `timeout_ms`: -1 waits for ever.
bool can_read(int descriptor, int timeout_ms) {
  pollfd one{descriptor, POLLIN, 0};
  return poll(&one, 1, timeout_ms) > 0;
}

}  // namespace

Result<std::unique_ptr<InputBuffer>> InputBuffer::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Error{ErrorCode::not_found, "cannot read " + path};
  return std::make_unique<InputBuffer>(descriptor);
}

InputBuffer::~InputBuffer() {
  if (!inflated_.empty()) inflateEnd(&inflater_);
  if (descriptor_ != STDIN_FILENO) close(descriptor_);
}

InputBuffer::int_type InputBuffer::underflow() {
  while (gptr() == egptr() && has_more()) advance();
  return gptr() == egptr() ? traits_type::eof() : traits_type::to_int_type(*gptr());
}

// Called where nothing is left to get. What has been read may hold nothing yet: a part of gzip's frame.
std::streamsize InputBuffer::showmanyc() {
  while (gptr() == egptr() && has_more()) {
    if (raw_.empty() && !inflater_is_full_ && !can_read(descriptor_, 0)) return 0;
    advance();
  }
  return gptr() == egptr() ? -1 : egptr() - gptr();
}

// One step: reads, if all that was read has been handed on, and then hands on what it holds, if anything.
void InputBuffer::advance() {
  if (raw_.empty() && !inflater_is_full_) read();
  if (form_ == Form::unknown) find_form();
  if (form_ == Form::behind_gzip) begin_frame();
  if (form_ == Form::gzip) return inflate_raw();
  setg(bytes_.data(), bytes_.data(), bytes_.data() + raw_.size());
  raw_ = {};
}

// Adds to raw_, which begins where bytes_ does.
void InputBuffer::read() {
  const size_t kept = raw_.size();
  ssize_t size = 0;
  do {
    size = ::read(descriptor_, bytes_.data() + kept, bytes_.size() - kept);
  } while (size < 0 && (errno == EINTR || (errno == EAGAIN && can_read(descriptor_, -1))));
  if (size < 0) throw std::ios_base::failure("cannot read");
  ended_ = size == 0;
  if (ended_ && form_ == Form::gzip) throw std::ios_base::failure("cut off");
  raw_ = {bytes_.data(), kept + static_cast<size_t>(size)};
}

void InputBuffer::find_form() {
  while (raw_ == kGzipMark.substr(0, 1) && !ended_) read();
  form_ = raw_.starts_with(kGzipMark) ? Form::gzip : Form::plain;
  if (form_ == Form::plain) return;
  inflated_.resize(bytes_.size());
  if (inflateInit2(&inflater_, kGzipWindow) != Z_OK) throw std::ios_base::failure("no memory");
}

// Another frame may follow. Anything else behind one is ignored, as gzip does.
void InputBuffer::begin_frame() {
  if (raw_.starts_with(kGzipMark[0])) {
    inflateReset(&inflater_);
    form_ = Form::gzip;
  } else {
    raw_ = {};
    ended_ = true;
  }
}

void InputBuffer::inflate_raw() {
  inflater_.next_in = reinterpret_cast<Bytef*>(bytes_.data() + (raw_.data() - bytes_.data()));
  inflater_.avail_in = static_cast<uInt>(raw_.size());
  inflater_.next_out = reinterpret_cast<Bytef*>(inflated_.data());
  inflater_.avail_out = static_cast<uInt>(inflated_.size());
  const int status = inflate(&inflater_, Z_NO_FLUSH);
  // Z_BUF_ERROR: it was full, and had no more to give.
  if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) throw std::ios_base::failure("damaged");
  raw_.remove_prefix(raw_.size() - inflater_.avail_in);
  inflater_is_full_ = status == Z_OK && inflater_.avail_out == 0;
  if (status == Z_STREAM_END) form_ = Form::behind_gzip;
  setg(inflated_.data(), inflated_.data(), inflated_.data() + (inflated_.size() - inflater_.avail_out));
}

}  // namespace kedge
