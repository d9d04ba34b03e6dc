#pragma once

/// The commit that this build was made from, or an empty string where that is not known.
const char *outfit_build_commit(void);
