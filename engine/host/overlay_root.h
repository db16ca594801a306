// The root of a host as an overlay: an image below that nobody writes to, and above it all that the host has changed.
//
//   DIRECTORY/upper   what differs from the image
//   DIRECTORY/work    the kernel's
//   DIRECTORY/root    where both are seen as one
//
// Made anew, it is the image; given up, its upper directory is the drift, whole. Needs CAP_SYS_ADMIN, and a file system
// with trusted attributes under DIRECTORY.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kedge {

// Whether a path may stand in an overlay's options as it is: absolute, without ',', ':' and '\'.
Result<void> check_layer(const std::string& path);

// Mounts it at DIRECTORY/root, with `layers` below, the uppermost first. What is mounted there already stays. Makes the
// directories where they are missing, with the owner and mode of the uppermost layer's root.
Result<void> mount_overlay(const std::string& directory, const std::vector<std::string>& layers);

// Mounts the file system that a file holds (erofs or squashfs), read-only and without devices and setuid's effect taken
// away from it: at `place`, which is made where it is missing. What is mounted there already stays.
Result<void> mount_image(const std::string& file, const std::string& place);

// A directory that cannot be written to from now on through its own name, until unmount_at(), or a start of the
// machine.
Result<void> mount_read_only(const std::string& directory);

// All that is mounted at the place, whoever still uses it. Nothing there is no error.
Result<void> unmount_at(const std::string& place);

bool is_mounted_at(const std::string& place);

}  // namespace kedge
