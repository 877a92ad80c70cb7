/*
 * node_memory.c - the file "gossip" in the state directory: the sequence number and the time of our last messages. Routers drop a message whose number
 * is not above the author's last, and nodes a root whose time is not, so both must rise over a restart even if the clock was set
 * back. Two decimal numbers and a line's end; may be deleted.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "node/node_parts.h"

#define TEXT_MAX 64
#define NS_OF_MS 1000000u

static void
path_of(const struct node *node, char out[4096])
{
    snprintf(out, 4096, "%s/gossip", node->config->state_dir);
}

static bool
parse(char *text, struct node_memory *out)
{
    char *rest = strchr(text, ' ');

    if (rest == NULL)
        return false;
    *rest++ = '\0';
    rest[strcspn(rest, "\n")] = '\0';
    return lat_parse_u64(text, INT64_MAX, &out->seqno) == LAT_OK && lat_parse_u64(rest, INT64_MAX, &out->time_ms) == LAT_OK;
}

void
node_memory_load(const struct node *node, struct node_memory *out)
{
    uint64_t now_ns = lat_wall_ms() * NS_OF_MS;
    struct node_memory kept = { 0 };
    struct lat_buf text;
    char path[4096];

    *out = (struct node_memory){ .seqno = now_ns };
    lat_buf_init(&text, TEXT_MAX);
    path_of(node, path);
    if (lat_file_read(path, &text) == LAT_OK && lat_buf_str(&text) && parse((char *)text.data, &kept)) {
        out->time_ms = kept.time_ms;
        /* The file may be a minute old: a thousand million numbers are more than a minute of messages. */
        if (kept.seqno + 1000000000u > out->seqno)
            out->seqno = kept.seqno + 1000000000u;
    }
    lat_buf_fini(&text);
}

void
node_memory_save(const struct node *node)
{
    struct gossip_counters counters;
    char path[4096], text[TEXT_MAX];
    int len;

    gossip_count(node->router, &counters);
    len = snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64 "\n", counters.next_seqno, node->announce.time_ms);
    path_of(node, path);
    if (lat_file_write(path, 0600, (const uint8_t *)text, (size_t)len))
        lat_log(LAT_WARNING, "[LATTICE_P2P] [WARN] the file gossip was not saved in the state directory");
}
