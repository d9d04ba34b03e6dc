/// libcurl by its own headers, through pointers that are found when it is first needed.
///
/// Nothing here links to libcurl: a program that downloads nothing neither loads it nor needs it.
/// Call `ccurl_open` before anything else; the other functions may only be called after it returned 0.
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

/// Opens a libcurl and initialises it, once for the process: when that was done already, it does nothing.
///
/// A name without a slash is searched for by the dynamic linker. Safe from any thread.
/// Returns 0, or 1 after writing what is wrong with this one into `reason`.
int ccurl_open(const char *library, char *reason, size_t reason_size);

/// The version and the TLS library of the libcurl in use: `libcurl/7.88.1 OpenSSL/3.0.19`.
const char *ccurl_version(void);

CURL *ccurl_easy_init(void);
void ccurl_easy_cleanup(CURL *easy);
CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value);
CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value);
/// libcurl copies the text.
CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *value);
CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value);
CURLcode ccurl_set_headers(CURL *easy, struct curl_slist *headers);

/// A callback for `CURLOPT_WRITEFUNCTION` and `CURLOPT_HEADERFUNCTION`.
typedef size_t (*ccurl_receive)(char *bytes, size_t size, size_t count, void *context);
CURLcode ccurl_set_body(CURL *easy, ccurl_receive receive, void *context);
CURLcode ccurl_set_header(CURL *easy, ccurl_receive receive, void *context);

CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value);
CURLcode ccurl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value);
/// The text belongs to the handle, and lasts until its next transfer; it may be NULL.
CURLcode ccurl_get_text(CURL *easy, CURLINFO info, const char **value);
CURLcode ccurl_get_pointer(CURL *easy, CURLINFO info, void **value);
const char *ccurl_error_text(CURLcode code);

struct curl_slist *ccurl_list_append(struct curl_slist *list, const char *text);
void ccurl_list_free(struct curl_slist *list);

CURLM *ccurl_multi_init(void);
void ccurl_multi_cleanup(CURLM *multi);
CURLMcode ccurl_multi_add(CURLM *multi, CURL *easy);
CURLMcode ccurl_multi_remove(CURLM *multi, CURL *easy);
CURLMcode ccurl_multi_perform(CURLM *multi, int *running);
/// Waits for something to happen, at most `milliseconds`; a libcurl before 7.68 is never woken, so it waits 50.
CURLMcode ccurl_multi_wait(CURLM *multi, int milliseconds);
/// Ends a wait of another thread.
void ccurl_multi_wake(CURLM *multi);
/// The next transfer that ended, and its result; NULL when there is none.
CURL *ccurl_multi_finished(CURLM *multi, CURLcode *result);

/// Seconds since 1970 of a date in any form that HTTP allows; -1 for anything else.
long long ccurl_date(const char *text);

/// Runs `body` on a new detached thread that takes no signals. Returns 0 or an errno.
int ccurl_thread(void (*body)(void *), void *context);
