/*
 * What reads as a target has a host that is one word without anything that a resolver, a URL or a shell would take for more; its text
 * reads back to the same.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "attach/ssh_target.h"

static void
check_host(const char *host)
{
    FUZZ_CHECK(host[0] != 0 && host[0] != '-' && strlen(host) < SSH_TARGET_HOST_MAX);
    FUZZ_CHECK(strpbrk(host, " /@?#[]\\'\"$`;&|<>\n\r\t") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ssh_target target, again;
    struct lat_msg why = { "" };
    char shown[SSH_TARGET_HOST_MAX + SSH_TARGET_USER_MAX + 16];
    char *text = malloc(size + 1);

    FUZZ_CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = 0;
    if (ssh_target_parse(text, &target, &why) == LAT_OK) {
        check_host(target.host);
        check_host(target.api_host);
        FUZZ_CHECK(target.api_port != 0);
        ssh_target_text(&target, shown, sizeof(shown));
        FUZZ_CHECK(ssh_jump_parse(shown, strlen(shown), &again, &why) == LAT_OK);
        FUZZ_CHECK(strcmp(target.user, again.user) == 0 && strcmp(target.host, again.host) == 0 && target.port == again.port);
    } else {
        FUZZ_CHECK(why.text[0] != 0);
    }
    if (ssh_jump_parse((const char *)data, size, &target, &why) == LAT_OK)
        check_host(target.host);
    free(text);
    return 0;
}
