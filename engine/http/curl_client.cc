// One Handle is one libcurl easy handle with its own small cache of connections. A send borrows a handle, and with it a
// Transfer: the request, what has come of the response, and why it was broken off, if it was. Entry point:
// CurlClient::send.
#include "http/curl_client.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "http/url.h"

namespace kedge {
namespace {

long milliseconds(Duration duration) {
  // libcurl takes 0 for "never".
  return static_cast<long>(std::max<int64_t>(1, std::chrono::ceil<std::chrono::milliseconds>(duration).count()));
}

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

void append(HeaderList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  list.reset(longer);
}

bool is_name(std::string_view text) {
  constexpr std::string_view kToken = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return !text.empty() && text.find_first_not_of(kToken) == std::string_view::npos;
}

bool is_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; });
}

bool has_header(const HttpRequest& request, std::string_view name) {
  return std::ranges::any_of(request.headers, [&](const HttpHeader& h) { return equals_ignoring_case(h.name, name); });
}

// libcurl's form: "Name: value", "Name;" for an empty value, "Name:" for a header of its own that must not be sent.
Result<HeaderList> header_list(const HttpRequest& request) {
  HeaderList list;
  for (const HttpHeader& header : request.headers) {
    if (!is_name(header.name)) return Error{ErrorCode::invalid, "a header's name is empty or holds forbidden bytes"};
    if (!is_value(header.value)) {
      return Error{ErrorCode::invalid, "the value of header " + header.name + " holds control characters"};
    }
    append(list, header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  for (const char* name : {"Accept", "Content-Type", "Expect", "User-Agent"}) {
    if (!has_header(request, name)) append(list, std::string(name) + ":");
  }
  return list;
}

// One exchange, as libcurl's callbacks see it.
struct Transfer {
  const HttpRequest& request;
  CURL* easy;
  HttpResponse response{};
  size_t response_bytes = 0;
  bool too_large = false;
  bool stopped = false;
  std::array<char, CURL_ERROR_SIZE> message{};

  bool admit(size_t bytes) {
    response_bytes += bytes;
    too_large = response_bytes > request.response_bytes_max;
    return !too_large;
  }

  bool sending_began() const {
    long bytes = 0;
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &bytes);
    return bytes > 0;
  }
};

size_t on_header(char* bytes, size_t size, size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  std::string_view line(bytes, size * count);
  if (!transfer.admit(line.size())) return 0;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) transfer.response.headers.clear();  // what came before was a 1xx
  const size_t colon = line.find(':');
  if (line.starts_with("HTTP/") || colon == std::string_view::npos) return size * count;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  transfer.response.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
  return size * count;
}

size_t on_body(char* bytes, size_t size, size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  if (!transfer.admit(size * count)) return 0;
  transfer.response.body.append(bytes, size * count);
  return size * count;
}

int on_progress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(context);
  transfer.stopped = transfer.request.stop.stop_requested();
  return transfer.stopped ? 1 : 0;
}

// When a kept connection dies under a request, libcurl silently sends the request again on a new one. The server may
// have carried out the first: so a write gets no second connection once its first byte is out.
curl_socket_t on_open_socket(void* context, curlsocktype, curl_sockaddr* address) {
  const auto& transfer = *static_cast<Transfer*>(context);
  if (transfer.request.writes && transfer.sending_began()) return CURL_SOCKET_BAD;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void set_method(CURL* easy, const HttpRequest& request) {
  const std::string& method = request.method;
  if (method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (method == "POST" || method == "PUT" || method == "PATCH" || !request.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  } else {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
}

void set_transfer(Transfer& transfer, const std::string& url, curl_slist* headers) {
  CURL* easy = transfer.easy;
  const HttpRequest& request = transfer.request;
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(std::min(request.connect_timeout, request.timeout)));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(request.timeout));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.message.data());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
  set_method(easy, request);
}

void set_rules(CURL* easy, const CurlClient::Options& options) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, options.no_proxy.c_str());
  if (!options.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
}

ErrorCode code_of(CURLcode failure, const Transfer& transfer) {
  const bool began = transfer.sending_began();
  if (transfer.too_large) return ErrorCode::limit;
  if (transfer.stopped) return began ? ErrorCode::timeout : ErrorCode::refused;
  if (began && (failure == CURLE_WEIRD_SERVER_REPLY || failure == CURLE_UNSUPPORTED_PROTOCOL)) {
    return ErrorCode::corrupt;
  }
  if (began) return ErrorCode::timeout;
  if (failure == CURLE_URL_MALFORMAT || failure == CURLE_UNSUPPORTED_PROTOCOL) return ErrorCode::invalid;
  return ErrorCode::unavailable;
}

std::string reason_of(CURLcode failure, const Transfer& transfer) {
  if (transfer.too_large) {
    return "the response is larger than " + std::to_string(transfer.request.response_bytes_max) + " bytes";
  }
  if (transfer.stopped) return "stopped";
  const std::string_view detail(transfer.message.data());
  return detail.empty() ? curl_easy_strerror(failure) : std::string(detail);
}

}  // namespace

struct CurlClient::Handle {
  CURL* easy = curl_easy_init();

  Handle() = default;
  ~Handle() { curl_easy_cleanup(easy); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
};

CurlClient::CurlClient() : CurlClient(Options{}) {}
CurlClient::CurlClient(Options options) : options_(std::move(options)) { curl_global_init(CURL_GLOBAL_DEFAULT); }

CurlClient::~CurlClient() {
  idle_.clear();
  curl_global_cleanup();
}

Result<HttpResponse> CurlClient::send(const HttpRequest& request) {
  const auto url = parse_url(request.url);
  if (!url) return url.error();
  const std::string server = url->scheme + "://" + url->authority();
  const std::string context = request.method + " " + server;
  if (!is_name(request.method)) return Error{ErrorCode::invalid, "the method is empty or holds forbidden bytes"};
  auto headers = header_list(request);
  if (!headers) return headers.error().with(context);
  if (request.stop.stop_requested()) return Error{ErrorCode::refused, context + ": stopped"};

  auto handle = take(server);
  if (!handle) return handle.error().with(context);
  Transfer transfer{.request = request, .easy = (*handle)->easy};
  set_rules(transfer.easy, options_);
  set_transfer(transfer, url->text(), headers->get());
  const CURLcode failure = curl_easy_perform(transfer.easy);
  if (failure != CURLE_OK) {
    Error error{code_of(failure, transfer), reason_of(failure, transfer)};
    give_back(server, std::move(*handle));
    return error.with(context);
  }
  long status = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  transfer.response.status = static_cast<int>(status);
  give_back(server, std::move(*handle));
  return std::move(transfer.response);
}

Result<std::unique_ptr<CurlClient::Handle>> CurlClient::take(const std::string& server) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(idle_, server, &Idle::server);
    if (found != idle_.end()) {
      auto handle = std::move(found->handle);
      idle_.erase(found);
      return handle;
    }
  }
  auto handle = std::make_unique<Handle>();
  if (handle->easy == nullptr) return Error{ErrorCode::unavailable, "libcurl has no memory for a connection"};
  return handle;
}

void CurlClient::give_back(std::string server, std::unique_ptr<Handle> handle) {
  curl_easy_reset(handle->easy);  // forgets the transfer; connections stay
  std::list<Idle> dropped;        // closes its connections after the lock is gone
  const std::lock_guard lock(mutex_);
  idle_.push_front({std::move(server), std::move(handle)});
  if (idle_.size() > options_.idle_connections_max) dropped.splice(dropped.begin(), idle_, std::prev(idle_.end()));
}

}  // namespace kedge
