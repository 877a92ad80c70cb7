/*
 * tokens.h - the bearer tokens of LATTICE_API_TOKENS_FILE: who may what where the network is the caller. The
 * file holds hashes, so that who reads it has no token. Any thread may read a set; nobody changes one.
 *
 * One token a line, fields separated by blanks or tabs; an empty line and one that begins with '#' say
 * nothing:
 *
 *   ROLE NAME SHA256 [UNTIL]
 *
 *   ROLE    read: what changes nothing; sync: the routes for other nodes; control: everything
 *   NAME    1 to 40 of a-z A-Z 0-9 . _ -, for the log
 *   SHA256  of the token's bytes, 64 hex digits
 *   UNTIL   RFC 3339: from then on the token is none
 *
 * A name may stand twice (one token follows another), and so may a hash (one token, two roles).
 */
#ifndef LAT_HTTP_TOKENS_H
#define LAT_HTTP_TOKENS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TOKENS_MAX 256
#define TOKENS_FILE_MAX 65536
#define TOKEN_NAME_MAX 41 /* with its zero */

enum token_role { TOKEN_READ = 1, TOKEN_SYNC = 2, TOKEN_CONTROL = 4 };
#define TOKEN_ANY (TOKEN_READ | TOKEN_SYNC | TOKEN_CONTROL)

struct tokens;

/* Parse text[0 .. len). LAT_MALFORMED, LAT_LIMIT (too many), LAT_NOMEM, with the line in *why. */
LAT_MUST_CHECK enum lat_err tokens_parse(const char *text, size_t len, struct tokens **out,
                                         struct lat_msg *why);

/* tokens_parse of a file that others cannot read. Also LAT_AUTH, LAT_NOTFOUND, LAT_SYS. */
LAT_MUST_CHECK enum lat_err tokens_load(const char *path, struct tokens **out, struct lat_msg *why);

void tokens_free(struct tokens *tokens); /* NULL is fine */

/* All roles that some line names, over or not: whether a door is locked does not hang on the time. NULL: 0.
 */
unsigned tokens_roles(const struct tokens *tokens);

/*
 * The roles of this token at this time; 0: it is none of ours. name: of a line that grants one of `wanted`,
 * else of any line of this token; written where the result is not 0. Takes the same time wherever hashes
 * differ.
 */
unsigned tokens_find(const struct tokens *tokens, const char *token, uint64_t wall_ms, unsigned wanted,
                     char name[TOKEN_NAME_MAX]);

#endif
