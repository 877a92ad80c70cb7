/* test_known_hosts.c - the lines that name a host, beside what ssh-keygen -F finds; the verdict on a key. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/known_hosts.h"
#include "attach/ssh_match.h"
#include "base/text.h"
#include "support/random.h"
#include "support/temp.h"

#define BAD_KEY "AAAA1="
#define KEY_LEN 51 /* of an Ed25519 key: type and 32 bytes, each with its length */

/* An Ed25519 public key by its number; any 32 bytes will do. */
static void
make_key(unsigned number, uint8_t key[KEY_LEN])
{
    memcpy(key, "\0\0\0\x0bssh-ed25519\0\0\0\x20", 19);
    for (unsigned i = 0; i < 32; i++)
        key[19 + i] = (uint8_t)(number * 7 + i);
}

static void
put_line(struct lat_buf *out, const char *before, const char *name, unsigned number, const char *after)
{
    uint8_t key[KEY_LEN];
    struct lat_buf text;

    make_key(number, key);
    lat_buf_init(&text, 200);
    assert_int_equal(lat_base64(key, KEY_LEN, &text), LAT_OK);
    assert_int_equal(lat_buf_printf(out, "%s%s ssh-ed25519 %s%s\n", before, name, lat_buf_str(&text), after), LAT_OK);
    lat_buf_fini(&text);
}

static struct known_hosts_verdict
verdict_of(struct lat_buf *text, const char *host, uint16_t port, unsigned number)
{
    struct known_hosts_verdict v = { 0 };
    char name[KNOWN_HOSTS_NAME_MAX];
    uint8_t key[KEY_LEN];

    make_key(number, key);
    assert_int_equal(known_hosts_name(host, port, name), LAT_OK);
    known_hosts_add(&v, "file", lat_buf_str(text), text->len, name, key, KEY_LEN);
    return v;
}

static void
a_listed_key_matches_and_another_is_changed(void **state)
{
    struct known_hosts_verdict v;
    struct lat_buf text;

    (void)state;
    lat_buf_init(&text, 4096);
    put_line(&text, "", "porto-1,10.1.0.11", 1, " a comment");
    put_line(&text, "", "[faro-1]:2222", 2, "");
    assert_int_equal(verdict_of(&text, "Porto-1", 22, 1).answer, KNOWN_HOSTS_MATCH);
    assert_int_equal(verdict_of(&text, "10.1.0.11", 0, 1).answer, KNOWN_HOSTS_MATCH);
    assert_int_equal(verdict_of(&text, "faro-1", 2222, 2).answer, KNOWN_HOSTS_MATCH);
    assert_int_equal(verdict_of(&text, "faro-1", 22, 2).answer, KNOWN_HOSTS_UNKNOWN);
    v = verdict_of(&text, "faro-1", 2222, 1);
    assert_int_equal(v.answer, KNOWN_HOSTS_CHANGED);
    assert_int_equal(v.line, 2);
    assert_string_equal(v.file, "file");
    assert_int_equal(v.types, HOST_KEY_ED25519);
    lat_buf_fini(&text);
}

static void
a_revoked_key_is_refused_wherever_its_line_stands(void **state)
{
    struct known_hosts_verdict v;
    struct lat_buf text;

    (void)state;
    lat_buf_init(&text, 4096);
    put_line(&text, "", "porto-1", 1, "");
    put_line(&text, "@revoked ", "*", 1, "");
    put_line(&text, "", "porto-1", 1, "");
    v = verdict_of(&text, "porto-1", 22, 1);
    assert_int_equal(v.answer, KNOWN_HOSTS_REVOKED);
    assert_int_equal(v.line, 2);
    v = verdict_of(&text, "porto-1", 22, 2); /* another key: the revoked line says nothing of it */
    assert_int_equal(v.answer, KNOWN_HOSTS_CHANGED);
    assert_int_equal(v.line, 1);
    assert_int_equal(verdict_of(&text, "madrid-3", 22, 2).answer, KNOWN_HOSTS_UNKNOWN);
    lat_buf_fini(&text);
}

static void
a_malformed_line_hides_no_other(void **state)
{
    static const char *const broken[] = {
        "porto-1",          "porto-1 ssh-ed25519", "porto-1 ssh-ed25519 !!!!", "|1|x ssh-ed25519 AAAA", "@nonsense porto-1 a b",
        "@revoked porto-1", "porto-1 ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAAA", "\x01\x02\x03",
    };
    struct known_hosts_verdict v;
    struct lat_buf text;

    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        lat_buf_init(&text, 4096);
        assert_int_equal(lat_buf_printf(&text, "# comment\n\n%s\n", broken[i]), LAT_OK);
        put_line(&text, "\t", "porto-1", 1, "\r");
        v = verdict_of(&text, "porto-1", 22, 1);
        assert_int_equal(v.answer, KNOWN_HOSTS_MATCH);
        assert_int_equal(v.line, 4);
        assert_int_equal(v.malformed, 1);
        lat_buf_fini(&text);
    }
}

static void
negation_wins_over_a_wildcard(void **state)
{
    struct lat_buf text;

    (void)state;
    lat_buf_init(&text, 4096);
    put_line(&text, "", "*.lan,!evora-1.lan", 1, "");
    assert_int_equal(verdict_of(&text, "porto-1.lan", 22, 1).answer, KNOWN_HOSTS_MATCH);
    assert_int_equal(verdict_of(&text, "evora-1.lan", 22, 1).answer, KNOWN_HOSTS_UNKNOWN);
    assert_true(ssh_match_pattern("*a*a*a*a*a*a*a*b", 16, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") == false);
    assert_true(ssh_match_pattern("a?c*", 4, "abc"));
    assert_false(ssh_match_pattern("a?c", 3, "ac"));
    lat_buf_fini(&text);
}

static void
an_authority_is_skipped_and_counted(void **state)
{
    struct known_hosts_verdict v;
    struct lat_buf text;

    (void)state;
    lat_buf_init(&text, 4096);
    put_line(&text, "@cert-authority ", "*", 1, "");
    v = verdict_of(&text, "porto-1", 22, 1);
    assert_int_equal(v.answer, KNOWN_HOSTS_UNKNOWN);
    assert_int_equal(v.authorities, 1);
    assert_int_equal(v.types, 0);
    lat_buf_fini(&text);
}

static void
a_line_of_ours_reads_back_readable_and_hashed(void **state)
{
    static const uint8_t salt[SHA1_LEN] = "0123456789012345678";
    uint8_t key[KEY_LEN];
    struct lat_buf text;

    (void)state;
    make_key(3, key);
    for (int hashed = 0; hashed < 2; hashed++) {
        lat_buf_init(&text, 4096);
        assert_int_equal(known_hosts_line("[porto-1]:2222", key, KEY_LEN, hashed ? salt : NULL, &text), LAT_OK);
        assert_int_equal(strstr(lat_buf_str(&text), "porto") == NULL, hashed);
        assert_int_equal(verdict_of(&text, "porto-1", 2222, 3).answer, KNOWN_HOSTS_MATCH);
        assert_int_equal(verdict_of(&text, "porto-2", 2222, 3).answer, KNOWN_HOSTS_UNKNOWN);
        lat_buf_fini(&text);
    }
    lat_buf_init(&text, 4096);
    assert_int_equal(known_hosts_line("a b", key, KEY_LEN, NULL, &text), LAT_MALFORMED);
    assert_int_equal(known_hosts_line("*", key, KEY_LEN, NULL, &text), LAT_MALFORMED);
    assert_int_equal(text.len, 0);
}

/* --- beside ssh-keygen ----------------------------------------------------------------------------- */

static const char *const names[] = { "porto-1", "faro-1.lan", "10.1.0.11", "[porto-1]:2222", "[10.1.0.11]:22022", "a" };
#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

static const char *const patterns[] = {
    "porto-1", "faro-1.lan", "*", "*.lan", "!porto-1", "p?rto-*", "[porto-1]:*", "[*]:22022", "10.1.0.*", "PORTO-1", "!*.lan", "a", "??", "",
};
#define PATTERN_COUNT (sizeof(patterns) / sizeof(patterns[0]))

static void
put_random_line(uint64_t *r, struct lat_buf *out)
{
    static const char *const markers[] = { "", "", "", "", "", "@revoked ", "@cert-authority ", "@what ", " " };
    static const char *const comments[] = { "", " by hand", "\t# x", "\r" };
    char hosts[256] = "";
    uint8_t key[KEY_LEN], salt[SHA1_LEN];
    unsigned kind = (unsigned)random_below(r, 10);

    if (kind == 0) {
        assert_int_equal(lat_buf_printf(out, "%s\n", patterns[random_below(r, PATTERN_COUNT)]), LAT_OK);
        return;
    }
    if (kind == 1) {
        assert_int_equal(lat_buf_printf(out, "%s ssh-ed25519 " BAD_KEY " x\n", names[random_below(r, NAME_COUNT)]), LAT_OK);
        return;
    }
    if (kind < 4) {
        make_key((unsigned)random_below(r, 100), key);
        for (size_t i = 0; i < SHA1_LEN; i++)
            salt[i] = (uint8_t)random_below(r, 256);
        assert_int_equal(known_hosts_line(names[random_below(r, NAME_COUNT)], key, KEY_LEN, salt, out), LAT_OK);
        return;
    }
    for (size_t count = 1 + random_below(r, 3); count > 0; count--) {
        strcat(hosts, patterns[random_below(r, PATTERN_COUNT)]);
        if (count > 1)
            strcat(hosts, ",");
    }
    put_line(out, markers[random_below(r, 9)], hosts, (unsigned)random_below(r, 100), comments[random_below(r, 4)]);
}

/* "12 13R 14C " as ssh-keygen has found them; it names lines whose key cannot be read as well, which are left out here. */
static void
lines_of_keygen(const char *file, const char *name, char out[1024])
{
    char command[1024], line[4096], entry[4096];
    FILE *pipe;
    const char *at;

    snprintf(command, sizeof(command), "ssh-keygen -F '%s' -f '%s' 2>/dev/null", name, file);
    pipe = popen(command, "re");
    assert_non_null(pipe);
    out[0] = 0;
    while (fgets(line, sizeof(line), pipe)) {
        if (strncmp(line, "# Host ", 7) != 0 || (at = strstr(line, " found: line ")) == NULL)
            continue;
        assert_non_null(fgets(entry, sizeof(entry), pipe));
        if (strstr(entry, BAD_KEY))
            continue;
        snprintf(out + strlen(out), 1024 - strlen(out), "%ld%s ", strtol(at + 13, NULL, 10),
                 strstr(at, "REVOKED") ? "R" : (strstr(at, "CA") ? "C" : ""));
    }
    pclose(pipe);
}

static void
lines_of_ours(struct lat_buf *text, const char *name, char out[1024])
{
    static const char *const marks[] = { "", "C", "R" };
    struct known_hosts_walk walk;
    struct known_hosts_entry entry;

    out[0] = 0;
    known_hosts_walk_init(&walk, lat_buf_str(text), text->len, name);
    while (known_hosts_next(&walk, &entry))
        snprintf(out + strlen(out), 1024 - strlen(out), "%u%s ", entry.line, marks[entry.marker]);
}

static void
the_lines_found_are_those_of_ssh_keygen(void **state)
{
    uint64_t r = 20261127;
    char theirs[1024], ours[1024];
    struct lat_buf text;

    (void)state;
    if (system("command -v ssh-keygen >/dev/null") != 0)
        skip();
    for (int file = 0; file < 40; file++) {
        lat_buf_init(&text, 65536);
        for (int line = 0; line < 12; line++)
            put_random_line(&r, &text);
        temp_write("known_hosts", lat_buf_str(&text));
        for (size_t i = 0; i < NAME_COUNT; i++) {
            lines_of_keygen(temp_path("known_hosts"), names[i], theirs);
            lines_of_ours(&text, names[i], ours);
            if (strcmp(theirs, ours) != 0)
                print_error("%s in\n%s", names[i], lat_buf_str(&text));
            assert_string_equal(ours, theirs);
        }
        lat_buf_fini(&text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listed_key_matches_and_another_is_changed),
        cmocka_unit_test(a_revoked_key_is_refused_wherever_its_line_stands),
        cmocka_unit_test(a_malformed_line_hides_no_other),
        cmocka_unit_test(negation_wins_over_a_wildcard),
        cmocka_unit_test(an_authority_is_skipped_and_counted),
        cmocka_unit_test(a_line_of_ours_reads_back_readable_and_hashed),
        cmocka_unit_test(the_lines_found_are_those_of_ssh_keygen),
    };

    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
