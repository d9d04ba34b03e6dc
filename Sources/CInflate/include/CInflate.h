/// Decompression of gzip (RFC 1952) by a library of this machine, which is opened when it is first needed: Intel's
/// ISA-L, which takes less than half the time (the headers of it must be there when this is compiled), or zlib.
#pragma once

#include <stddef.h>

typedef struct cinflate cinflate;

typedef enum { CINFLATE_ANY, CINFLATE_ISAL, CINFLATE_ZLIB } cinflate_library;

/// NULL where there is no such library, or no memory. Safe from any thread.
cinflate *cinflate_new(cinflate_library library);
void cinflate_free(cinflate *stream);

/// Decompresses from `in` to `out`, and says how many bytes of each were used.
///
/// Members that follow one another are one stream, as gzip has it.
/// Returns 0 to go on, 1 where the stream may end here, -1 when the data is broken.
int cinflate_run(cinflate *stream, const unsigned char *in, size_t in_count, size_t *used, unsigned char *out,
                 size_t out_count, size_t *made);
