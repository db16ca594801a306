// A log for others' tools to read: written in publications of many sizes, with each checkpoint kept.
//
//   audit_make_log DIRECTORY   DIRECTORY/log, DIRECTORY/log.pub, and DIRECTORY/kept with a checkpoint for each size
#include <filesystem>
#include <fstream>
#include <iostream>

#include "audit/log_writer.h"

namespace {

using namespace kedge;

// Partial files that grow, tiles that become full in one publication or two, and one of level 2.
constexpr uint64_t kSizes[] = {1,   2,   3,    200,    255,    256,    257,    511,
                               512, 700, 1024, 30'000, 65'535, 65'536, 65'537, 66'000};

int fail(const Error& error) {
  std::cerr << error.message << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return fail({ErrorCode::invalid, "audit_make_log DIRECTORY"});
  const std::string directory = argv[1];
  std::filesystem::create_directories(directory + "/kept");
  auto key = SigningKey::from_seed("example.com/kedge", std::string(32, 's'));
  if (!key) return fail(key.error());
  std::ofstream(directory + "/log.pub") << key->verifier().to_text() << "\n";
  auto disk = open_log_disk(directory + "/log", directory);
  if (!disk) return fail(disk.error());
  auto writer = LogWriter::open({directory + "/log", directory + "/head", {*key}}, *std::move(disk));
  if (!writer) return fail(writer.error());
  for (const uint64_t size : kSizes) {
    while ((*writer)->size() < size) {
      const uint64_t number = (*writer)->size();  // some entries are empty, and some as long as they may be
      const std::string entry = number % 100 == 7 ? "" : std::string(number % 5'000 == 1 ? 65'535 : number % 700, 'e');
      if (auto appended = (*writer)->append(entry); !appended) return fail(appended.error());
    }
    const auto note = (*writer)->publish();
    if (!note) return fail(note.error());
    std::ofstream(directory + "/kept/" + std::to_string(size)) << *note;
  }
  return 0;
}
