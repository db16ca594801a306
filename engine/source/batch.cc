#include "source/batch.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

#include "base/hash.h"

namespace kedge {
namespace {

constexpr size_t kArenaBytesLeast = 4096;

}  // namespace

Batch::Batch(Source* source, std::shared_ptr<const Assignment> assignment, int64_t from, Room expected)
    : source_(source),
      assignment_(std::move(assignment)),
      from_(from),
      next_(from),
      arena_(std::make_unique<std::pmr::monotonic_buffer_resource>(std::max(expected.bytes, kArenaBytesLeast))) {
  messages_.reserve(expected.messages);
}

void Batch::append(const SourceMessage& message) {
  assert(message.offset >= next_);
  SourceMessage kept = message;
  kept.key = copy(message.key);
  kept.value = copy(message.value);
  if (!message.headers.empty()) {
    const size_t size = message.headers.size() * sizeof(MessageHeader);
    auto* headers = static_cast<MessageHeader*>(arena_->allocate(size, alignof(MessageHeader)));
    for (size_t i = 0; i < message.headers.size(); ++i) {
      new (&headers[i]) MessageHeader{copy(message.headers[i].name), copy(message.headers[i].value)};
    }
    kept.headers = {headers, message.headers.size()};
    bytes_ += size;
  }
  bytes_ += sizeof(SourceMessage);
  messages_.push_back(kept);
  next_ = message.offset + 1;
}

void Batch::seal(Time received) {
  received_ = received;
  if (messages_.empty()) return;
  const SourceMessage& last = messages_.back();
  bookmark_ = {last.offset, last.timestamp, sha256(last.value)};
}

std::string_view Batch::copy(std::string_view bytes) {
  if (bytes.empty()) return {};
  auto* place = static_cast<char*>(arena_->allocate(bytes.size(), 1));
  std::memcpy(place, bytes.data(), bytes.size());
  bytes_ += bytes.size();
  return {place, bytes.size()};
}

}  // namespace kedge
