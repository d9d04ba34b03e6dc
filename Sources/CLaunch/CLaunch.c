#include "CLaunch.h"

#include <stddef.h>
#include <string.h>

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

void launch_restore_environment(void) { rename_variables('\1', 'S'); }

const char *launch_started_path(void) { return (const char *)getauxval(AT_EXECFN); }
#else
void launch_restore_environment(void) {}

const char *launch_started_path(void) { return NULL; }
#endif
