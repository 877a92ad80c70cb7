/*
 * ssh_match.h - the patterns of OpenSSH's files: '*', '?', and lists of patterns with '!' for negation.
 *
 * Spec: ssh_config(5), "PATTERNS". Pure; any thread.
 */
#ifndef LAT_ATTACH_SSH_MATCH_H
#define LAT_ATTACH_SSH_MATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Does all of the text fit the pattern? Letters count as they are. Takes steps in proportion to len * strlen(text) at most. */
bool ssh_match_pattern(const char *pattern, size_t len, const char *text);

enum ssh_match { SSH_MATCH_NO, SSH_MATCH_YES, SSH_MATCH_NEGATED };

/*
 * Patterns joined by commas. NEGATED: a pattern behind '!' fits, which wins over others. Pattern letters are taken as lower case,
 * as host names are; the text must be in lower case.
 */
enum ssh_match ssh_match_list(const char *list, size_t len, const char *text);

#endif
