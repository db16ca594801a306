// How many threads this process has, those of libraries included.
#pragma once

namespace kedge {

// As the kernel counts them; 0 where it does not say.
int thread_count();

}  // namespace kedge
