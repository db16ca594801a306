#include "host/overlay_root.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/descriptor.h"
#include "host/file_state.h"
#include "host/mounts.h"

namespace kedge {
namespace {

constexpr int kTries = 16;  // to get a loop device before somebody else does
// What is not followed: an upper directory may come from a host that was taken over.
constexpr const char* kOptions = ",redirect_dir=nofollow,metacopy=off";

Result<void> make_directory(const std::string& path, unsigned mode) {
  if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  return io_error("cannot make", path);
}

Result<void> make_upper(const std::string& path, const std::string& like) {
  struct stat found {};
  if (stat(like.c_str(), &found) != 0) return io_error("cannot read", like);
  if (mkdir(path.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return io_error("cannot make", path);
  }
  if (chown(path.c_str(), found.st_uid, found.st_gid) != 0) return io_error("cannot give away", path);
  if (chmod(path.c_str(), found.st_mode & 07777U) != 0) return io_error("cannot set the mode of", path);
  return {};
}

bool try_mount(const std::string& source, const std::string& place, const char* type, const std::string& options) {
  return ::mount(source.c_str(), place.c_str(), type, MS_RDONLY | MS_NODEV, options.c_str()) == 0;
}

// What would be right, where it will not work the next time either.
Error no_overlay(const std::string& place) {
  const int number = errno;
  Error error = io_error("cannot mount an overlay at", place);
  if (number == ENODEV) error = {ErrorCode::refused, error.message + ": this kernel has no overlayfs, which a root is"};
  if (number == EINVAL) {
    error = {ErrorCode::refused, error.message + ": its directory must lie on ext4, xfs, btrfs or tmpfs"};
  }
  return error;
}

// A read-only loop device of the file, that goes with its last mount.
Result<std::pair<Descriptor, std::string>> loop_device(const std::string& file) {
  const Descriptor control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (control.get() < 0) return io_error("cannot open", "/dev/loop-control");
  const Descriptor backing(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (backing.get() < 0) return io_error("cannot open", file);
  for (int i = 0; i < kTries; ++i) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return io_error("cannot get a loop device for", file);
    const std::string path = "/dev/loop" + std::to_string(number);
    Descriptor device(open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (device.get() < 0) return io_error("cannot open", path);
    loop_config config{};
    config.fd = static_cast<uint32_t>(backing.get());
    config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
    if (ioctl(device.get(), LOOP_CONFIGURE, &config) == 0) return std::pair(std::move(device), path);
    if (errno != EBUSY) return io_error("cannot set up " + path + " for", file);
  }
  return Error{ErrorCode::unavailable, "no loop device is free for " + file};
}

}  // namespace

Result<void> check_layer(const std::string& path) {
  if (path.starts_with('/') && path.find_first_of(",:\\") == std::string::npos) return {};
  return Error{ErrorCode::invalid, "'" + visible(path) + "' must be an absolute path without ',', ':' and '\\'"};
}

Result<void> mount_overlay(const std::string& directory, const std::vector<std::string>& layers) {
  if (layers.empty()) return Error{ErrorCode::internal, "an overlay without a layer"};
  std::string options = "lowerdir=";
  for (const std::string& layer : layers) {
    if (auto good = check_layer(layer); !good) return good;
    options += (&layer == layers.data() ? "" : ":") + layer;
  }
  if (auto good = check_layer(directory); !good) return good;
  const std::string place = directory + "/root";
  if (auto made = make_directory(directory, 0700); !made) return made;
  if (auto made = make_upper(directory + "/upper", layers.front()); !made) return made;
  if (auto made = make_directory(directory + "/work", 0700); !made) return made;
  if (auto made = make_directory(place, 0700); !made) return made;
  if (is_mounted_at(place)) return {};
  options += ",upperdir=" + directory + "/upper,workdir=" + directory + "/work" + kOptions;
  if (::mount("kedge", place.c_str(), "overlay", 0, options.c_str()) == 0) return {};
  return no_overlay(place);
}

Result<void> mount_image(const std::string& file, const std::string& place) {
  if (auto made = make_directory(place, 0700); !made) return made;
  if (is_mounted_at(place)) return {};
  // Newer kernels take the file itself for erofs.
  if (try_mount(file, place, "erofs", "")) return {};
  auto loop = loop_device(file);
  if (!loop) return loop.error();
  for (const char* type : {"erofs", "squashfs"}) {
    if (try_mount(loop->second, place, type, "")) return {};
  }
  return io_error("cannot mount as erofs or squashfs", file);
}

Result<void> mount_read_only(const std::string& directory) {
  if (is_mounted_at(directory)) return {};
  if (::mount(directory.c_str(), directory.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return io_error("cannot mount", directory);
  }
  constexpr unsigned long kFlags = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC;
  if (::mount(nullptr, directory.c_str(), nullptr, kFlags, nullptr) == 0) return {};
  const Error error = io_error("cannot make read-only", directory);
  (void)unmount_at(directory);
  return error;
}

// Nothing is left of a lazy one once nobody uses it: an image's device then goes, too.
Result<void> unmount_at(const std::string& place) {
  while (umount2(place.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
  }
  if (errno == EINVAL || errno == ENOENT) return {};
  return io_error("cannot unmount", place);
}

bool is_mounted_at(const std::string& place) {
  const auto mounts = Mounts::open();
  if (!mounts) return false;
  std::error_code ignored;
  const std::string real = std::filesystem::canonical(place, ignored).string();
  return std::any_of(mounts->all().begin(), mounts->all().end(),
                     [&](const auto& mount) { return mount.second.point == real; });
}

}  // namespace kedge
