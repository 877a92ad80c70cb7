/* test_randomart.c - pictures of keys: known ones, and those that `ssh-keygen -lv` makes of fresh keys of every type. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attach/randomart.h"
#include "support/temp.h"

#define KEYS_A_TYPE 12

/* What a command writes, without what it says of errors; false: it failed. */
static bool
run(const char *command, char *out, size_t size)
{
    FILE *pipe = popen(command, "r");
    size_t len;

    assert_non_null(pipe);
    len = fread(out, 1, size - 1, pipe);
    out[len] = 0;
    return pclose(pipe) == 0;
}

/* "256 SHA256:WdzG... comment (ED25519)" and the picture: the digest as bytes, and where the picture begins. */
static const char *
parse_listing(const char *listing, unsigned *bits, uint8_t digest[32])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *print = strstr(listing, "SHA256:"), *picture = strchr(listing, '\n');
    uint32_t held = 0;
    unsigned have = 0, at = 0;

    assert_non_null(print);
    assert_non_null(picture);
    *bits = (unsigned)strtoul(listing, NULL, 10);
    for (print += 7; *print != ' ' && at < 32; print++) {
        const char *letter = strchr(letters, *print);

        assert_non_null(letter);
        held = held << 6 | (uint32_t)(letter - letters);
        have += 6;
        if (have >= 8)
            digest[at++] = (uint8_t)(held >> (have -= 8));
    }
    assert_int_equal(at, 32);
    return picture + 1;
}

static void
compare_key(const char *type, const char *options)
{
    char command[512], listing[2048], picture[RANDOMART_LEN];
    const char *theirs;
    uint8_t digest[32];
    unsigned bits;

    snprintf(command, sizeof(command), "cd %s && rm -f key key.pub && ssh-keygen -q -N '' -C test %s -f key </dev/null", temp_folder, options);
    assert_true(run(command, listing, sizeof(listing)));
    snprintf(command, sizeof(command), "ssh-keygen -lv -E sha256 -f %s/key.pub", temp_folder);
    assert_true(run(command, listing, sizeof(listing)));
    theirs = parse_listing(listing, &bits, digest);
    randomart(digest, sizeof(digest), type, bits, "SHA256", picture);
    assert_string_equal(picture, theirs);
}

static void
pictures_are_those_of_ssh_keygen(void **state)
{
    char nothing[64];

    (void)state;
    if (!run("command -v ssh-keygen", nothing, sizeof(nothing))) {
        print_message("skipped: no ssh-keygen here (Debian package openssh-client)\n");
        skip();
    }
    for (int i = 0; i < KEYS_A_TYPE; i++) {
        compare_key("ED25519", "-t ed25519");
        compare_key("ECDSA", "-t ecdsa -b 256");
        compare_key("ECDSA", "-t ecdsa -b 384");
        compare_key("ECDSA", "-t ecdsa -b 521");
    }
    compare_key("RSA", "-t rsa -b 1024");
}

/* By hand: every step goes up and left into the corner, where the field has been entered more often than there are marks. */
static void
walls_hold_and_marks_end(void **state)
{
    uint8_t digest[32] = { 0 };
    char picture[RANDOMART_LEN];

    (void)state;
    randomart(digest, sizeof(digest), "ED25519", 256, "SHA256", picture);
    assert_memory_equal(picture, "+--[ED25519 256]--+\n", 20);
    assert_int_equal(picture[20 + 1], 'E'); /* the end covers what stood there */
    assert_int_equal(picture[5 * 20 + 1 + 8], 'S');
    for (int step = 1; step <= 4; step++)
        assert_int_equal(picture[(5 - step) * 20 + 1 + 8 - step], '.');
    digest[31] = 0xff; /* and down again to the right: the corner is seen */
    randomart(digest, sizeof(digest), "ED25519", 256, "SHA256", picture);
    assert_int_equal(picture[20 + 1], '^');
    assert_int_equal(strlen(picture), RANDOMART_LEN - 1);
}

static void
names_too_long_for_the_frame_are_cut(void **state)
{
    char picture[RANDOMART_LEN];
    uint8_t digest[1] = { 0 };

    (void)state;
    randomart(digest, 1, "A-TYPE-OF-LONG-NAME", 4096, "A-HASH-OF-LONG-NAME", picture);
    assert_memory_equal(picture, "+[A-TYPE-OF-LONG-]+\n", 20);
    assert_memory_equal(picture + 200, "+[A-HASH-OF-LONG-]+\n", 20);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_those_of_ssh_keygen),
        cmocka_unit_test(walls_hold_and_marks_end),
        cmocka_unit_test(names_too_long_for_the_frame_are_cut),
    };

    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
