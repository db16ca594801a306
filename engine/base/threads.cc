#include "base/threads.h"

#include <cstdlib>
#include <fstream>
#include <string>

namespace kedge {

int thread_count() {
  std::ifstream status("/proc/self/status");
  const std::string name = "Threads:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::atoi(line.c_str() + name.size());
  }
  return 0;
}

}  // namespace kedge
