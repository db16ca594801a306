#include "host/quarantine_keeper.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>

namespace kedge {

QuarantineKeeper::QuarantineKeeper(Quarantines& quarantines, Clock& clock, Options options,
                                   std::function<void(const QuarantineNews&)> tell)
    : quarantines_(quarantines), clock_(clock), options_(options), tell_(std::move(tell)) {}

QuarantineKeeper::~QuarantineKeeper() { stop(); }

Result<void> QuarantineKeeper::start() {
  stop_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (stop_.get() < 0) return io_error("cannot make", "an eventfd");
  auto monitor = NftMonitor::open();
  if (monitor) {
    monitor_ = std::make_unique<NftMonitor>(*std::move(monitor));
  } else {
    spdlog::warn("{}: isolations are looked at every {} only", monitor.error().message,
                 format_duration(options_.every));
  }
  look();
  thread_ = Thread("quarantine", [this] { keep(); });
  return {};
}

void QuarantineKeeper::stop() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void QuarantineKeeper::look() {
  for (const QuarantineNews& news : quarantines_.check()) tell(news);
}

void QuarantineKeeper::keep() {
  while (wait()) look();
}

bool QuarantineKeeper::wait() {
  std::array<pollfd, 2> waits{{{stop_.get(), POLLIN, 0}, {monitor_ ? monitor_->descriptor() : -1, POLLIN, 0}}};
  const auto every = std::chrono::ceil<std::chrono::milliseconds>(options_.every).count();
  if (poll(waits.data(), waits.size(), static_cast<int>(every)) < 0 && errno != EINTR) return false;
  if (monitor_) monitor_->drain();
  return waits[0].revents == 0;
}

void QuarantineKeeper::tell(const QuarantineNews& news) {
  const std::string key = fmt::format("{} {} {}", news.remediation, to_string(news.kind), news.message);
  const auto known = told_.find(key);
  if (known != told_.end() && clock_.elapsed() - known->second.at < options_.tell_again) {
    ++known->second.more;
    return;
  }
  QuarantineNews told = news;
  if (known != told_.end() && known->second.more > 0) {
    told.message += fmt::format(" ({} times more since it was told last)", known->second.more);
  }
  std::erase_if(told_, [&](const auto& one) { return clock_.elapsed() - one.second.at >= options_.tell_again; });
  told_[key] = {clock_.elapsed(), 0};
  tell_(told);
}

}  // namespace kedge
