#include "CCurl.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// The headers wrap these names in type-checking macros; here they are only names.
#undef curl_easy_setopt
#undef curl_easy_getinfo

static struct {
  CURLcode (*global_init)(long);
  char *(*version)(void);
  CURL *(*easy_init)(void);
  void (*easy_cleanup)(CURL *);
  CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
  CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
  const char *(*easy_strerror)(CURLcode);
  struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
  void (*slist_free_all)(struct curl_slist *);
  CURLM *(*multi_init)(void);
  CURLMcode (*multi_cleanup)(CURLM *);
  CURLMcode (*multi_add_handle)(CURLM *, CURL *);
  CURLMcode (*multi_remove_handle)(CURLM *, CURL *);
  CURLMcode (*multi_perform)(CURLM *, int *);
  CURLMcode (*multi_wait)(CURLM *, struct curl_waitfd *, unsigned int, int, int *);
  CURLMcode (*multi_poll)(CURLM *, struct curl_waitfd *, unsigned int, int, int *);
  CURLMcode (*multi_wakeup)(CURLM *);
  CURLMsg *(*multi_info_read)(CURLM *, int *);
  time_t (*getdate)(const char *, const time_t *);
} curl;

static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static bool is_open = false;

static bool find(void *library, const char *name, void *slot) {
  void *symbol = dlsym(library, name);
  *(void **)slot = symbol;
  return symbol != NULL;
}

static bool find_all(void *library, char *reason, size_t reason_size) {
  const struct {
    const char *name;
    void *slot;
  } required[] = {
      {"curl_global_init", &curl.global_init},
      {"curl_version", &curl.version},
      {"curl_easy_init", &curl.easy_init},
      {"curl_easy_cleanup", &curl.easy_cleanup},
      {"curl_easy_setopt", &curl.easy_setopt},
      {"curl_easy_getinfo", &curl.easy_getinfo},
      {"curl_easy_strerror", &curl.easy_strerror},
      {"curl_slist_append", &curl.slist_append},
      {"curl_slist_free_all", &curl.slist_free_all},
      {"curl_multi_init", &curl.multi_init},
      {"curl_multi_cleanup", &curl.multi_cleanup},
      {"curl_multi_add_handle", &curl.multi_add_handle},
      {"curl_multi_remove_handle", &curl.multi_remove_handle},
      {"curl_multi_perform", &curl.multi_perform},
      {"curl_multi_wait", &curl.multi_wait},
      {"curl_multi_info_read", &curl.multi_info_read},
      {"curl_getdate", &curl.getdate},
  };
  for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
    if (!find(library, required[i].name, required[i].slot)) {
      snprintf(reason, reason_size, "it has no function %s", required[i].name);
      return false;
    }
  }
  // Absent before 7.68.
  if (!find(library, "curl_multi_poll", &curl.multi_poll) ||
      !find(library, "curl_multi_wakeup", &curl.multi_wakeup)) {
    curl.multi_poll = NULL;
  }
  return true;
}

static bool open_locked(const char *name, char *reason, size_t reason_size) {
  void *library = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
  if (library == NULL) {
    const char *error = dlerror();
    snprintf(reason, reason_size, "%s", error == NULL ? name : error);
    return false;
  }
  if (!find_all(library, reason, reason_size)) {
    dlclose(library);
    return false;
  }
  CURLcode code = curl.global_init(CURL_GLOBAL_ALL);
  if (code != CURLE_OK) {
    snprintf(reason, reason_size, "%s: %s", name, curl.easy_strerror(code));
    dlclose(library);
    return false;
  }
  return true;
}

int ccurl_open(const char *library, char *reason, size_t reason_size) {
  pthread_mutex_lock(&opening);
  if (!is_open) is_open = open_locked(library, reason, reason_size);
  bool opened = is_open;
  pthread_mutex_unlock(&opening);
  return opened ? 0 : 1;
}

const char *ccurl_version(void) { return curl.version(); }

CURL *ccurl_easy_init(void) { return curl.easy_init(); }
void ccurl_easy_cleanup(CURL *easy) { curl.easy_cleanup(easy); }

CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
  return curl.easy_setopt(easy, option, value);
}
CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return curl.easy_setopt(easy, option, value);
}
CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *value) {
  return curl.easy_setopt(easy, option, value);
}
CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl.easy_setopt(easy, option, value);
}
CURLcode ccurl_set_headers(CURL *easy, struct curl_slist *headers) {
  return curl.easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
}
CURLcode ccurl_set_body(CURL *easy, ccurl_receive receive, void *context) {
  CURLcode code = curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
  return code == CURLE_OK ? curl.easy_setopt(easy, CURLOPT_WRITEDATA, context) : code;
}
CURLcode ccurl_set_header(CURL *easy, ccurl_receive receive, void *context) {
  CURLcode code = curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, receive);
  return code == CURLE_OK ? curl.easy_setopt(easy, CURLOPT_HEADERDATA, context) : code;
}

CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
  return curl.easy_getinfo(easy, info, value);
}
CURLcode ccurl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
  return curl.easy_getinfo(easy, info, value);
}
CURLcode ccurl_get_text(CURL *easy, CURLINFO info, const char **value) {
  return curl.easy_getinfo(easy, info, value);
}
CURLcode ccurl_get_pointer(CURL *easy, CURLINFO info, void **value) {
  return curl.easy_getinfo(easy, info, value);
}
const char *ccurl_error_text(CURLcode code) { return curl.easy_strerror(code); }

struct curl_slist *ccurl_list_append(struct curl_slist *list, const char *text) {
  struct curl_slist *longer = curl.slist_append(list, text);
  return longer == NULL ? list : longer;
}
void ccurl_list_free(struct curl_slist *list) { curl.slist_free_all(list); }

CURLM *ccurl_multi_init(void) { return curl.multi_init(); }
void ccurl_multi_cleanup(CURLM *multi) { curl.multi_cleanup(multi); }
CURLMcode ccurl_multi_add(CURLM *multi, CURL *easy) { return curl.multi_add_handle(multi, easy); }
CURLMcode ccurl_multi_remove(CURLM *multi, CURL *easy) {
  return curl.multi_remove_handle(multi, easy);
}
CURLMcode ccurl_multi_perform(CURLM *multi, int *running) {
  return curl.multi_perform(multi, running);
}
CURLMcode ccurl_multi_wait(CURLM *multi, int milliseconds) {
  if (curl.multi_poll != NULL) return curl.multi_poll(multi, NULL, 0, milliseconds, NULL);
  int ready = 0;
  CURLMcode code = curl.multi_wait(multi, NULL, 0, milliseconds < 50 ? milliseconds : 50, &ready);
  // An old curl_multi_wait returns at once when it has no socket to wait for.
  if (code == CURLM_OK && ready == 0) {
    struct timespec pause = {0, 5000000};
    nanosleep(&pause, NULL);
  }
  return code;
}
void ccurl_multi_wake(CURLM *multi) {
  if (curl.multi_poll != NULL) curl.multi_wakeup(multi);
}
CURL *ccurl_multi_finished(CURLM *multi, CURLcode *result) {
  int left = 0;
  CURLMsg *message;
  while ((message = curl.multi_info_read(multi, &left)) != NULL) {
    if (message->msg == CURLMSG_DONE) {
      *result = message->data.result;
      return message->easy_handle;
    }
  }
  return NULL;
}

long long ccurl_date(const char *text) { return (long long)curl.getdate(text, NULL); }

struct start {
  void (*body)(void *);
  void *context;
};

static void *run(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
  start.body(start.context);
  return NULL;
}

int ccurl_thread(void (*body)(void *), void *context) {
  struct start *start = malloc(sizeof *start);
  if (start == NULL) return ENOMEM;
  *start = (struct start){body, context};
  // Signals are the main thread's business; a broken connection must not end the process by SIGPIPE.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  int status = pthread_create(&thread, &attributes, run, start);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (status != 0) free(start);
  return status;
}
