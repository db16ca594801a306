// The one program of a test's host: linked statically, so that an image needs nothing else.
//
//   small_service serve PORT FILE   the first process: answers each connection with what FILE holds; before the first
//   answer
//                                   it runs what lies at /usr/bin/implant, if anything does
//   small_service ask PORT          0 where it is answered with something
//   small_service wait              for ever
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

namespace {

sockaddr_in address_of(const char* port, in_addr_t host) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(static_cast<uint16_t>(std::atoi(port)));
  return address;
}

void run_implant() {
  static bool done = false;
  if (done || access("/usr/bin/implant", X_OK) != 0) return;
  done = true;
  if (vfork() == 0) {  // it is the implant when this goes on
    execl("/usr/bin/implant", "implant", "wait", nullptr);
    _exit(1);
  }
}

int serve(const char* port, const char* path) {
  std::signal(SIGPIPE, SIG_IGN);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = address_of(port, INADDR_ANY);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 1;
  if (listen(listener, 64) != 0) return 1;
  for (;;) {
    const int peer = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) continue;
    char text[4096];
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t size = file < 0 ? 0 : read(file, text, sizeof text);
    close(file);
    run_implant();
    if (size > 0 && write(peer, text, static_cast<size_t>(size)) != size) return 1;
    close(peer);
  }
}

int ask(const char* port) {
  const int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = address_of(port, INADDR_LOOPBACK);
  if (connect(peer, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 1;
  char text;
  return read(peer, &text, 1) == 1 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count == 4 && std::strcmp(words[1], "serve") == 0) return serve(words[2], words[3]);
  if (count == 3 && std::strcmp(words[1], "ask") == 0) return ask(words[2]);
  if (count == 2 && std::strcmp(words[1], "wait") == 0) {
    for (;;) pause();
  }
  return 2;
}
