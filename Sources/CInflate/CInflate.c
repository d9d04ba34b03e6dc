#include "CInflate.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// zlib's z_stream: part of its ABI, the same since version 1.0.
typedef struct {
  const unsigned char *next_in;
  unsigned avail_in;
  unsigned long total_in;
  unsigned char *next_out;
  unsigned avail_out;
  unsigned long total_out;
  const char *msg;
  void *state;
  void *(*zalloc)(void *, unsigned, unsigned);
  void (*zfree)(void *, void *);
  void *opaque;
  int data_type;
  unsigned long adler;
  unsigned long reserved;
} z_stream;

enum { Z_OK = 0, Z_STREAM_END = 1, Z_BUF_ERROR = -5, Z_NO_FLUSH = 0, gzip_window = 15 + 16 };

static struct {
  int (*init)(z_stream *, int, const char *, int);
  int (*run)(z_stream *, int);
  int (*reset)(z_stream *);
  int (*end)(z_stream *);
} zlib;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_open = false;

static void open_zlib(void) {
  const char *names[] = {"libz.so.1", "libz.1.dylib", "/usr/lib/libz.1.dylib"};
  void *library = NULL;
  for (size_t i = 0; library == NULL && i < sizeof names / sizeof *names; i++) {
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  }
  if (library == NULL) return;
  *(void **)&zlib.init = dlsym(library, "inflateInit2_");
  *(void **)&zlib.run = dlsym(library, "inflate");
  *(void **)&zlib.reset = dlsym(library, "inflateReset");
  *(void **)&zlib.end = dlsym(library, "inflateEnd");
  is_open = zlib.init != NULL && zlib.run != NULL && zlib.reset != NULL && zlib.end != NULL;
}

struct cinflate {
  z_stream stream;
  bool has_ended;
};

cinflate *cinflate_new(void) {
  pthread_once(&once, open_zlib);
  if (!is_open) return NULL;
  cinflate *stream = calloc(1, sizeof *stream);
  if (stream == NULL) return NULL;
  // The major version is all that is compared.
  if (zlib.init(&stream->stream, gzip_window, "1", sizeof stream->stream) != Z_OK) {
    free(stream);
    return NULL;
  }
  return stream;
}

void cinflate_free(cinflate *stream) {
  if (stream == NULL) return;
  zlib.end(&stream->stream);
  free(stream);
}

static unsigned clamped(size_t count) { return count > UINT_MAX / 2 ? UINT_MAX / 2 : (unsigned)count; }

int cinflate_run(cinflate *stream, const unsigned char *in, size_t in_count, size_t *used, unsigned char *out,
                 size_t out_count, size_t *made) {
  z_stream *z = &stream->stream;
  *used = *made = 0;
  if (stream->has_ended) {
    if (in_count == 0) return 1;
    // What follows the last member is padding where it is not another one.
    if (in[0] != 0x1f) {
      *used = in_count;
      return 1;
    }
    if (zlib.reset(z) != Z_OK) return -1;
    stream->has_ended = false;
  }
  z->next_in = in;
  z->avail_in = clamped(in_count);
  z->next_out = out;
  z->avail_out = clamped(out_count);
  unsigned in_before = z->avail_in, out_before = z->avail_out;
  int code = zlib.run(z, Z_NO_FLUSH);
  *used = in_before - z->avail_in;
  *made = out_before - z->avail_out;
  if (code == Z_STREAM_END) {
    stream->has_ended = true;
    return 1;
  }
  return code == Z_OK || code == Z_BUF_ERROR ? 0 : -1;
}
