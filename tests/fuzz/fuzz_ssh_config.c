/*
 * Whatever stands in a file, also one that includes itself, reading ends; a refusal has its reason; and what was read has the
 * form that others rely on: names that end, a port, lists within their bounds.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "attach/ssh_config.h"
#include "base/text.h"

struct input {
    const uint8_t *data;
    size_t size;
};

static const char *
variable(void *arg, const char *name)
{
    (void)arg;
    return name[0] == 'X' ? "x" : NULL;
}

/* Any Include finds the input itself, twice when its pattern has a star. */
static enum lat_err
include(void *arg, const char *pattern, unsigned index, char name[SSH_PATH_MAX], struct lat_buf *out)
{
    const struct input *input = arg;

    if (index >= (strchr(pattern, '*') ? 2u : 1u))
        return LAT_NOTFOUND;
    lat_copy(name, SSH_PATH_MAX, pattern);
    return lat_buf_add(out, input->data, input->size);
}

static void
check_list(const struct ssh_list *list)
{
    FUZZ_CHECK(list->count <= SSH_LIST_MAX);
    for (unsigned i = 0; i < list->count; i++)
        FUZZ_CHECK(memchr(list->items[i], 0, SSH_PATH_MAX) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { data, size };
    struct ssh_config_request request = { .host = "porto-1.lan", .local_user = "ops", .local_host = "here.lan", .home = "/home/ops",
                                          .uid = 1000, .variable = variable, .include = include, .arg = &input };
    struct ssh_config_reader reader;
    struct ssh_config config;
    struct lat_msg why = { "" };
    char path[SSH_PATH_MAX];
    enum lat_err err;

    FUZZ_CHECK(ssh_config_begin(&reader, &request, &config, &why) == LAT_OK);
    err = ssh_config_text(&reader, "config", "/home/ops/.ssh", (const char *)data, size);
    if (!err && ssh_config_again(&reader))
        err = ssh_config_text(&reader, "config", "/home/ops/.ssh", (const char *)data, size);
    if (!err)
        err = ssh_config_end(&reader);
    FUZZ_CHECK(err == LAT_OK || why.text[0] != 0);
    if (err)
        return 0;
    FUZZ_CHECK(config.port != 0 && config.host[0] != 0 && config.user[0] != 0);
    check_list(&config.identity_files);
    check_list(&config.user_known_hosts);
    check_list(&config.global_known_hosts);
    for (unsigned i = 0; i < config.identity_files.count; i++) {
        why.text[0] = 0;
        err = ssh_config_expand(&config, &request, config.identity_files.items[i], path, &why);
        FUZZ_CHECK(err == LAT_OK || why.text[0] != 0);
    }
    return 0;
}
