/* Starts a program under odd circumstances, and says under which a program was started: what a launcher that only
 * executes must hand on unchanged is the same in both reports.
 *
 *     launch under CIRCUMSTANCE PROGRAM [ARGUMENT...]    becomes the program
 *     launch watch PROGRAM [ARGUMENT...]                 its parent: says how it stops, goes on and ends
 *     launch report [ARGUMENT...]                        what the program sees
 *     launch end (exit N | signal N | heed)              ends so; `heed` tells each signal that comes
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Where the report goes when standard output is closed. */
enum { KEPT = 20 };
static FILE *out;

static void text(const char *kind, const char *value) {
  fprintf(out, "%s %zu ", kind, strlen(value));
  for (const char *byte = value; *byte && byte < value + 120; byte++) {
    fprintf(out, *byte > ' ' && *byte < 127 ? "%c" : "<%02x>", (unsigned char)*byte);
  }
  fprintf(out, "\n");
}

static int report(int count, char **values) {
  out = fcntl(1, F_GETFD) < 0 ? fdopen(KEPT, "w") : stdout;
  for (int i = 0; i < count; i++) text("argument", values[i]);
  for (char **variable = environ; *variable; variable++) text("variable", *variable);
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  for (int number = 1; number < 65; number++) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0) continue;
    const char *way = action.sa_handler == SIG_DFL ? "default" : action.sa_handler == SIG_IGN ? "ignored" : "caught";
    fprintf(out, "signal %d %s%s\n", number, way, sigismember(&blocked, number) == 1 ? " blocked" : "");
  }
  for (int descriptor = 0; descriptor < 1024; descriptor++) {
    struct stat status;
    if (fstat(descriptor, &status) != 0) continue;
    /* Each start has pipes of its own. */
    long long file = S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) ? 0 : (long long)status.st_ino;
    fprintf(out, "descriptor %d: kind %o file %lld flags %d %d at %lld\n", descriptor, (unsigned)status.st_mode, file,
            fcntl(descriptor, F_GETFD), fcntl(descriptor, F_GETFL), (long long)lseek(descriptor, 0, SEEK_CUR));
  }
  for (int limit = 0; limit < RLIM_NLIMITS; limit++) {
    struct rlimit values;
    if (getrlimit(limit, &values) == 0) {
      fprintf(out, "limit %d %lld %lld\n", limit, (long long)values.rlim_cur, (long long)values.rlim_max);
    }
  }
  mode_t mask = umask(0);
  umask(mask);
  fprintf(out, "umask %o, nice %d, leads group %d, leads session %d, in front %d\n", (unsigned)mask,
         getpriority(PRIO_PROCESS, 0), getpgrp() == getpid(), getsid(0) == getpid(), tcgetpgrp(0) == getpgrp());
  char folder[4096];
  fprintf(out, "folder %s\n", getcwd(folder, sizeof folder) ? folder : strerror(errno));
  return fflush(out);
}

static volatile sig_atomic_t isOver;

static void told(int number) {
  char line[] = "heard 00\n";
  line[6] += number / 10;
  line[7] += number % 10;
  if (write(1, line, 9) == 9 && number == SIGTERM) isOver = 1;
}

static int end(char **words) {
  int number = words[1] ? atoi(words[1]) : 0;
  if (strcmp(words[0], "exit") == 0) return number;
  if (strcmp(words[0], "signal") == 0) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    raise(number);
    return 99;
  }
  const int all[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGWINCH, SIGCONT, SIGALRM, SIGPIPE};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) signal(all[i], told);
  printf("ready\n");
  fflush(stdout);
  while (!isOver) pause();
  return 0;
}

/* Sends what a terminal and a person send, and says what became of the child. */
static int watch(char **words) {
  int heedsSignals = 0;
  for (char **word = words; *word; word++) heedsSignals |= strcmp(*word, "heed") == 0;
  int ends[2];
  if (pipe(ends) != 0) return 98;
  pid_t child = fork();
  if (child == 0) {
    /* A group whose parent is in another one can be stopped. */
    setpgid(0, 0);
    dup2(ends[1], 1);
    close(ends[0]);
    close(ends[1]);
    execv(words[0], words);
    _exit(97);
  }
  close(ends[1]);
  FILE *said = fdopen(ends[0], "r");
  char line[64];
  int status;
  if (heedsSignals && fgets(line, sizeof line, said)) {
    const int all[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM, SIGPIPE};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
      kill(child, all[i]);
      if (fgets(line, sizeof line, said)) printf("%d: %s", all[i], line);
    }
    kill(child, SIGTSTP);
    waitpid(child, &status, WUNTRACED);
    printf("stopped by %d\n", WIFSTOPPED(status) ? WSTOPSIG(status) : 0);
    kill(child, SIGCONT);
    waitpid(child, &status, WCONTINUED);
    printf("goes on: %d\n", WIFCONTINUED(status) != 0);
    if (fgets(line, sizeof line, said)) printf("%s", line);
    kill(child, SIGTERM);
  }
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) printf("ended by signal %d\n", WTERMSIG(status));
  if (WIFEXITED(status)) printf("ended with %d\n", WEXITSTATUS(status));
  return 0;
}

static char **many(char *first, char *one, int count) {
  char **all = calloc(count + 2, sizeof *all);
  all[0] = first;
  for (int i = 1; i <= count; i++) all[i] = one;
  return all;
}

static void bound(int limit, rlim_t value) {
  struct rlimit values = {value, value};
  setrlimit(limit, &values);
}

static int under(const char *name, char **words) {
  char *program = words[0];
  char *odd[] = {program, "", "", "\xff\xfe\x80", "a\nb", " ", "--", "-x", "\x01", "$(x)", "", NULL};
  char *variables[] = {"A=1", "A=2", "NAME", "=x", "", "\xff=\xfe", "B=", "PATH=/usr/bin:/bin", "PATH=/other",
                       "SWIFT_BACKTRACE=enable=yes", "LD_PRELOAD=", "GLIBC_TUNABLES=glibc.malloc.check=3",
                       "OUTFIT_HOME=/nowhere", "OUTFIT_SHELL=\xff", NULL};
  if (strcmp(name, "ignored") == 0) {
    for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
  } else if (strcmp(name, "default") == 0) {
    for (int number = 1; number < 65; number++) signal(number, SIG_DFL);
  } else if (strcmp(name, "blocked") == 0) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
  } else if (strcmp(name, "descriptors") == 0) {
    int file = open("/dev/null", O_RDWR);
    for (int target = 9; target < 300; target += 1 + target % 3) {
      dup2(file, target);
      if (target % 4 == 0) fcntl(target, F_SETFD, FD_CLOEXEC);
    }
  } else if (strcmp(name, "closed") == 0) {
    close(0);
    close(2);
  } else if (strcmp(name, "all-closed") == 0) {
    dup2(1, KEPT);
    for (int standard = 0; standard < 3; standard++) close(standard);
  } else if (strcmp(name, "limits") == 0) {
    bound(RLIMIT_NOFILE, 32);
    bound(RLIMIT_CPU, 60);
    bound(RLIMIT_STACK, 1 << 20);
    bound(RLIMIT_CORE, 0);
    bound(RLIMIT_FSIZE, 0);
    umask(0777);
    if (setpriority(PRIO_PROCESS, 0, 5) != 0) return 96;
  } else if (strcmp(name, "memory") == 0) {
    bound(RLIMIT_AS, 64 << 20);
  } else if (strcmp(name, "own-session") == 0) {
    if (fork() != 0) return wait(NULL) < 0;
    setsid();
  } else if (strcmp(name, "folder-gone") == 0) {
    char folder[] = "/tmp/outfit-gone-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0 || rmdir(folder) != 0) return 96;
  } else if (strcmp(name, "odd-arguments") == 0) {
    words = odd;
  } else if (strcmp(name, "two-megabytes") == 0) {
    char *long_one = malloc(100001);
    memset(long_one, 'y', 100000);
    long_one[100000] = 0;
    bound(RLIMIT_STACK, 64 << 20);
    words = many(program, long_one, 20);
  } else if (strcmp(name, "many-arguments") == 0) {
    words = many(program, "", 50000);
  } else if (strcmp(name, "odd-environment") == 0) {
    environ = variables;
  } else if (strcmp(name, "no-environment") == 0) {
    environ = variables + sizeof variables / sizeof *variables - 1;
  } else if (strcmp(name, "large-environment") == 0) {
    char *long_one = malloc(1001);
    memset(long_one, '=', 1000);
    long_one[1000] = 0;
    environ = many("V=1", long_one, 1000);
  } else if (strncmp(name, "called:", 7) == 0) {
    words[0] = (char *)name + 7;
  } else if (strcmp(name, "called-nothing") == 0) {
    words = words + 1;
    while (*words) words++;
  } else if (strcmp(name, "plain") != 0) {
    return 95;
  }
  execv(program, words);
  return 94;
}

int main(int count, char **words) {
  if (count > 3 && strcmp(words[1], "under") == 0) return under(words[2], words + 3);
  if (count > 2 && strcmp(words[1], "watch") == 0) return watch(words + 2);
  if (count > 2 && strcmp(words[1], "end") == 0) return end(words + 2);
  if (count > 1 && strcmp(words[1], "report") == 0) return report(count - 2, words + 2);
  return report(count - 1, words + 1);
}
