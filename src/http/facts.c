#include "config.h"

#include "http/facts.h"

#include <stdlib.h>
#include <string.h>

static void
free_list(const char *const *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; list[i] != NULL; i++)
        free((void *)(uintptr_t)list[i]);
    free((void *)(uintptr_t)list);
}

/* NULL also for out of memory; *ok says which. */
static const char *const *
dup_list(const char *const *list, bool *ok)
{
    size_t count = 0;
    char **copy;

    if (list == NULL)
        return NULL;
    while (list[count] != NULL)
        count++;
    copy = calloc(count + 1, sizeof(*copy));
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = strdup(list[i]);
        if (copy[i] == NULL) {
            free_list((const char *const *)copy);
            copy = NULL;
        }
    }
    *ok = *ok && copy != NULL;
    return (const char *const *)copy;
}

static const char *
dup_text(const char *text, bool *ok)
{
    char *copy = text == NULL ? NULL : strdup(text);

    *ok = *ok && (text == NULL || copy != NULL);
    return copy;
}

/* Room for at least one element, so that NULL means out of memory alone. */
static void *
dup_array(const void *array, size_t count, size_t size, bool *ok)
{
    void *copy = calloc(count + 1, size);

    if (copy != NULL && count > 0)
        memcpy(copy, array, count * size);
    *ok = *ok && copy != NULL;
    return copy;
}

struct api_facts *
facts_dup(const struct api_facts *facts)
{
    struct api_facts *copy = calloc(1, sizeof(*copy));
    bool ok = true;

    if (copy == NULL)
        return NULL;
    copy->production = facts->production;
    copy->violations = dup_list(facts->violations, &ok);
    copy->hosts = dup_list(facts->hosts, &ok);
    copy->cors_origins = dup_list(facts->cors_origins, &ok);
    copy->listen_multiaddrs = dup_list(facts->listen_multiaddrs, &ok);
    copy->bootstrap_peers = dup_list(facts->bootstrap_peers, &ok);
    copy->sources = dup_list(facts->sources, &ok);
    copy->uids = dup_array(facts->uids, facts->uid_count, sizeof(*facts->uids), &ok);
    copy->uid_count = facts->uid_count;
    copy->gids = dup_array(facts->gids, facts->gid_count, sizeof(*facts->gids), &ok);
    copy->gid_count = facts->gid_count;
    copy->tokens_file = dup_text(facts->tokens_file, &ok);
    copy->tls_cert = dup_text(facts->tls_cert, &ok);
    copy->tls_key = dup_text(facts->tls_key, &ok);
    if (ok)
        return copy;
    facts_free(copy);
    return NULL;
}

void
facts_free(struct api_facts *facts)
{
    if (facts == NULL)
        return;
    free_list(facts->violations);
    free_list(facts->hosts);
    free_list(facts->cors_origins);
    free_list(facts->listen_multiaddrs);
    free_list(facts->bootstrap_peers);
    free_list(facts->sources);
    free((void *)(uintptr_t)facts->uids);
    free((void *)(uintptr_t)facts->gids);
    free((void *)(uintptr_t)facts->tokens_file);
    free((void *)(uintptr_t)facts->tls_cert);
    free((void *)(uintptr_t)facts->tls_key);
    free(facts);
}
