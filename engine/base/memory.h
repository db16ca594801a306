// What the allocator keeps of memory that was freed.
#pragma once

#include <malloc.h>

#include <cstddef>

namespace kedge {

// Pieces of all sizes that come and go between threads leave gaps: memory that is to hold so many bytes of them takes
// up to twice as much. Measured with glibc at full load: see bench/memory.py.
inline constexpr size_t kResidentPerByte = 2;

// Gives the system back what is free, which the allocator does by itself only in part. Takes milliseconds, in which
// others may wait for memory. Any thread.
inline void give_memory_back() { malloc_trim(0); }

}  // namespace kedge
