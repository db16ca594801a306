// The name of a thread, as `top -H`, `ps -L` and a debugger show it.
#pragma once

#include <pthread.h>

namespace kedge {

// Names the calling thread: at most 15 characters, more are ignored with the name as it was.
inline void name_thread(const char* name) { pthread_setname_np(pthread_self(), name); }

}  // namespace kedge
