#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/dotenv.h"
#include "node/configuration_load.h"
#include "support/temp.h"

static struct config *config;
static struct config_findings findings;

/* Each test begins in a private folder without .env. */
static int
set_up(void **state)
{
    (void)state;
    unlink(temp_path(".env"));
    return chmod(temp_folder, 0700) != 0 || chdir(temp_folder) != 0 || setenv("HOME", temp_folder, 1) != 0;
}

static int
tear_down(void **state)
{
    (void)state;
    config_free(config);
    config = NULL;
    config_findings_fini(&findings);
    return 0;
}

static enum lat_err
load(const char *env_file)
{
    struct config_request request = { .env_file = env_file };

    return config_load(&request, &config, &findings);
}

static void
put(const char *name, const char *text, mode_t mode)
{
    temp_write(name, text);
    assert_int_equal(chmod(temp_path(name), mode), 0);
}

static void
assert_found(bool error, const char *what)
{
    assert_int_equal(findings.count, 1);
    assert_int_equal(findings.items[0].error, error);
    if (strstr(findings.items[0].text, what) == NULL)
        print_error("%s\n", findings.items[0].text);
    assert_non_null(strstr(findings.items[0].text, what));
}

static void
the_env_of_the_working_directory_is_read(void **state)
{
    (void)state;
    put(".env", "LATTICE_NETWORK=here\n", 0644);
    assert_int_equal(load(NULL), LAT_OK);
    assert_int_equal(findings.count, 0);
    assert_string_equal(config->network, "here");
    assert_string_equal(config->env_file, ".env");
}

static void
without_env_nothing_is_said(void **state)
{
    (void)state;
    assert_int_equal(load(NULL), LAT_OK);
    assert_int_equal(findings.count, 0);
    assert_null(config->env_file);
}

static void
an_env_that_others_can_write_is_not_read(void **state)
{
    (void)state;
    put(".env", "LATTICE_NETWORK=planted\n", 0664);
    assert_int_equal(load(NULL), LAT_OK);
    assert_found(false, "chmod go-w .env");
    assert_string_equal(config->network, "lattice");
}

static void
an_env_in_a_folder_that_others_can_write_is_not_read(void **state)
{
    (void)state;
    put(".env", "LATTICE_NETWORK=planted\n", 0600);
    assert_int_equal(chmod(temp_folder, 01777), 0);
    assert_int_equal(load(NULL), LAT_OK);
    assert_found(false, "chmod go-w .");
    assert_string_equal(config->network, "lattice");
}

static void
a_file_given_by_name_is_taken_as_it_is(void **state)
{
    (void)state;
    put(".env", "LATTICE_NETWORK=here\n", 0600);
    put("given", "LATTICE_NETWORK=given\n", 0666);
    assert_int_equal(chmod(temp_folder, 01777), 0);
    assert_int_equal(load("given"), LAT_OK);
    assert_int_equal(findings.count, 0);
    assert_string_equal(config->network, "given");
    assert_string_equal(config->env_file, "given");
}

static void
a_device_or_a_pipe_may_be_given(void **state)
{
    static const char text[] = "LATTICE_NETWORK=piped\n";
    char path[32];
    int ends[2];

    (void)state;
    assert_int_equal(load("/dev/null"), LAT_OK);
    config_free(config);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, sizeof(text) - 1), sizeof(text) - 1);
    close(ends[1]);
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    assert_int_equal(load(path), LAT_OK);
    close(ends[0]);
    assert_string_equal(config->network, "piped");
}

static void
what_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(load("missing"), LAT_MALFORMED);
    assert_found(true, "missing: cannot be read: No such file");
    config_findings_fini(&findings);
    assert_int_equal(mkdir(temp_path(".env"), 0700), 0);
    assert_int_equal(load(NULL), LAT_MALFORMED);
    assert_found(true, ".env: is no regular file");
    assert_int_equal(rmdir(temp_path(".env")), 0);
    config_findings_fini(&findings);
    assert_int_equal(load("/dev/zero"), LAT_MALFORMED);
    assert_found(true, "/dev/zero: is larger than");
}

static void
errors_of_file_and_settings_come_together(void **state)
{
    (void)state;
    put(".env", "LATTICE_MODE=fast\nLATTICE_HTTP_CA=/no/such/file\n", 0600);
    assert_int_equal(load(NULL), LAT_MALFORMED);
    assert_int_equal(findings.errors, 2);
    assert_non_null(strstr(findings.items[0].text, ".env: line 1: LATTICE_MODE: "));
    assert_non_null(strstr(findings.items[1].text, "LATTICE_HTTP_CA: /no/such/file: No such file"));
}

static void
a_token_file_that_others_can_read_is_refused(void **state)
{
    (void)state;
    put("token", "secret\n", 0644);
    put(".env", "LATTICE_HTTP_TOKEN_FILE=token\n", 0600);
    assert_int_equal(load(NULL), LAT_MALFORMED);
    assert_found(true, "LATTICE_HTTP_TOKEN_FILE: token is open to others (mode 0644); run: chmod 600 token");
    config_findings_fini(&findings);
    put("token", "secret\n", 0600);
    assert_int_equal(load(NULL), LAT_OK);
}

static void
a_seed_in_an_open_env_is_a_warning(void **state)
{
    (void)state;
    put(".env", "LATTICE_NODE_PRIVKEY_HEX=9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\n",
        0644);
    assert_int_equal(load(NULL), LAT_OK);
    assert_found(false, "chmod 600 .env");
}

static void
users_are_found_by_name_and_number(void **state)
{
    (void)state;
    put(".env", "LATTICE_CONTROL_USERS=root,12345\nLATTICE_CONTROL_GROUPS=0\n", 0600);
    assert_int_equal(load(NULL), LAT_OK);
    assert_int_equal(config->uid_count, 2);
    assert_int_equal(config->uids[0], 0);
    assert_int_equal(config->uids[1], 12345);
    assert_int_equal(config->gids[0], 0);
    config_free(config);
    config = NULL;
    put(".env", "LATTICE_CONTROL_USERS=no-such-user\n", 0600);
    assert_int_equal(load(NULL), LAT_MALFORMED);
    assert_found(true, "there is no user 'no-such-user'");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_env_of_the_working_directory_is_read),
        TEST(without_env_nothing_is_said),
        TEST(an_env_that_others_can_write_is_not_read),
        TEST(an_env_in_a_folder_that_others_can_write_is_not_read),
        TEST(a_file_given_by_name_is_taken_as_it_is),
        TEST(a_device_or_a_pipe_may_be_given),
        TEST(what_cannot_be_read_is_an_error),
        TEST(errors_of_file_and_settings_come_together),
        TEST(a_token_file_that_others_can_read_is_refused),
        TEST(a_seed_in_an_open_env_is_a_warning),
        TEST(users_are_found_by_name_and_number),
    };

    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
