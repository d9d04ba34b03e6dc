#ifndef OUTFIT_CFILES_H
#define OUTFIT_CFILES_H

#include <stddef.h>
#include <sys/types.h>

// Calls to the system that Swift's view of the C library does not show. Each returns -1 with errno, as they do.

// Flags that hold a folder open for the names in it, whoever may read it, and never through a link.
int outfit_folder_flags(void);

// Opens the folder at an absolute path none of whose parts is a link; ENOSYS where the system can't at once.
int outfit_open_folder(const char *path);

// Makes durable all of the file system that holds an open file.
int outfit_synchronize_all(int descriptor);

// Has the disk begin with the content of a file that is in memory, and does not wait. Does nothing but on Linux.
int outfit_start_writing(int descriptor);

// Makes the folder `target`, where nothing is, a copy of the folder `source`: files, links and folders with modes and
// times. Contents are shared with the source where the file system can. What is no file, link or folder is ENOTSUP.
int outfit_copy_tree(int source_folder, const char *source, int target_folder, const char *target);

// Extended attributes of an open file: names ended by a zero byte each, and values.
ssize_t outfit_list_attributes(int descriptor, char *buffer, size_t size);
ssize_t outfit_get_attribute(int descriptor, const char *name, void *buffer, size_t size);
int outfit_set_attribute(int descriptor, const char *name, const void *value, size_t size);

// Gives this thread the signal mask that the process was started with. The runtime's own threads block most signals,
// and a program that one of them becomes would inherit that.
void outfit_restore_signal_mask(void);

#endif
