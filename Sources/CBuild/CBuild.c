#include "CBuild.h"

#ifndef OUTFIT_COMMIT
#define OUTFIT_COMMIT ""
#endif

const char *outfit_build_commit(void) { return OUTFIT_COMMIT; }
