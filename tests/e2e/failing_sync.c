// Loaded into the engine by LD_PRELOAD: no sync of a file succeeds any more once the file named by KEDGE_TEST_SYNC_FAILS
// is there.
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails(void) {
  const char* path = getenv("KEDGE_TEST_SYNC_FAILS");
  return path != NULL && access(path, F_OK) == 0;
}

int fsync(int file) {
  if (!fails()) return (int)syscall(SYS_fsync, file);
  errno = EIO;
  return -1;
}

int fdatasync(int file) {
  if (!fails()) return (int)syscall(SYS_fdatasync, file);
  errno = EIO;
  return -1;
}
