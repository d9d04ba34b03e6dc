#include "CFiles.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/xattr.h>
#include <unistd.h>

static sigset_t started_with;

__attribute__((constructor)) static void remember_signal_mask(void) {
  pthread_sigmask(SIG_SETMASK, NULL, &started_with);
}

void outfit_restore_signal_mask(void) { pthread_sigmask(SIG_SETMASK, &started_with, NULL); }

#ifdef __linux__
#include <sys/syscall.h>

int outfit_folder_flags(void) { return O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC; }

// openat2(2), since Linux 5.6. The C library has no function for it yet, nor all headers its number.
int outfit_open_folder(const char *path) {
  struct {
    uint64_t flags, mode, resolve;
  } how = {O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 0x04 /* RESOLVE_NO_SYMLINKS */};
  return (int)syscall(437, AT_FDCWD, path, &how, sizeof how);
}

int outfit_synchronize_all(int descriptor) { return syncfs(descriptor); }

int outfit_start_writing(int descriptor) {
  return sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
}

ssize_t outfit_list_attributes(int descriptor, char *buffer, size_t size) {
  return flistxattr(descriptor, buffer, size);
}

ssize_t outfit_get_attribute(int descriptor, const char *name, void *buffer, size_t size) {
  return fgetxattr(descriptor, name, buffer, size);
}

int outfit_set_attribute(int descriptor, const char *name, const void *value, size_t size) {
  return fsetxattr(descriptor, name, value, size, 0);
}
#else
int outfit_folder_flags(void) { return O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC; }

int outfit_open_folder(const char *path) {
  (void)path;
  errno = ENOSYS;
  return -1;
}

int outfit_start_writing(int descriptor) {
  (void)descriptor;
  return 0;
}

int outfit_synchronize_all(int descriptor) {
  sync();
  return fcntl(descriptor, F_FULLFSYNC);
}

ssize_t outfit_list_attributes(int descriptor, char *buffer, size_t size) {
  return flistxattr(descriptor, buffer, size, 0);
}

ssize_t outfit_get_attribute(int descriptor, const char *name, void *buffer, size_t size) {
  return fgetxattr(descriptor, name, buffer, size, 0, 0);
}

int outfit_set_attribute(int descriptor, const char *name, const void *value, size_t size) {
  return fsetxattr(descriptor, name, value, size, 0, 0);
}
#endif
