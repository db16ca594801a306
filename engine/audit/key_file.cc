#include "audit/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <sstream>

#include "base/files.h"
#include "base/random.h"

namespace kedge {
namespace {

constexpr size_t kKeyFileBytesMax = 64U << 10U;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

// As write_file_atomically(), but never over what is there.
Result<void> create_file(const std::string& path, std::string_view bytes, mode_t mode) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) {
    const ErrorCode code = errno == EEXIST ? ErrorCode::conflict : ErrorCode::unavailable;
    return Error{code, "cannot create " + path + ": " + std::strerror(errno)};
  }
  const bool written =
      write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && fsync(file) == 0;
  const int number = errno;
  close(file);
  if (written) return {};
  unlink(path.c_str());
  return Error{ErrorCode::no_room, "cannot write " + path + ": " + std::strerror(number)};
}

Result<void> check_owner_and_mode(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) {
    return Error{errno == ENOENT ? ErrorCode::not_found : ErrorCode::refused,
                 "cannot open " + path + ": " + std::strerror(errno)};
  }
  if (!S_ISREG(found.st_mode)) return Error{ErrorCode::refused, path + " is not a file"};
  if ((found.st_mode & kOthers) != 0) {
    return Error{ErrorCode::refused, path + " holds a signing key and others can read or write it: chmod 600 " + path};
  }
  if (found.st_uid != geteuid() && found.st_uid != 0) {
    return Error{ErrorCode::refused, path + " holds a signing key and belongs to somebody else: chown it to its user"};
  }
  return {};
}

}  // namespace

Result<VerifierKey> make_key_file(const std::string& path, const std::string& name) {
  const auto key = SigningKey::from_seed(name, Random().bytes(kEd25519KeyBytes));
  if (!key) return key.error();
  if (access((path + ".pub").c_str(), F_OK) == 0) {
    return Error{ErrorCode::conflict, path + ".pub is there already: name another file"};
  }
  if (const auto done = create_file(path, key->to_text() + "\n", 0600); !done) return done.error();
  if (const auto done = create_file(path + ".pub", key->verifier().to_text() + "\n", 0644); !done) return done.error();
  return key->verifier();
}

Result<SigningKey> read_signing_key(const std::string& path) {
  if (const auto good = check_owner_and_mode(path); !good) return good.error();
  const auto text = read_file(path, kKeyFileBytesMax);
  if (!text) return text.error();
  auto key = SigningKey::parse(text->substr(0, text->find('\n')));
  if (!key) return key.error().with(path);
  if (const size_t end = text->find('\n'); end != std::string::npos && end + 1 != text->size()) {
    return Error{ErrorCode::invalid, path + ": a signing key is one line, as `kedge audit keygen` writes it"};
  }
  return key;
}

Result<std::vector<VerifierKey>> read_verifier_keys(const std::string& path) {
  const auto text = read_file(path, kKeyFileBytesMax);
  if (!text) return text.error();
  std::vector<VerifierKey> keys;
  std::istringstream lines(*text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    if (is_signing_key(line)) {
      return Error{ErrorCode::invalid, path + " is a signing key, a secret: give its .pub, " + path + ".pub"};
    }
    auto key = VerifierKey::parse(line);
    if (!key) return key.error().with(path + ":" + std::to_string(number));
    keys.push_back(*std::move(key));
  }
  if (keys.empty()) return Error{ErrorCode::invalid, path + " holds no key"};
  return keys;
}

}  // namespace kedge
