/* test_ssh_config.c - what a configuration says of a host, beside what `ssh -G` says; what is refused by name. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/ssh_config.h"
#include "attach/ssh_words.h"
#include "base/file.h"
#include "base/text.h"
#include "support/random.h"
#include "support/temp.h"

static const char *
no_variable(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "WHERE") == 0 ? "lan" : NULL;
}

/* Two files of the temporary folder stand for all that Include may name. */
static enum lat_err
include_temp(void *arg, const char *pattern, unsigned index, char name[SSH_PATH_MAX], struct lat_buf *out)
{
    (void)arg;
    if (index > 0 || strstr(pattern, "nowhere"))
        return LAT_NOTFOUND;
    lat_copy(name, SSH_PATH_MAX, pattern);
    return lat_file_read(pattern, out);
}

static struct ssh_config_request
request_for(const char *host)
{
    const struct passwd *me = getpwuid(getuid());

    return (struct ssh_config_request){ .host = host, .local_user = me ? me->pw_name : "nobody", .local_host = "here.lan",
                                        .home = "/home/me", .uid = 1000, .variable = no_variable, .include = include_temp };
}

static enum lat_err
read_for(const struct ssh_config_request *request, const char *text, struct ssh_config *out, struct lat_msg *why)
{
    struct ssh_config_reader reader;
    enum lat_err err = ssh_config_begin(&reader, request, out, why);

    if (!err)
        err = ssh_config_text(&reader, "config", temp_folder, text, strlen(text));
    if (!err && ssh_config_again(&reader))
        err = ssh_config_text(&reader, "config", temp_folder, text, strlen(text));
    return err ? err : ssh_config_end(&reader);
}

static void
the_first_value_wins_and_identity_files_add_up(void **state)
{
    struct ssh_config_request request = request_for("porto");
    struct ssh_config c;
    struct lat_msg why = { "" };

    (void)state;
    assert_int_equal(read_for(&request,
                              "Host faro\n  Port 1\nHost porto p*\n  HostName=%h.lan\n  Port 2222\n  IdentityFile ~/.ssh/a\n"
                              "Host *\n  User ops # them\n  Port 3\n  IdentityFile \"/b c\"\n  ConnectTimeout 1m5s\n",
                              &c, &why),
                     LAT_OK);
    assert_string_equal(c.host, "porto.lan");
    assert_string_equal(c.user, "ops");
    assert_int_equal(c.port, 2222);
    assert_int_equal(c.identity_files.count, 2);
    assert_string_equal(c.identity_files.items[1], "/b c");
    assert_int_equal(c.connect_timeout_s, 65);
}

static void
what_is_typed_wins_over_the_file(void **state)
{
    struct ssh_config_request request = request_for("porto");
    struct ssh_config c;
    struct lat_msg why = { "" };

    (void)state;
    request.user = "me";
    request.port = 9;
    assert_int_equal(read_for(&request, "User ops\nPort 3\n", &c, &why), LAT_OK);
    assert_string_equal(c.user, "me");
    assert_int_equal(c.port, 9);
}

static void
keys_that_lead_elsewhere_are_refused_by_name(void **state)
{
    static const char *const lines[] = { "ProxyCommand nc %h %p",      "BindAddress 10.0.0.1",       "Match exec \"true\"",
                                         "RevokedHostKeys /etc/x",     "CanonicalizeHostname yes",   "KnownHostsCommand /bin/x",
                                         "ProxyUseFdpass yes",         "BindInterface eth0" };
    struct ssh_config_request request = request_for("porto");
    struct ssh_config c;
    char name[32];

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct lat_msg why = { "" };

        assert_int_equal(read_for(&request, lines[i], &c, &why), LAT_AUTH);
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(lines[i], " "), lines[i]);
        assert_non_null(strstr(why.text, name));
        assert_non_null(strstr(why.text, "config line 1"));
    }
}

static void
what_is_switched_off_or_not_for_this_host_is_not_refused(void **state)
{
    static const char *const texts[] = {
        "ProxyCommand none\n",     "Host faro\nProxyCommand x\n", "ProxyJump a\nProxyCommand x\n", "Match host faro exec x\nPort 9\n",
        "ProxyUseFdpass no\n",     "CanonicalizeHostname no\n",   "Match canonical all\nProxyCommand x\n",
    };
    struct ssh_config_request request = request_for("porto");
    struct ssh_config c;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct lat_msg why = { "" };

        assert_int_equal(read_for(&request, texts[i], &c, &why), LAT_OK);
        assert_int_equal(c.port, 22);
    }
}

static void
bad_lines_are_named(void **state)
{
    static const char *const texts[] = { "\nPort 0\n",  "\nPort 70000\n",     "\nUser\n",           "\nUser \"x\n", "\nStrictHostKeyChecking perhaps\n",
                                         "\nMatch x y", "\nConnectTimeout x", "\nIdentitiesOnly 7", "\nMatch",      "\nAddressFamily 4" };
    struct ssh_config_request request = request_for("porto");
    struct ssh_config c;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct lat_msg why = { "" };

        assert_int_equal(read_for(&request, texts[i], &c, &why), LAT_MALFORMED);
        assert_non_null(strstr(why.text, "config line 2: "));
    }
}

static void
an_include_in_itself_ends(void **state)
{
    struct ssh_config_request request = request_for("porto");
    struct ssh_config c;
    struct lat_msg why = { "" };

    (void)state;
    temp_write("loop", "Include loop\n");
    assert_int_equal(read_for(&request, "Include loop\n", &c, &why), LAT_LIMIT);
    temp_write("twice", "Include twice twice\n");
    assert_int_equal(read_for(&request, "Include twice\n", &c, &why), LAT_LIMIT);
    assert_int_equal(read_for(&request, "Include nowhere*\nUser x\n", &c, &why), LAT_OK);
    assert_string_equal(c.user, "x");
}

static void
tokens_variables_and_the_tilde_are_replaced(void **state)
{
    struct ssh_config_request request = request_for("porto");
    struct ssh_config c;
    struct lat_msg why = { "" };
    char out[SSH_PATH_MAX];

    (void)state;
    assert_int_equal(read_for(&request, "HostName %h.lan\nUser ops\n", &c, &why), LAT_OK);
    assert_int_equal(ssh_config_expand(&c, &request, "~/%h/%n/%p/%r/%d/%i/%L/%l/%%/${WHERE}", out, &why), LAT_OK);
    assert_string_equal(out, "/home/me/porto.lan/porto/22/ops//home/me/1000/here/here.lan/%/lan");
    assert_int_equal(ssh_config_expand(&c, &request, "%C", out, &why), LAT_MALFORMED);
    assert_int_equal(ssh_config_expand(&c, &request, "%", out, &why), LAT_MALFORMED);
    assert_int_equal(ssh_config_expand(&c, &request, "${NOT_SET}", out, &why), LAT_MALFORMED);
    assert_int_equal(ssh_config_expand(&c, &request, "${", out, &why), LAT_MALFORMED);
}

/* --- beside ssh -G --------------------------------------------------------------------------------- */

static const char *const hosts[] = { "porto", "faro.lan", "a", "10.1.0.1" };
static const char *const heads[] = {
    "Host porto",     "Host *",           "Host p* !porto",         "Host *.lan a",    "Match host porto",     "Match all",   "Match host *.lan,a",
    "Match !host a",  "Host ?",           "Match originalhost a",   "Host \"faro.lan\"", "Match user ops",      "Match host x.lan",
    "Match originalhost p*,!porto host *", "Include extra",          "Host=10.1.0.*",   "Match final",
};
static const char *const lines[] = {
    "HostName x.lan",      "HostName %h.lan",         "HOSTNAME = 10.0.0.9",  "User ops",           "User=\"a b\"",             "Port 22",
    "Port 2222",           "IdentityFile ~/.ssh/one", "IdentityFile /two",    "IdentitiesOnly yes", "IdentityAgent /run/agent", "IdentityAgent none",
    "UserKnownHostsFile /k1 /k2", "GlobalKnownHostsFile \"/g 1\"", "StrictHostKeyChecking accept-new", "StrictHostKeyChecking no",
    "HostKeyAlias alias",  "ConnectTimeout 7",        "ConnectTimeout 2m",    "ServerAliveInterval 1h", "ServerAliveCountMax 9",
    "ProxyJump u@j:33,k",  "ProxyJump none",          "HashKnownHosts yes",   "AddressFamily inet6", "# nothing",               "",
    "ForwardAgent yes",    "\tCompression yes # z",   "Include nowhere*",     "  User 'x y' # c",
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
make_text(uint64_t *seed, struct lat_buf *out, bool top)
{
    for (size_t i = 0; i < (top ? 14u : 4u); i++) {
        const char *line = random_below(seed, 3) == 0 ? heads[random_below(seed, COUNT(heads))] : lines[random_below(seed, COUNT(lines))];

        if (strcmp(line, "Include extra") == 0) {
            if (top)
                assert_int_equal(lat_buf_printf(out, "Include %s/extra\n", temp_folder), LAT_OK);
        } else {
            assert_int_equal(lat_buf_printf(out, "%s\n", line), LAT_OK);
        }
    }
}

/* All of a list on one line. */
static void
add_list(struct lat_buf *out, const char *name, const struct ssh_list *list)
{
    if (list->count == 0)
        return;
    assert_int_equal(lat_buf_printf(out, "%s", name), LAT_OK);
    for (unsigned i = 0; i < list->count; i++)
        assert_int_equal(lat_buf_printf(out, " %s", list->items[i]), LAT_OK);
    assert_int_equal(lat_buf_add(out, "\n", 1), LAT_OK);
}

/* The keys that are compared, in the order of `ssh -G` for this list. */
static void
say_ours(const struct ssh_config *c, struct lat_buf *out)
{
    static const char *const strict[] = { "ask", "true", "accept-new", "false" };
    const struct ssh_list *files = &c->identity_files;

    assert_int_equal(lat_buf_printf(out, "user %s\nhostname %s\nport %u\naddressfamily %s\n", c->user, c->host, c->port,
                                    c->family == 6 ? "inet6" : "any"),
                     LAT_OK);
    assert_int_equal(lat_buf_printf(out, "hashknownhosts %s\nidentitiesonly %s\nstricthostkeychecking %s\n",
                                    c->hash_known_hosts ? "yes" : "no", c->identities_only ? "yes" : "no", strict[c->strict]),
                     LAT_OK);
    assert_int_equal(lat_buf_printf(out, "serveralivecountmax %u\nserveraliveinterval %u\n", c->alive_count, c->alive_interval_s), LAT_OK);
    if (c->host_key_alias[0])
        assert_int_equal(lat_buf_printf(out, "hostkeyalias %s\n", c->host_key_alias), LAT_OK);
    if (c->identity_agent[0])
        assert_int_equal(lat_buf_printf(out, "identityagent %s\n", c->identity_agent), LAT_OK);
    for (unsigned i = 0; i < files->count; i++)
        assert_int_equal(lat_buf_printf(out, "identityfile %s\n", files->items[i]), LAT_OK);
    add_list(out, "globalknownhostsfile", &c->global_known_hosts);
    add_list(out, "userknownhostsfile", &c->user_known_hosts);
    if (c->connect_timeout_s)
        assert_int_equal(lat_buf_printf(out, "connecttimeout %u\n", c->connect_timeout_s), LAT_OK);
    if (c->proxy_jump[0] && strcmp(c->proxy_jump, "none") != 0)
        assert_int_equal(lat_buf_printf(out, "proxyjump %s\n", c->proxy_jump), LAT_OK);
}

/* The same keys out of `ssh -G`; defaults that stand for "not given" are left out. */
static void
say_theirs(const struct ssh_config *c, const char *host, struct lat_buf *out)
{
    static const char *const compared[] = { "user", "hostname", "port", "addressfamily", "hashknownhosts", "identitiesonly",
                                            "stricthostkeychecking", "serveralivecountmax", "serveraliveinterval", "hostkeyalias",
                                            "identityagent", "identityfile", "globalknownhostsfile", "userknownhostsfile",
                                            "connecttimeout", "proxyjump" };
    char command[1024], line[4096];
    FILE *pipe;

    snprintf(command, sizeof(command), "ssh -G -F %s %s 2>/dev/null </dev/null", temp_path("config"), host);
    pipe = popen(command, "re");
    assert_non_null(pipe);
    while (fgets(line, sizeof(line), pipe)) {
        for (size_t i = 0; i < COUNT(compared); i++) {
            size_t len = strlen(compared[i]);

            if (strncmp(line, compared[i], len) != 0 || line[len] != ' ' || strcmp(line, "connecttimeout none\n") == 0 ||
                (strcmp(compared[i], "identityfile") == 0 && c->identity_files.count == 0) ||
                (strcmp(compared[i], "globalknownhostsfile") == 0 && c->global_known_hosts.count == 0) ||
                (strcmp(compared[i], "userknownhostsfile") == 0 && c->user_known_hosts.count == 0))
                continue;
            assert_int_equal(lat_buf_add(out, line, strlen(line)), LAT_OK);
        }
    }
    pclose(pipe);
}

static void
compare_for(const char *host, const char *text)
{
    struct ssh_config_request request = request_for(host);
    struct ssh_config c;
    struct lat_msg why = { "" };
    struct lat_buf ours, theirs;
    enum lat_err err = read_for(&request, text, &c, &why);

    if (err)
        print_error("%s\n%s", why.text, text);
    assert_int_equal(err, LAT_OK);
    lat_buf_init(&ours, 65536);
    lat_buf_init(&theirs, 65536);
    say_ours(&c, &ours);
    say_theirs(&c, host, &theirs);
    if (strcmp(lat_buf_str(&ours), lat_buf_str(&theirs)) != 0)
        print_error("%s in\n%s", host, text);
    assert_string_equal(lat_buf_str(&ours), lat_buf_str(&theirs));
    lat_buf_fini(&ours);
    lat_buf_fini(&theirs);
}

static void
the_values_are_those_of_ssh(void **state)
{
    uint64_t seed = 20261128;
    struct lat_buf text, extra;

    (void)state;
    if (system("command -v ssh >/dev/null") != 0)
        skip();
    for (int file = 0; file < 60; file++) {
        lat_buf_init(&text, 65536);
        lat_buf_init(&extra, 65536);
        make_text(&seed, &extra, false);
        make_text(&seed, &text, true);
        temp_write("extra", lat_buf_str(&extra));
        temp_write("config", lat_buf_str(&text));
        for (size_t i = 0; i < COUNT(hosts); i++)
            compare_for(hosts[i], lat_buf_str(&text));
        lat_buf_fini(&text);
        lat_buf_fini(&extra);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_value_wins_and_identity_files_add_up),
        cmocka_unit_test(what_is_typed_wins_over_the_file),
        cmocka_unit_test(keys_that_lead_elsewhere_are_refused_by_name),
        cmocka_unit_test(what_is_switched_off_or_not_for_this_host_is_not_refused),
        cmocka_unit_test(bad_lines_are_named),
        cmocka_unit_test(an_include_in_itself_ends),
        cmocka_unit_test(tokens_variables_and_the_tilde_are_replaced),
        cmocka_unit_test(the_values_are_those_of_ssh),
    };

    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
