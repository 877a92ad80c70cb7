#include "config.h"

#include "cli/demo_story.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/demo_child.h"

struct demo_story {
    struct story *story;
    struct exchange *exchange;
    unsigned nodes;
    int pipes[STORY_NODES_MAX]; /* [i]: of node i + 1; [0] is not used */
};

/* --- what the engine wants -------------------------------------------------------------------------- */

static void
submit(struct demo_story *story, struct command *command)
{
    if (command && exchange_submit(story->exchange, command))
        command_free(command);
}

/* A child that has gone takes no line; the picture shows that it is gone. */
static void
tell(int pipe, const char *line)
{
    if (write(pipe, line, strlen(line)) < 0)
        lat_log(LAT_WARNING, "[DEMO] [WARN] a node of the demo takes no line: %s", strerror(errno));
}

static void
on_gate(void *arg, enum command_gate p2p, enum command_gate http)
{
    struct demo_story *story = arg;
    struct command *command = command_new(COMMAND_GATE);
    char line[DEMO_LINE_MAX];

    if (command) {
        lat_copy(command->who, sizeof(command->who), "demo");
        command->p2p_gate = p2p;
        command->http_gate = http;
    }
    submit(story, command);
    for (unsigned i = 1; i < story->nodes && demo_child_gate_line(p2p, http, line); i++)
        tell(story->pipes[i], line);
}

static void
on_put(void *arg, unsigned node, const char *key, const char *value)
{
    struct demo_story *story = arg;
    char line[DEMO_LINE_MAX];

    if (node == 1)
        submit(story, demo_child_put(key, value));
    else if (demo_child_put_line(key, value, line))
        tell(story->pipes[node - 1], line);
}

static const struct story_ops ops = { .gate = on_gate, .put = on_put };

/* --- what the console asks -------------------------------------------------------------------------- */

static void
count_agreement(enum agreement agreement, unsigned *equal, unsigned *differ)
{
    *equal += agreement == AGREE_EQUAL;
    *differ += agreement == AGREE_DIFFERS || agreement == AGREE_HEALING;
}

struct story_facts
demo_story_facts(const struct snapshot *s, unsigned nodes)
{
    unsigned equal_peers = 0, equal_sources = 0, differ = 0;

    for (uint32_t i = 0; i < s->peer_count; i++) {
        if (s->peers[i].live)
            count_agreement(s->peers[i].stand.agreement, &equal_peers, &differ);
    }
    for (uint32_t i = 0; i < s->source_count; i++) {
        if (s->sources[i].usable)
            count_agreement(s->sources[i].stand.agreement, &equal_sources, &differ);
    }
    return (struct story_facts){ .state = s->lung.state,
                                 .agree = differ == 0 && (equal_peers + 1 >= nodes || equal_sources + 1 >= nodes),
                                 .differ = differ > 0,
                                 .wait_s = (unsigned)((s->lung.fallback_after_ms + 999) / 1000) };
}

static void
on_look(void *arg, const struct snapshot *snapshot, const char *lang, uint64_t now_ms, struct story_face *out)
{
    struct demo_story *story = arg;

    if (snapshot) {
        struct story_facts facts = demo_story_facts(snapshot, story->nodes);

        story_tick(story->story, &facts, now_ms);
    }
    story_look(story->story, strncmp(lang, "pt", 2) == 0, out);
}

static void
on_wish(void *arg, enum story_wish wish, uint64_t now_ms)
{
    struct demo_story *story = arg;

    story_wish(story->story, wish, now_ms);
}

static const struct story_source face = { .look = on_look, .wish = on_wish };

void
demo_story_tell(struct demo_story *story, struct exchange *x, struct source *source)
{
    story->exchange = x;
    source->story = &face;
    source->story_arg = story;
}

/* --- life ------------------------------------------------------------------------------------------- */

static enum lat_err
read_script(const char *path, struct lat_buf *out, struct lat_msg *why)
{
    enum lat_err err = lat_file_read(path, out);
    char shown[200];

    if (err) {
        lat_msg_set(why, "--script '%s': %s", lat_escape_str(path, shown, sizeof(shown)),
                    err == LAT_LIMIT ? "over 64 KiB" : err == LAT_SYS ? strerror(errno) : lat_err_text(err));
        return err;
    }
    if (out->len == 0 || memchr(out->data, 0, out->len) == NULL)
        return LAT_OK;
    lat_msg_set(why, "--script '%s': not a text", lat_escape_str(path, shown, sizeof(shown)));
    return LAT_MALFORMED;
}

static enum lat_err
make_story(struct demo_story *story, const char *script, const struct story_options *options, struct lat_msg *why)
{
    const char *text = story_default;
    struct lat_buf file;
    enum lat_err err = LAT_OK;

    lat_buf_init(&file, STORY_TEXT_MAX);
    if (script) {
        err = read_script(script, &file, why);
        text = err ? NULL : lat_buf_str(&file);
        if (!err && text == NULL)
            err = LAT_NOMEM;
    }
    if (!err)
        err = story_new(text, options, &ops, story, &story->story, why);
    lat_buf_fini(&file);
    return err;
}

enum lat_err
demo_story_new(const char *script, const struct story_options *options, const int *pipes, struct demo_story **out, struct lat_msg *why)
{
    struct demo_story *story = calloc(1, sizeof(*story));
    enum lat_err err;

    if (story == NULL)
        return LAT_NOMEM;
    story->nodes = options->nodes;
    for (unsigned i = 1; i < options->nodes; i++)
        story->pipes[i] = pipes[i - 1];
    err = make_story(story, script, options, why);
    if (err)
        demo_story_free(story);
    else
        *out = story;
    return err;
}

void
demo_story_free(struct demo_story *story)
{
    if (story)
        story_free(story->story);
    free(story);
}
