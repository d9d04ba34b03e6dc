#include "CFiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
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

// MARK: Copies of folders

#ifdef __APPLE__
#define OUTFIT_TIMES(status) {(status).st_atimespec, (status).st_mtimespec}
#else
#define OUTFIT_TIMES(status) {(status).st_atim, (status).st_mtim}
#endif

struct copying {
  int cannot_clone, cannot_share;
  char buffer[64 << 10];
};

static int fails_with(int code) { return errno = code, -1; }

// Closes without losing the reason of what failed before.
static int closed(int descriptor, int result) {
  int code = errno;
  if (close(descriptor) != 0 && result == 0) return -1;
  return errno = code, result;
}

static int copy_content(struct copying *copying, int from, int to, off_t size) {
#ifdef __linux__
  if (!copying->cannot_clone && size > 0) {
    if (ioctl(to, 0x40049409 /* FICLONE */, from) == 0) return 0;
    if (errno == ENOSPC || errno == EDQUOT || errno == EIO) return -1;
    copying->cannot_clone = 1;
  }
  // Of small files that is slower than to read and write them.
  while (!copying->cannot_share && size > (off_t)sizeof copying->buffer) {
    ssize_t count = syscall(SYS_copy_file_range, from, NULL, to, NULL, (size_t)size, 0);
    if (count > 0) {
      size -= count;
    } else if (count == 0) {
      return 0;
    } else if (errno == ENOSPC || errno == EDQUOT || errno == EIO) {
      return -1;
    } else if (errno != EINTR) {
      copying->cannot_share = 1;
    }
  }
#endif
  for (;;) {
    ssize_t count = read(from, copying->buffer, sizeof copying->buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return (int)count;
    for (ssize_t done = 0; done < count;) {
      ssize_t more = write(to, copying->buffer + done, (size_t)(count - done));
      if (more < 0 && errno != EINTR) return -1;
      if (more > 0) done += more;
    }
  }
}

static int copy_file(struct copying *copying, int from_folder, int to_folder, const char *name) {
  int from = openat(from_folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (from < 0) return -1;
  struct stat status;
  if (fstat(from, &status) != 0) return closed(from, -1);
  if (!S_ISREG(status.st_mode)) return closed(from, fails_with(ENOTSUP));
  int to = openat(to_folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (to < 0) return closed(from, -1);
  struct timespec times[2] = OUTFIT_TIMES(status);
  int result = copy_content(copying, from, to, status.st_size);
  if (result == 0) result = fchmod(to, status.st_mode & 07777);
  if (result == 0) result = futimens(to, times);
  return closed(from, closed(to, result));
}

static int copy_link(struct copying *copying, int from, int to, const char *name) {
  struct stat status;
  if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return -1;
  ssize_t count = readlinkat(from, name, copying->buffer, sizeof copying->buffer - 1);
  if (count < 0) return -1;
  copying->buffer[count] = 0;
  if (symlinkat(copying->buffer, to, name) != 0) return -1;
  struct timespec times[2] = OUTFIT_TIMES(status);
  return utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_folder(struct copying *, int, const char *, int, const char *);

static int copy_entry(struct copying *copying, int from, int to, const struct dirent *entry) {
  int type = entry->d_type;
  if (type == DT_UNKNOWN) {
    struct stat status;
    if (fstatat(from, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return -1;
    type = S_ISDIR(status.st_mode) ? DT_DIR : S_ISLNK(status.st_mode) ? DT_LNK : DT_REG;
  }
  switch (type) {
  case DT_DIR: return copy_folder(copying, from, entry->d_name, to, entry->d_name);
  case DT_LNK: return copy_link(copying, from, to, entry->d_name);
  case DT_REG: return copy_file(copying, from, to, entry->d_name);
  default: return fails_with(ENOTSUP);
  }
}

static int copy_entries(struct copying *copying, DIR *folder, int to) {
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir(folder);
    if (entry == NULL) return errno == 0 ? 0 : -1;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (copy_entry(copying, dirfd(folder), to, entry) != 0) return -1;
  }
}

static int copy_folder(
  struct copying *copying, int from_folder, const char *from_name, int to_folder, const char *to_name
) {
  int from = openat(from_folder, from_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (from < 0) return -1;
  DIR *folder = fdopendir(from);
  if (folder == NULL) return closed(from, -1);
  struct stat status;
  int to = -1;
  int result = fstat(from, &status);
  if (result == 0) result = mkdirat(to_folder, to_name, 0700);
  if (result == 0) {
    to = openat(to_folder, to_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    result = to < 0 ? -1 : copy_entries(copying, folder, to);
  }
  struct timespec times[2] = OUTFIT_TIMES(status);
  if (result == 0) result = fchmod(to, status.st_mode & 07777);
  if (result == 0) result = futimens(to, times);
  if (to >= 0) result = closed(to, result);
  int code = errno;
  closedir(folder);
  return errno = code, result;
}

int outfit_copy_tree(int source_folder, const char *source, int target_folder, const char *target) {
  struct copying *copying = malloc(sizeof *copying);
  if (copying == NULL) return -1;
  copying->cannot_clone = copying->cannot_share = 0;
  int result = copy_folder(copying, source_folder, source, target_folder, target);
  int code = errno;
  free(copying);
  return errno = code, result;
}
