// What the allocator keeps of memory that was freed.
#pragma once

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <thread>

namespace kedge {

// Pieces of all sizes that come and go between threads leave gaps: memory that is to hold so many bytes of them takes
// up to twice as much. Measured with glibc at full load: see bench/memory.py.
inline constexpr size_t kResidentPerByte = 2;

// Gives the system back what is free, which the allocator does by itself only in part. Takes milliseconds, in which
// others may wait for memory. Any thread.
inline void give_memory_back() { malloc_trim(0); }

// As many heaps as there are cores, before the first thread: what one of them has free is of no use to threads that
// have another, and by default there are eight for each core. After a storm of 12,000 it is a quarter of what is
// resident.
inline void keep_heaps_few() {
  mallopt(M_ARENA_MAX, static_cast<int>(std::max(2U, std::thread::hardware_concurrency())));
}

}  // namespace kedge
