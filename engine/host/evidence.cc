#include "host/evidence.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/files.h"
#include "host/file_evidence.h"
#include "host/login_evidence.h"
#include "host/process_evidence.h"
#include "host/socket_evidence.h"

namespace kedge {
namespace {

constexpr size_t kRawBytesMax = 16U << 20U;

// What the kernel says, as it says it.
void capture_raw(EvidenceWriter& writer, const std::string& path, const std::string& name) {
  if (writer.is_late()) return writer.cut(name, std::nullopt, "after " + format_duration(writer.limits().time));
  const auto text = read_file(path, std::min(kRawBytesMax, writer.room()));
  if (text) return writer.write("raw/" + name, *text);
  if (text.error().code != ErrorCode::not_found) writer.cut(name, std::nullopt, text.error().message);
}

std::string kernel() {
  utsname found{};
  return uname(&found) == 0 ? std::string(found.release) : "";
}

}  // namespace

Result<Evidence> capture_evidence(const EvidenceRequest& request, const std::string& directory, const std::string& id,
                                  Clock& clock) {
  const std::string place = directory + "/" + id;
  if (!id.empty() && id.front() != '.' && access(place.c_str(), F_OK) == 0) return read_evidence(place);
  auto writer = EvidenceWriter::create(directory, id, request.limits, clock);
  if (!writer) return writer.error();
  Json about = Json::object();
  put_text(about, "host", request.host);
  put_text(about, "root", request.root);
  about["begun"] = format_time(clock.now());
  about["boot"] = clock.boot_id();
  about["kernel"] = kernel();
  const std::string process = request.init ? std::to_string(*request.init) : "self";
  const SeenProcesses seen = capture_processes(**writer, request.init);
  capture_sockets(**writer, seen);
  capture_raw(**writer, "/proc/" + process + "/mountinfo", "mountinfo");
  capture_raw(**writer, "/proc/modules", "modules");
  for (const auto& [network, member] : seen.network_namespaces) {
    for (const char* table : {"arp", "route", "ipv6_route"}) {
      capture_raw(**writer, fmt::format("/proc/{}/net/{}", member, table), fmt::format("{}-{}", table, network));
    }
  }
  capture_logins(**writer, request.root);
  capture_files(**writer, request.root, request.paths);
  about["ended"] = format_time(clock.now());
  return (*writer)->finish(std::move(about));
}

}  // namespace kedge
