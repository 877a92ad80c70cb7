/* test_ssh_target.c - the words for a node: ssh://, http(s)://, hosts of ProxyJump; where a token may go. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "attach/api_parts.h"
#include "attach/ssh_target.h"

static void
all_parts_of_an_ssh_target_are_read(void **state)
{
    struct ssh_target t;
    struct lat_msg why = { "" };
    char text[128];

    (void)state;
    assert_int_equal(ssh_target_parse("ssh://ops@porto-1:2222?api=[::1]:8001", &t, &why), LAT_OK);
    assert_string_equal(t.user, "ops");
    assert_string_equal(t.host, "porto-1");
    assert_int_equal(t.port, 2222);
    assert_string_equal(t.api_host, "::1");
    assert_int_equal(t.api_port, 8001);
    ssh_target_text(&t, text, sizeof(text));
    assert_string_equal(text, "ops@porto-1:2222");
    assert_int_equal(ssh_target_parse("ssh://[fe80::1%eth0]/", &t, &why), LAT_OK);
    assert_string_equal(t.host, "fe80::1%eth0");
    assert_int_equal(t.port, 0);
    assert_string_equal(t.api_host, "127.0.0.1");
    assert_int_equal(t.api_port, 8000);
}

static void
what_is_no_ssh_target_is_refused_with_the_right_form(void **state)
{
    static const char *const bad[] = {
        "ssh://",          "ssh://ops@",          "ssh://a:b@host",      "ssh://host:0",          "ssh://host:65536",     "ssh://host/path",
        "ssh://-oX=y",     "ssh://-u@host",       "ssh://ho st",         "ssh://[1.2.3.4]",       "ssh://[::1",           "ssh://host?api=",
        "ssh://host?x=y",  "ssh://host?api=:80",  "ssh://host?api=a",    "ssh://host?api=a:80&x", "ssh://a@b@c",          "ssh://host:22:23",
        "ssh://::1",       "ssh://ho$st",         "ssh://us er@host",    "ssh://host?api=[::1]",
    };
    struct ssh_target t = { .port = 7 };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct lat_msg why = { "" };

        assert_int_equal(ssh_target_parse(bad[i], &t, &why), LAT_MALFORMED);
        assert_non_null(strstr(why.text, "use ssh://"));
        assert_int_equal(t.port, 7);
    }
}

static void
jump_hosts_are_read_with_and_without_scheme(void **state)
{
    static const char *const good[] = { "j", "u@j:33", "ssh://u@j", "[::1]:22" };
    struct ssh_target t;
    struct lat_msg why = { "" };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(ssh_jump_parse(good[i], strlen(good[i]), &t, &why), LAT_OK);
    assert_int_equal(ssh_jump_parse("u@j:33,k", 6, &t, &why), LAT_OK);
    assert_int_equal(t.port, 33);
    assert_int_equal(ssh_jump_parse("", 0, &t, &why), LAT_MALFORMED);
    assert_int_equal(ssh_jump_parse("u@", 2, &t, &why), LAT_MALFORMED);
}

static void
a_target_says_what_is_asked_at_its_end(void **state)
{
    struct api_target t = { .base = "" };
    struct lat_msg why = { "" };
    char text[64];

    (void)state;
    assert_int_equal(api_target_parse("ssh://porto-1?api=127.0.0.1:8002", &t, &why), LAT_OK);
    assert_string_equal(t.base, "http://127.0.0.1:8002");
    api_target_text(&t, text, sizeof(text));
    assert_string_equal(text, "ssh://porto-1");
    t = (struct api_target){ .base = "" };
    assert_int_equal(api_target_parse("https://porto-1:8443/", &t, &why), LAT_OK);
    assert_string_equal(t.base, "https://porto-1:8443");
    assert_int_equal(api_target_parse("http://user@host", &t, &why), LAT_MALFORMED);
    assert_int_equal(api_target_parse("http://host/path", &t, &why), LAT_MALFORMED);
    assert_int_equal(api_target_parse("ftp://host", &t, &why), LAT_MALFORMED);
}

static void
a_token_goes_over_no_open_network(void **state)
{
    static const struct {
        const char *target;
        enum lat_err verdict;
    } cases[] = {
        { "http://porto-1:8000", LAT_AUTH }, { "http://10.1.0.11", LAT_AUTH },   { "http://127.0.0.1.evil.example", LAT_AUTH },
        { "http://127.8.0.1:1", LAT_OK },    { "http://localhost:80", LAT_OK },  { "http://[::1]:80", LAT_OK },
        { "https://porto-1", LAT_OK },       { "ssh://porto-1", LAT_OK },
    };
    struct lat_msg why = { "" };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct api_target t = { .token = "secret" };

        assert_int_equal(api_target_parse(cases[i].target, &t, &why), LAT_OK);
        assert_int_equal(api_target_check(&t, &why), cases[i].verdict);
        t.insecure_http = true;
        assert_int_equal(api_target_check(&t, &why), LAT_OK);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_parts_of_an_ssh_target_are_read),
        cmocka_unit_test(what_is_no_ssh_target_is_refused_with_the_right_form),
        cmocka_unit_test(jump_hosts_are_read_with_and_without_scheme),
        cmocka_unit_test(a_target_says_what_is_asked_at_its_end),
        cmocka_unit_test(a_token_goes_over_no_open_network),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
