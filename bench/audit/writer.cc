// The writer of an audit log, and the floors under it, for bench/audit_writer.py. The log lies in DIRECTORY/log. Each
// line read is a command, answered by a line of JSON:
//
//   grow COUNT BYTES             so many entries of so many bytes each, more or less, and all of them published
//   write TURNS ROW COUNT BYTES  each turn so many groups in a row, each of so many entries; right after them, the
//   floor:
//                                the same bytes appended to a file, and synced, group by group; and the layout's own:
//                                what such groups make the log do to the disk, done again in DIRECTORY/again, with
//                                nothing hashed or signed. In a row, as what is done behind a group's back (removing
//                                what is narrower) then takes its time from the next
//
// What is measured of a group begins with its entries in memory, and ends when they are published: bundles, tiles and
// the checkpoint on the disk, and signed.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "audit/log_writer.h"
#include "base/descriptor.h"
#include "bench/audit/noting_log_disk.h"

namespace {

using namespace kedge;
using Stopwatch = std::chrono::steady_clock;

constexpr size_t kBytesAtOnce = 32U << 20U;  // of the entries that a group holds at most while the log grows

[[noreturn]] void fail(const std::string& message) {
  std::cerr << message << std::endl;
  std::exit(1);
}

// Of a group, in seconds: by the clock, and on a core.
struct Cost {
  explicit Cost(uint64_t groups) : groups(static_cast<double>(groups)) {}

  const double groups;  // in what is added
  std::vector<double> seconds;
  std::vector<double> core_seconds;

  void add(const std::function<void()>& work) {
    const auto began = Stopwatch::now();
    const std::clock_t used = std::clock();
    work();
    core_seconds.push_back(static_cast<double>(std::clock() - used) / CLOCKS_PER_SEC / groups);
    seconds.push_back(std::chrono::duration<double>(Stopwatch::now() - began).count() / groups);
  }
};

std::string in_json(const std::vector<double>& numbers) {
  std::string text;
  for (const double number : numbers) text += (text.empty() ? "[" : ", ") + std::to_string(number);
  return text + "]";
}

class Bench {
 public:
  explicit Bench(const std::string& directory) {
    const std::string again = directory + "/again";
    std::filesystem::create_directories(again);
    again_ = open_disk(again);
    auto disk = std::make_unique<NotingLogDisk>(open_disk(directory), directory, again);
    disk_ = disk.get();
    auto key = SigningKey::from_seed("bench", std::string(kEd25519KeyBytes, 'k'));
    auto writer = LogWriter::open({directory + "/log", directory + "/head", {*key}}, std::move(disk));
    if (!writer) fail(writer.error().message);
    writer_ = *std::move(writer);
    begin_both();
    floor_ = Descriptor(open((directory + "/floor").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  }

  void grow(uint64_t count, size_t bytes) {
    const uint64_t group = std::max<uint64_t>(1, kBytesAtOnce / bytes);
    for (uint64_t left = count; left > 0; left -= std::min(group, left)) {
      integrate(entries(std::min(group, left), bytes));
    }
    std::cout << "{\"size\": " << writer_->size() << "}" << std::endl;
  }

  void write(uint64_t turns, uint64_t row, uint64_t count, size_t bytes) {
    Cost own(row), floor(row), layout(row);
    NotingLogDisk::Noted noted;
    for (uint64_t i = 0; i < turns; ++i) {
      std::vector<std::vector<std::string>> groups;
      for (uint64_t j = 0; j < row; ++j) groups.push_back(entries(count, bytes));
      own.add([&] {
        for (const auto& group : groups) integrate(group);
      });
      floor.add([&] {
        for (const auto& group : groups) append(group);
      });
      disk_->note();
      for (const auto& group : groups) integrate(group);
      noted = disk_->noted();
      do_again(noted.before);
      layout.add([&] { do_again(noted.calls); });
    }
    std::cout << "{";
    for (const auto& [name, cost] : {std::pair("", &own), {"floor_", &floor}, {"layout_", &layout}}) {
      std::cout << "\"" << name << "seconds\": " << in_json(cost->seconds) << ", \"" << name
                << "core_seconds\": " << in_json(cost->core_seconds) << ", ";
    }
    std::cout << "\"files\": " << noted.files / row << ", \"syncs\": " << noted.syncs / row << "}" << std::endl;
  }

 private:
  // The first publication makes the file of the head, in whose place later ones write.
  void begin_both() {
    disk_->note();
    integrate(entries(kTileWidth, kTileWidth));
    const NotingLogDisk::Noted noted = disk_->noted();
    do_again(noted.before);
    do_again(noted.calls);
  }

  static std::unique_ptr<LogDisk> open_disk(const std::string& directory) {
    auto disk = open_log_disk(directory + "/log", directory);
    if (!disk) fail(disk.error().message);
    return *std::move(disk);
  }

  std::vector<std::string> entries(uint64_t count, size_t bytes) {
    std::vector<std::string> all;
    all.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
      std::string& entry = all.emplace_back("{\"seq\":" + std::to_string(next_++) + ",\"kind\":\"");
      entry.resize(std::max(bytes, entry.size()), 'x');
    }
    return all;
  }

  void integrate(const std::vector<std::string>& group) {
    for (const std::string& entry : group) {
      if (auto appended = writer_->append(entry); !appended) fail(appended.error().message);
    }
    if (auto published = writer_->publish(); !published) fail(published.error().message);
  }

  void append(const std::vector<std::string>& group) {
    std::string bytes;
    for (const std::string& entry : group) bytes += entry;
    if (auto written = write_all(floor_, bytes, "the floor"); !written) fail(written.error().message);
    if (fdatasync(floor_.get()) != 0) fail("cannot sync the floor");
  }

  void do_again(const std::vector<std::function<Result<void>(LogDisk&)>>& calls) {
    for (const auto& call : calls) {
      if (auto done = call(*again_); !done) fail(done.error().message);
    }
  }

  std::unique_ptr<LogWriter> writer_;
  NotingLogDisk* disk_ = nullptr;  // the writer's
  std::unique_ptr<LogDisk> again_;
  Descriptor floor_{-1};
  uint64_t next_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) fail("bench_audit_writer DIRECTORY");
  Bench bench(argv[1]);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string verb;
    uint64_t first = 0, second = 0, third = 0, fourth = 0;
    words >> verb >> first >> second >> third >> fourth;
    if (verb == "grow") {
      bench.grow(first, second);
    } else if (verb == "write") {
      bench.write(first, second, third, fourth);
    } else {
      fail("grow COUNT BYTES, or write TURNS ROW COUNT BYTES");
    }
  }
}
