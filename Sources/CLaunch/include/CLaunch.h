#pragma once

/// Gives the environment back as it came. To be called first of all.
void launch_restore_environment(void);

/// The path that the kernel started, links as they are; null where it does not say. For a script it is the script's.
const char *launch_started_path(void);
