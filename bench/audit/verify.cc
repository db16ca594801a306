// The verifier, and the floor under it, for bench/audit_verify.py. Prints a line of JSON: the seconds by the clock, and
// those of all threads on a core.
//
//   bench_audit_verify make DIRECTORY COUNT BYTES   a log of so many entries of so many bytes, signed
//   bench_audit_verify verify DIRECTORY THREADS     verifies it
//   bench_audit_verify floor COUNT BYTES THREADS    the hashing alone, in memory: SHA-256 of as many pieces of the
//                                                   same lengths, 1 + BYTES for each entry and 65 for each node
#include <openssl/evp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "audit/bundle.h"
#include "audit/checkpoint.h"
#include "audit/merkle.h"
#include "audit/tile.h"
#include "audit/verifier.h"

namespace {

using namespace kedge;
using Stopwatch = std::chrono::steady_clock;

constexpr size_t kNodeBytes = 65;

[[noreturn]] void fail(const std::string& message) {
  std::cerr << message << "\n";
  std::exit(1);
}

SigningKey key() { return SigningKey::from_seed("bench", std::string(kEd25519KeyBytes, 'k')).value(); }

struct Cost {
  double seconds = 0;
  double core_seconds = 0;  // of all threads together
};

Cost cost_of(const std::function<void()>& work) {
  const auto began = Stopwatch::now();
  const std::clock_t used = std::clock();
  work();
  return {std::chrono::duration<double>(Stopwatch::now() - began).count(),
          static_cast<double>(std::clock() - used) / CLOCKS_PER_SEC};
}

// The files of a level that are being filled.
class LogMaker {
 public:
  LogMaker(std::string directory, uint64_t size) : directory_(std::move(directory)), size_(size), tiles_(kTileLevels) {}

  void append(const std::string& entry) {
    if (!append_entry(bundle_, entry)) fail("an entry is too long");
    tree_.append(leaf_hash(entry));
    const uint64_t index = tree_.size() - 1;
    if (tree_.size() % kTileWidth == 0 || tree_.size() == size_) write({}, index, bundle_);
    uint64_t number = index;
    for (unsigned level = 0; level < kTileLevels; ++level) {
      tiles_[level] += tree_.completed(level * kTileHeight).as_bytes();
      if ((number + 1) % kTileWidth != 0) break;
      write(level, number, tiles_[level]);
      number /= kTileWidth;
    }
  }

  void finish() {
    for (unsigned level = 0; level < kTileLevels; ++level) {
      if (!tiles_[level].empty()) write(level, (size_ >> kTileHeight * level) - 1, tiles_[level]);
    }
    std::ofstream(directory_ + "/checkpoint") << sign_checkpoint({"bench", size_, tree_.root()}, {key()}).value();
  }

 private:
  void write(std::optional<unsigned> level, uint64_t number, std::string& bytes) {
    const uint64_t index = number / kTileWidth;
    const std::filesystem::path path = directory_ + "/" + path_of({level, index, tile_width(level, index, size_)});
    std::filesystem::create_directories(path.parent_path());
    if (!(std::ofstream(path, std::ios::binary) << bytes).flush()) fail("cannot write " + path.string());
    bytes.clear();
  }

  std::string directory_;
  uint64_t size_;
  MerkleFrontier tree_;
  std::string bundle_;
  std::vector<std::string> tiles_;
};

void make(const std::string& directory, uint64_t count, size_t bytes) {
  LogMaker maker(directory, count);
  for (uint64_t i = 0; i < count; ++i) {
    std::string entry = "{\"seq\":" + std::to_string(i) + ",\"kind\":\"";
    entry.resize(std::max(bytes, entry.size()), 'x');
    maker.append(entry);
  }
  maker.finish();
}

Cost verify(const std::string& directory, unsigned threads) {
  return cost_of([&] {
    const auto found = verify_log(directory, {key().verifier()}, {}, threads);
    if (!found) fail(found.error().message);
    if (!found->good()) fail(found->faults.front().file + ": " + found->faults.front().message);
  });
}

void hash_pieces(uint64_t count, size_t bytes) {
  EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  const std::string piece(bytes + 1, 'x');
  unsigned char digest[EVP_MAX_MD_SIZE];
  EVP_DigestInit_ex2(context, method, nullptr);
  for (uint64_t i = 0; i < count; ++i) {
    for (const size_t size : {piece.size(), kNodeBytes}) {
      EVP_DigestInit_ex2(context, nullptr, nullptr);
      EVP_DigestUpdate(context, piece.data(), std::min(size, piece.size()));
      EVP_DigestFinal_ex(context, digest, nullptr);
    }
  }
  EVP_MD_CTX_free(context);
  EVP_MD_free(method);
}

Cost floor(uint64_t count, size_t bytes, unsigned threads) {
  return cost_of([&] {
    std::vector<std::thread> all;
    for (unsigned i = 0; i < threads; ++i) all.emplace_back(hash_pieces, count / threads, bytes);
    for (std::thread& one : all) one.join();
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  Cost cost;
  if (words.size() == 4 && words[0] == "make") {
    make(words[1], std::stoull(words[2]), std::stoul(words[3]));
  } else if (words.size() == 3 && words[0] == "verify") {
    cost = verify(words[1], static_cast<unsigned>(std::stoul(words[2])));
  } else if (words.size() == 4 && words[0] == "floor") {
    cost = floor(std::stoull(words[1]), std::stoul(words[2]), static_cast<unsigned>(std::stoul(words[3])));
  } else {
    fail("make DIRECTORY COUNT BYTES, verify DIRECTORY THREADS, or floor COUNT BYTES THREADS");
  }
  std::printf("{\"seconds\": %.6f, \"core_seconds\": %.6f}\n", cost.seconds, cost.core_seconds);
}
