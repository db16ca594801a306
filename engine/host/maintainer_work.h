// MaintainerWork: what packages' own scripts and triggers make in an upgrade, which no record of dpkg's lists.
//
// Each is explained as far as it can be checked, and otherwise by nothing:
//   - the scripts themselves (info/NAME.postinst and so on): they came together with a new info/NAME.list or .md5sums,
//   as
//     their ctimes say; what dpkg keeps of a package in `info` is gone, and so is the package;
//   - a link that leads to a file that a package has and the upgrade has brought, to a kernel's image that was made
//   anew,
//     or below etc/ssl/certs to a certificate of a package; one that led to a file that was a package's and is gone
//     with it;
//   - the certificates that are trusted (etc/ssl/certs/ca-certificates.crt, etc/ca-certificates.conf): none is in it
//   but
//     those of packages, and of the machine's own as the baseline has them;
//   - a copy that is put aside (NAME.dpkg-old, NAME.ucf-old): it holds what the baseline has under NAME, and
//     no more may read it;
//   - what starts the machine (boot/initrd.img-*, boot/grub/grub.cfg) is made anew, and nobody can say what it is to
//   hold:
//     it counts as such work where dpkg wrote its records right after it.
// As dpkg's records this tells an upgrade from a mutation where root is not the enemy's, and proves nothing beyond
// that.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "host/file_state.h"
#include "host/mutation.h"

namespace kedge {

class MaintainerWork {
 public:
  using Baseline = std::function<const FileState*(const std::string& path)>;  // none: it is not in it
  using Owners = std::map<std::string, std::string>;                          // as package_owners() has them

  // `system`: where the system's root lies. Paths are below it. `was_listed`: whether a package had it at the start.
  MaintainerWork(std::string system, Baseline baseline, std::function<bool(const std::string& path)> was_listed);

  // Of which paths the owners are to be known, to explain this mutation of `path`.
  std::set<std::string> asks(const Mutation&, const std::string& path) const;

  bool explains(const Mutation&, const std::string& path, const Owners& owners) const;

 private:
  bool is_script(const Mutation&, const std::string& path) const;
  bool went_with_its_package(const Mutation&, const std::string& path) const;
  bool leads_to_a_packages(const Mutation&, const std::string& path, const Owners& owners) const;
  bool led_to_a_packages(const Mutation&, const std::string& path, const Owners& owners) const;
  bool is_trust_in_packages(const Mutation&, const std::string& path, const Owners& owners) const;
  bool is_copy_put_aside(const Mutation&, const std::string& path) const;
  bool is_made_to_boot(const Mutation&, const std::string& path, const Owners& owners) const;
  bool is_compiled(const Mutation&, const std::string& path, const Owners& owners) const;
  bool went_with_its_upgrade(const std::string& path, const Owners& owners) const;
  bool is_made_right_before_records(const Mutation&) const;

  std::string end_of_links(const std::string& path) const;
  std::string former_end_of_links(const Mutation&, const std::string& path) const;
  bool is_new(const std::string& path) const;
  std::set<std::string> certificate_files() const;

  const std::string system_;
  const Baseline baseline_;
  const std::function<bool(const std::string& path)> was_listed_;
};

}  // namespace kedge
