/* test_tokens.c - the grammar of the tokens file, and whose token it is. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "crypto/hash.h"
#include "http/tokens.h"
#include "support/temp.h"

#define NOW_MS 1700000000000u /* 2023-11-14T22:13:20Z */

/* The hash of a token as the file has it; one of four buffers. */
static const char *
hashed(const char *token)
{
    static char texts[4][2 * SHA256_LEN + 1];
    static unsigned next;
    uint8_t hash[SHA256_LEN];
    char *text = texts[next++ % 4];

    sha256_of(token, strlen(token), hash);
    lat_hex(hash, sizeof(hash), text);
    return text;
}

static struct tokens *
parsed(const char *text)
{
    struct tokens *tokens = NULL;
    struct lat_msg why = { "" };

    if (tokens_parse(text, strlen(text), &tokens, &why))
        fail_msg("%s", why.text);
    return tokens;
}

/* Roles of a token now; the name must be this one. */
static unsigned
roles_of(const struct tokens *tokens, const char *token, unsigned wanted, const char *expected_name)
{
    char name[TOKEN_NAME_MAX] = "";
    unsigned roles = tokens_find(tokens, token, NOW_MS, wanted, name);

    assert_string_equal(name, expected_name);
    return roles;
}

static void
a_token_has_the_role_and_name_of_its_line(void **state)
{
    char text[1000];
    struct tokens *tokens;

    (void)state;
    snprintf(text, sizeof(text),
             "# who may\n\n  \t\nread panel %s\r\nsync\tnode-b.example %s\ncontrol ops_1 %s", hashed("see"),
             hashed("join"), hashed("steer"));
    tokens = parsed(text);
    assert_int_equal(tokens_roles(tokens), TOKEN_ANY);
    assert_int_equal(roles_of(tokens, "see", TOKEN_READ, "panel"), TOKEN_READ);
    assert_int_equal(roles_of(tokens, "join", TOKEN_READ, "node-b.example"), TOKEN_SYNC);
    assert_int_equal(roles_of(tokens, "steer", TOKEN_CONTROL, "ops_1"), TOKEN_CONTROL);
    assert_int_equal(roles_of(tokens, "other", TOKEN_CONTROL, ""), 0);
    assert_int_equal(roles_of(tokens, "", TOKEN_CONTROL, ""), 0);
    assert_int_equal(roles_of(tokens, hashed("steer"), TOKEN_CONTROL, ""), 0); /* the hash is no token */
    tokens_free(tokens);
    assert_int_equal(tokens_roles(NULL), 0);
    assert_int_equal(roles_of(NULL, "see", TOKEN_READ, ""), 0);
}

static void
one_token_may_have_two_roles_and_is_called_by_the_one_that_is_used(void **state)
{
    char text[1000];
    struct tokens *tokens;

    (void)state;
    snprintf(text, sizeof(text), "read first %s\nsync second %s\n", hashed("both"), hashed("both"));
    tokens = parsed(text);
    assert_int_equal(roles_of(tokens, "both", TOKEN_READ, "first"), TOKEN_READ | TOKEN_SYNC);
    assert_int_equal(roles_of(tokens, "both", TOKEN_SYNC | TOKEN_CONTROL, "second"), TOKEN_READ | TOKEN_SYNC);
    assert_int_equal(roles_of(tokens, "both", TOKEN_CONTROL, "first"), TOKEN_READ | TOKEN_SYNC);
    tokens_free(tokens);
}

static void
a_token_is_none_from_its_last_moment_on(void **state)
{
    char text[1000], name[TOKEN_NAME_MAX];
    struct tokens *tokens;

    (void)state;
    snprintf(text, sizeof(text), "control guest %s 2023-11-14T22:13:20Z\n", hashed("soon over"));
    tokens = parsed(text);
    assert_int_equal(tokens_find(tokens, "soon over", NOW_MS - 1, TOKEN_CONTROL, name), TOKEN_CONTROL);
    assert_int_equal(tokens_find(tokens, "soon over", NOW_MS, TOKEN_CONTROL, name), 0);
    assert_int_equal(tokens_roles(tokens), TOKEN_CONTROL);
    tokens_free(tokens);
}

static void
a_malformed_line_is_refused_with_its_number_and_without_its_words(void **state)
{
    static const char *const bad[] = {
        "read panel",
        "admin panel HASH",
        "read pa/nel HASH",
        "READ panel HASH",
        "read panel HASH0",
        "read panel secret-token",
        "read panel HASH tomorrow",
        "read panel HASH 2030-01-01T00:00:00Z more",
        "read 12345678901234567890123456789012345678901 HASH",
        "read panel HASH 2030-01-01T00:00:00Z a b c d",
    };
    char text[1000], line[400];
    struct tokens *tokens = NULL;
    struct lat_msg why;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *place = strstr(bad[i], "HASH");

        if (place == NULL)
            snprintf(line, sizeof(line), "%s", bad[i]);
        else
            snprintf(line, sizeof(line), "%.*s%s%s", (int)(place - bad[i]), bad[i], hashed("x"), place + 4);
        snprintf(text, sizeof(text), "# one\n\n%s\n", line);
        assert_int_equal(tokens_parse(text, strlen(text), &tokens, &why), LAT_MALFORMED);
        assert_non_null(strstr(why.text, "line 3: "));
        assert_null(strstr(why.text, "secret-token"));
    }
    assert_int_equal(tokens_parse("read a\0b", 8, &tokens, &why), LAT_MALFORMED);
    assert_null(tokens);
}

static void
there_are_only_so_many_tokens(void **state)
{
    static char text[(TOKENS_MAX + 1) * 80];
    struct tokens *tokens = NULL;
    struct lat_msg why;
    size_t len = 0;

    (void)state;
    for (int i = 0; i <= TOKENS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "read n %s\n", hashed("x"));
    assert_int_equal(tokens_parse(text, len, &tokens, &why), LAT_LIMIT);
    assert_non_null(strstr(why.text, "line 257: "));
}

static void
a_file_that_others_can_read_is_refused(void **state)
{
    struct tokens *tokens = NULL;
    struct lat_msg why;

    (void)state;
    temp_write("tokens", "# none\n");
    assert_int_equal(chmod(temp_path("tokens"), 0640), 0);
    assert_int_equal(tokens_load(temp_path("tokens"), &tokens, &why), LAT_AUTH);
    assert_non_null(strstr(why.text, "chmod"));
    assert_int_equal(chmod(temp_path("tokens"), 0600), 0);
    assert_int_equal(tokens_load(temp_path("tokens"), &tokens, &why), LAT_OK);
    assert_int_equal(tokens_roles(tokens), 0);
    tokens_free(tokens);
    assert_int_equal(tokens_load(temp_path("absent"), &tokens, &why), LAT_NOTFOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_has_the_role_and_name_of_its_line),
        cmocka_unit_test(one_token_may_have_two_roles_and_is_called_by_the_one_that_is_used),
        cmocka_unit_test(a_token_is_none_from_its_last_moment_on),
        cmocka_unit_test(a_malformed_line_is_refused_with_its_number_and_without_its_words),
        cmocka_unit_test(there_are_only_so_many_tokens),
        cmocka_unit_test(a_file_that_others_can_read_is_refused),
    };

    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
