#include "CLaunch.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

// What is opened first must not come to be a standard stream that was closed, and have results written into it. What
// stands there can't be used in the stream's direction, so that it is an error as before; what is started finds the stream closed.
__attribute__((constructor(101))) static void fill_streams(void) {
  const int modes[] = {O_WRONLY, O_RDONLY, O_RDWR};
  for (int stream = 0; stream < 3; stream++) {
    if (fcntl(stream, F_GETFD) == -1 && errno == EBADF) open("/dev/null", modes[stream] | O_CLOEXEC);
  }
}

// The user's SWIFT_* variables are for the user's programs: before `main`, Swift's runtime would act on them here too,
// and complain on standard error of every command that SWIFT_BACKTRACE names nothing that is ours. So until then they
// go by another name, where they stand.

#ifdef __linux__
#include <sys/auxv.h>

extern char **environ;

static void rename_variables(char from, char to) {
  for (char **variable = environ; variable && *variable; variable++) {
    if (**variable == from && strncmp(*variable + 1, "WIFT_", 5) == 0) **variable = to;
  }
}

__attribute__((constructor(101))) static void hide(void) { rename_variables('S', '\1'); }

// Swift's runtime reads this process's arguments there, and ends without a word where it can't.
__attribute__((constructor(102))) static void demand_proc(void) {
  if (access("/proc/self/cmdline", R_OK) == 0) return;
  const char text[] =
      "error: /proc can't be read, and nothing on Linux runs rightly without it\n"
      "  hint: mount it: mount -t proc proc /proc\n";
  if (write(2, text, sizeof text - 1) < 0) _exit(1);
  _exit(1);
}

void launch_restore_environment(void) { rename_variables('\1', 'S'); }

const char *launch_started_path(void) { return (const char *)getauxval(AT_EXECFN); }
#else
void launch_restore_environment(void) {}

const char *launch_started_path(void) { return NULL; }
#endif
