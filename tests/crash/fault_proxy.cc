#include "tests/crash/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <optional>
#include <stdexcept>

#include "tests/e2e/http.h"

namespace kedge {
namespace {

constexpr size_t kRequestBytesMax = 16U << 20U;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// ---- the wire ------------------------------------------------------------------------------------------------------

// Requests of one connection, one after the other.
class Reader {
 public:
  explicit Reader(int socket) : socket_(socket) {}

  // None: the peer is gone, or it does not speak HTTP.
  std::optional<HttpReceiver::Request> next() {
    size_t end;
    while ((end = held_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return std::nullopt;
    }
    HttpReceiver::Request request = head_of(held_.substr(0, end));
    const std::string length = request.header("content-length");
    const size_t size = length.empty() ? 0 : std::stoul(length);
    while (held_.size() < end + 4 + size) {
      if (!more()) return std::nullopt;
    }
    request.body = held_.substr(end + 4, size);
    held_.erase(0, end + 4 + size);
    return request;
  }

 private:
  bool more() {
    char buffer[16384];
    const ssize_t count = recv(socket_, buffer, sizeof buffer, 0);
    if (count <= 0 || held_.size() > kRequestBytesMax) return false;
    held_.append(buffer, static_cast<size_t>(count));
    return true;
  }

  static HttpReceiver::Request head_of(const std::string& text) {
    HttpReceiver::Request request;
    const std::string first = text.substr(0, text.find("\r\n"));
    request.method = first.substr(0, first.find(' '));
    request.target = first.substr(request.method.size() + 1);
    request.target.erase(std::min(request.target.find(' '), request.target.size()));
    for (size_t at = text.find("\r\n"); at != std::string::npos;) {
      const size_t end = text.find("\r\n", at + 2);
      const std::string line = text.substr(at + 2, end == std::string::npos ? end : end - at - 2);
      at = end;
      const size_t colon = line.find(':');
      if (colon == std::string::npos) continue;
      const size_t value = line.find_first_not_of(' ', colon + 1);
      request.headers.emplace(lower(line.substr(0, colon)), value == std::string::npos ? "" : line.substr(value));
    }
    return request;
  }

  const int socket_;
  std::string held_;
};

std::string on_the_wire(const HttpReceiver::Answer& answer) {
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " Answer\r\n";
  for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
  if (!answer.content_type.empty()) text += "Content-Type: " + answer.content_type + "\r\n";
  return text + "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body;
}

bool send_all(int socket, const std::string& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = send(socket, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (count <= 0) return false;
    done += static_cast<size_t>(count);
  }
  return true;
}

// The peer gets a reset, not an end.
void reset(int socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

// ---- answers that do not come from the API -------------------------------------------------------------------------

HttpReceiver::Answer error_answer(int status, const std::string& code) {
  return {
      .status = status,
      .body = "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>of the fault proxy</Message></Error>",
      .content_type = "application/xml"};
}

// What a proxy of a company's network, or a server that took it for another request, answers.
HttpReceiver::Answer wrong_document(const Call& call) {
  switch (call.subject.size() % 3) {
    case 0:
      return {.body = "<!DOCTYPE html><html><body>Please log in</body></html>", .content_type = "text/html"};
    case 1:
      return {.body = "{}", .content_type = "application/json"};
    default:
      return {.body = "<?xml version=\"1.0\"?><ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>",
              .content_type = "application/xml"};
  }
}

}  // namespace

// ---- the server ----------------------------------------------------------------------------------------------------

FaultProxy::FaultProxy(Options options) : options_(std::move(options)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || bind(listener_, any, size) != 0 || listen(listener_, 128) != 0 ||
      getsockname(listener_, any, &size) != 0) {
    throw std::runtime_error(std::string("no free port on loopback: ") + std::strerror(errno));
  }
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_connections(); });
}

FaultProxy::~FaultProxy() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (const Connection& connection : connections_) {
      if (!connection.ended) shutdown(connection.socket, SHUT_RDWR);
    }
  }
  changed_.notify_all();
  shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  for (Connection& connection : connections_) connection.thread.join();
  close(listener_);
}

void FaultProxy::accept_connections() {
  for (;;) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (closing_ || socket < 0) {
      if (socket >= 0) close(socket);
      if (closing_) return;
      continue;
    }
    connections_.remove_if([](Connection& connection) {
      if (connection.ended) connection.thread.join();
      return connection.ended;
    });
    connections_.push_back({socket, false, {}});
    Connection& connection = connections_.back();
    connection.thread = std::thread([this, &connection, socket] {
      serve(socket);
      const std::lock_guard ending(mutex_);
      close(socket);
      connection.ended = true;
    });
  }
}

void FaultProxy::serve(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Reader reader(socket);
  while (const auto request = reader.next()) {
    if (!handle(socket, *request)) return;
  }
}

// False: the connection is to be closed.
bool FaultProxy::handle(int socket, const HttpReceiver::Request& request) {
  Seen seen;
  seen.call = call_of(request);
  seen.arrived = Clock::now();
  if (options_.plan) seen.fault = options_.plan(seen.call);
  size_t number;
  {
    const std::lock_guard lock(mutex_);
    number = seen_.size();
    seen_.push_back(seen);
    ++under_way_;
  }
  show(seen.call, Moment::arrived);
  const HttpReceiver::Answer answer = answer_to(request, number, seen);
  bool open = false;
  if (answer.status == 0) {
    reset(socket);
  } else {
    const std::string bytes = on_the_wire(answer);
    open = send_all(socket, seen.fault == Fault::answer_twice ? bytes + bytes : bytes);
  }
  const std::lock_guard lock(mutex_);
  seen_[number].status = answer.status;
  --under_way_;
  changed_.notify_all();
  return open;
}

// Status 0: the connection is reset, as it is where nobody stands behind us.
HttpReceiver::Answer FaultProxy::answer_to(const HttpReceiver::Request& request, size_t number, const Seen& seen) {
  HttpReceiver::Answer answer{.status = 0};
  switch (seen.fault) {
    case Fault::none:
    case Fault::answer_twice:
      return deliver(request, number);
    case Fault::unavailable:
      return error_answer(503, "SlowDown");
    case Fault::retry_later:
      answer = error_answer(503, "SlowDown");
      answer.headers.emplace("Retry-After", "1");
      return answer;
    case Fault::conflict:
      return error_answer(409, "OperationAborted");
    case Fault::reset_before:
      return answer;
    case Fault::reset_after:
      deliver(request, number);
      return answer;
    case Fault::request_twice:
      answer = deliver(request, number);
      deliver(request, number);
      return answer;
    case Fault::late_answer:
      answer = deliver(request, number);
      wait(options_.answer_late_by);
      return answer;
    case Fault::late_request:
      wait(options_.delivery_late_by);
      return deliver(request, number);
    case Fault::wrong_document:
      return wrong_document(seen.call);
    case Fault::wrong_document_after:
      deliver(request, number);
      return wrong_document(seen.call);
  }
  return answer;
}

HttpReceiver::Answer FaultProxy::deliver(const HttpReceiver::Request& request, size_t number) {
  Call call;
  {
    const std::lock_guard lock(mutex_);
    if (seen_[number].deliveries++ == 0) seen_[number].delivering = Clock::now();
    call = seen_[number].call;
  }
  HttpReceiver::Answer answer = send_to(options_.upstream, request);
  {
    const std::lock_guard lock(mutex_);
    if (seen_[number].deliveries == 1) seen_[number].delivered = Clock::now();
  }
  show(call, Moment::delivered);
  return answer;
}

void FaultProxy::wait(std::chrono::milliseconds span) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, span, [&] { return closing_; });
}

void FaultProxy::show(const Call& call, Moment moment) {
  Witness witness;
  {
    const std::lock_guard lock(mutex_);
    witness = witness_;
  }
  if (witness) witness(call, moment);
}

void FaultProxy::tell(Witness witness) {
  const std::lock_guard lock(mutex_);
  witness_ = std::move(witness);
}

void FaultProxy::come_to_rest() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return under_way_ == 0; });
}

std::vector<FaultProxy::Seen> FaultProxy::calls() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

std::vector<FaultProxy::Seen> FaultProxy::changes() const {
  std::vector<Seen> found = calls();
  std::erase_if(found, [](const Seen& seen) { return !seen.call.changes; });
  return found;
}

}  // namespace kedge
