#include "CInflate.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if __has_include(<isa-l/igzip_lib.h>)
#include <isa-l/igzip_lib.h>
#define HAS_ISAL 1
#endif

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

static bool has_zlib = false;

// The first of some libraries that this machine has; NULL for none.
static void *open_first(const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (library != NULL) return library;
  }
  return NULL;
}

static void open_zlib(void) {
  const char *names[] = {"libz.so.1", "libz.1.dylib", "/usr/lib/libz.1.dylib"};
  void *library = open_first(names, sizeof names / sizeof *names);
  if (library == NULL) return;
  *(void **)&zlib.init = dlsym(library, "inflateInit2_");
  *(void **)&zlib.run = dlsym(library, "inflate");
  *(void **)&zlib.reset = dlsym(library, "inflateReset");
  *(void **)&zlib.end = dlsym(library, "inflateEnd");
  has_zlib = zlib.init != NULL && zlib.run != NULL && zlib.reset != NULL && zlib.end != NULL;
}

#ifdef HAS_ISAL
static struct {
  void (*init)(struct inflate_state *);
  void (*reset)(struct inflate_state *);
  int (*run)(struct inflate_state *);
} isal;

static bool has_isal = false;

static void open_isal(void) {
  const char *names[] = {"libisal.so.2", "libisal.2.dylib", "/opt/homebrew/lib/libisal.2.dylib"};
  void *library = open_first(names, sizeof names / sizeof *names);
  if (library == NULL) return;
  *(void **)&isal.init = dlsym(library, "isal_inflate_init");
  *(void **)&isal.reset = dlsym(library, "isal_inflate_reset");
  *(void **)&isal.run = dlsym(library, "isal_inflate");
  has_isal = isal.init != NULL && isal.reset != NULL && isal.run != NULL;
}
#endif

static pthread_once_t once_isal = PTHREAD_ONCE_INIT, once_zlib = PTHREAD_ONCE_INIT;

struct cinflate {
  z_stream zlib;
#ifdef HAS_ISAL
  struct inflate_state *isal;
#endif
  bool has_ended;
};

static cinflate *new_isal(void) {
#ifdef HAS_ISAL
  pthread_once(&once_isal, open_isal);
  if (!has_isal) return NULL;
  cinflate *stream = calloc(1, sizeof *stream);
  if (stream == NULL) return NULL;
  stream->isal = malloc(sizeof *stream->isal);
  if (stream->isal == NULL) {
    free(stream);
    return NULL;
  }
  isal.init(stream->isal);
  stream->isal->crc_flag = ISAL_GZIP;
  return stream;
#else
  return NULL;
#endif
}

static cinflate *new_zlib(void) {
  pthread_once(&once_zlib, open_zlib);
  if (!has_zlib) return NULL;
  cinflate *stream = calloc(1, sizeof *stream);
  if (stream == NULL) return NULL;
  // The major version is all that is compared.
  if (zlib.init(&stream->zlib, gzip_window, "1", sizeof stream->zlib) != Z_OK) {
    free(stream);
    return NULL;
  }
  return stream;
}

cinflate *cinflate_new(cinflate_library library) {
  cinflate *stream = library == CINFLATE_ZLIB ? NULL : new_isal();
  return stream != NULL || library == CINFLATE_ISAL ? stream : new_zlib();
}

void cinflate_free(cinflate *stream) {
  if (stream == NULL) return;
#ifdef HAS_ISAL
  if (stream->isal != NULL) {
    free(stream->isal);
    free(stream);
    return;
  }
#endif
  zlib.end(&stream->zlib);
  free(stream);
}

static unsigned clamped(size_t count) { return count > UINT_MAX / 2 ? UINT_MAX / 2 : (unsigned)count; }

// Each of these goes on with a member: 1 where it ends, 0 to go on, -1 when it is broken.
#ifdef HAS_ISAL
static int run_isal(struct inflate_state *state, bool is_new, const unsigned char *in, unsigned in_count,
                    unsigned *in_left, unsigned char *out, unsigned out_count, unsigned *out_left) {
  if (is_new) {
    isal.reset(state);
    state->crc_flag = ISAL_GZIP;
  }
  // It only reads what it is given.
  state->next_in = (unsigned char *)in;
  state->avail_in = in_count;
  state->next_out = out;
  state->avail_out = out_count;
  int code = isal.run(state);
  *in_left = state->avail_in;
  *out_left = state->avail_out;
  if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT) return -1;
  return state->block_state == ISAL_BLOCK_FINISH ? 1 : 0;
}
#endif

static int run_zlib(z_stream *z, bool is_new, const unsigned char *in, unsigned in_count, unsigned *in_left,
                    unsigned char *out, unsigned out_count, unsigned *out_left) {
  if (is_new && zlib.reset(z) != Z_OK) return -1;
  z->next_in = in;
  z->avail_in = in_count;
  z->next_out = out;
  z->avail_out = out_count;
  int code = zlib.run(z, Z_NO_FLUSH);
  *in_left = z->avail_in;
  *out_left = z->avail_out;
  if (code == Z_STREAM_END) return 1;
  return code == Z_OK || code == Z_BUF_ERROR ? 0 : -1;
}

int cinflate_run(cinflate *stream, const unsigned char *in, size_t in_count, size_t *used, unsigned char *out,
                 size_t out_count, size_t *made) {
  *used = *made = 0;
  bool is_new = false;
  if (stream->has_ended) {
    if (in_count == 0) return 1;
    // What follows the last member is padding where it is not another one.
    if (in[0] != 0x1f) {
      *used = in_count;
      return 1;
    }
    is_new = true;
  }
  unsigned in_before = clamped(in_count), out_before = clamped(out_count), in_left, out_left;
  int code;
#ifdef HAS_ISAL
  if (stream->isal != NULL) {
    code = run_isal(stream->isal, is_new, in, in_before, &in_left, out, out_before, &out_left);
  } else
#endif
    code = run_zlib(&stream->zlib, is_new, in, in_before, &in_left, out, out_before, &out_left);
  stream->has_ended = code == 1;
  *used = in_before - in_left;
  *made = out_before - out_left;
  return code;
}
