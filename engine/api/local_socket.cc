#include "api/local_socket.h"

#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

namespace kedge {
namespace {

constexpr int kBacklog = 16;

Error system_error(ErrorCode code, const std::string& what, int number) {
  return {code, what + ": " + std::error_code(number, std::generic_category()).message()};
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::limit, path + ": a socket's path has at most " +
                                       std::to_string(sizeof address.sun_path - 1) +
                                       " characters: choose a shorter data directory"};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

const sockaddr* as_sockaddr(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

Descriptor new_socket() { return Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

Result<void> give_to_group(const std::string& path, const std::string& group) {
  const auto gid = group_named(group);
  if (!gid) return gid.error();
  if (chown(path.c_str(), static_cast<uid_t>(-1), *gid) != 0 || chmod(path.c_str(), 0660) != 0) {
    return system_error(ErrorCode::refused, path + ": giving it to the group '" + group + "'", errno);
  }
  return {};
}

// Waits until the socket is ready for `events`. What is ready already is taken even after the deadline.
Result<void> wait_for(const Descriptor& socket, short events, const Deadline& patience) {
  for (;;) {
    const Duration left = std::max(Duration(0), patience.deadline - patience.clock.elapsed());
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    pollfd waits[2] = {{socket.get(), events, 0}, {patience.cancel, POLLIN, 0}};
    const int ready = poll(waits, 2, static_cast<int>(std::min<int64_t>(milliseconds, 60'000)));
    if (ready < 0 && errno != EINTR) return system_error(ErrorCode::internal, "poll", errno);
    if (ready > 0 && waits[1].revents != 0) return Error{ErrorCode::unavailable, "the daemon is being stopped"};
    if (ready > 0) return {};
    if (left == Duration(0)) return Error{ErrorCode::timeout, "the other side took too long"};
  }
}

}  // namespace

Result<gid_t> group_named(const std::string& name) {
  std::vector<char> buffer(64U << 10U);
  group entry{};
  group* found = nullptr;
  if (getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return Error{ErrorCode::invalid, "there is no group '" + name + "' on this machine"};
  }
  return found->gr_gid;
}

Result<Descriptor> connect_to(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return address.error();
  Descriptor socket = new_socket();
  if (connect(socket.get(), as_sockaddr(*address), sizeof *address) == 0) return socket;
  switch (errno) {
    case ENOENT:
    case ECONNREFUSED:
      return Error{ErrorCode::not_found, path + ": no daemon listens there"};
    case EACCES:
    case EPERM:
      return Error{ErrorCode::refused, path + ": only the daemon's user and group may use it"};
    case EAGAIN:
      return Error{ErrorCode::unavailable, path + ": too many others are talking to the daemon, try again"};
    default:
      return system_error(ErrorCode::unavailable, path, errno);
  }
}

Result<Descriptor> listen_at(const std::string& path, const std::string& group) {
  const auto address = address_of(path);
  if (!address) return address.error();
  Descriptor socket = new_socket();
  fchmod(socket.get(), 0600);  // what the file is made with: nobody else can connect in between
  unlink(path.c_str());
  if (bind(socket.get(), as_sockaddr(*address), sizeof *address) != 0) {
    return system_error(ErrorCode::unavailable, path, errno);
  }
  if (!group.empty()) {
    if (auto given = give_to_group(path, group); !given) return given.error();
  }
  if (listen(socket.get(), kBacklog) != 0) return system_error(ErrorCode::unavailable, path, errno);
  return socket;
}

Result<std::string> read_line(const Descriptor& socket, size_t bytes_max, const Deadline& patience) {
  std::string line;
  std::vector<char> buffer(16U << 10U);
  for (;;) {
    if (auto ready = wait_for(socket, POLLIN, patience); !ready) return ready.error();
    const ssize_t count = recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count < 0) return system_error(ErrorCode::unavailable, "reading", errno);
    if (count == 0) return Error{ErrorCode::unavailable, "the other side hung up before it had said all"};
    const std::string_view came(buffer.data(), static_cast<size_t>(count));
    const size_t end = came.find('\n');
    line.append(came.substr(0, end));
    if (line.size() > bytes_max) {
      return Error{ErrorCode::limit, "what came is longer than " + std::to_string(bytes_max) + " bytes"};
    }
    if (end != came.npos) return line;
  }
}

Result<void> write_all(const Descriptor& socket, std::string_view bytes, const Deadline& patience) {
  while (!bytes.empty()) {
    if (auto ready = wait_for(socket, POLLOUT, patience); !ready) return ready.error();
    const ssize_t count = send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count < 0) return system_error(ErrorCode::unavailable, "writing", errno);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

}  // namespace kedge
