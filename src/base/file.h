/*
 * file.h - whole small files: read with a limit, written aside, synced and renamed. Any thread.
 */
#ifndef LAT_BASE_FILE_H
#define LAT_BASE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Read a regular file into out (appended; its max is the limit). LAT_NOTFOUND, LAT_LIMIT, LAT_NOMEM,
 * LAT_SYS with errno, LAT_MALFORMED for something that is no regular file.
 */
LAT_MUST_CHECK enum lat_err lat_file_read(const char *path, struct lat_buf *out);

/* Read the rest of an open file of any kind, a pipe too, to its end; may block. LAT_LIMIT, LAT_NOMEM, LAT_SYS with errno. */
LAT_MUST_CHECK enum lat_err lat_fd_read(int fd, struct lat_buf *out);

/* Write a file as one step: beside it, fsync, rename, fsync of the folder. LAT_SYS, LAT_FULL. */
LAT_MUST_CHECK enum lat_err lat_file_write(const char *path, mode_t mode, const void *data, size_t len);

/* Make a folder and those above it; existing ones are fine. New ones get mode. LAT_SYS. */
LAT_MUST_CHECK enum lat_err lat_mkdir_all(const char *path, mode_t mode);

/*
 * May a file with secrets be used? A regular file of ours (or root's) that others can neither read nor write.
 * LAT_AUTH with the reason and the chmod to run in *why; LAT_NOTFOUND, LAT_SYS.
 */
LAT_MUST_CHECK enum lat_err lat_file_check_secret(const char *path, struct lat_msg *why);

#endif
