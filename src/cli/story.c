#include "config.h"

#include "cli/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum condition { UNTIL_NOTHING, UNTIL_P2P, UNTIL_COUNTDOWN, UNTIL_HTTP, UNTIL_ISOLATED, UNTIL_AGREE, UNTIL_DIFFER };

struct put {
    unsigned node;
    const char *key, *value;
};

struct step {
    const char *name, *en, *pt; /* in the story's text */
    enum story_show show;
    bool sets_p2p, sets_http;
    enum command_gate p2p, http;
    struct put puts[STORY_PUTS_MAX];
    size_t put_count;
    enum condition until;
    unsigned until_s, for_s;
};

struct story {
    struct story_options options;
    const struct story_ops *ops;
    void *arg;
    char *text; /* cut into pieces */
    struct step steps[STORY_STEPS_MAX];
    size_t count;
    size_t at;            /* the present step; count: over */
    bool begun, paused, met;
    uint64_t left_ms;     /* of `until`, then of `for` */
    uint64_t seen_ms;     /* the last tick */
    enum command_gate p2p, http;
    unsigned wait_s, turn; /* turn: rises with each step that is begun */
    char caption[STORY_CAPTION_MAX];
};

/* --- the story that comes with the program ---------------------------------------------------------- */

const char story_default[] =
    "step agree\n"
    "en {nodes} nodes on this machine hold one set of data. They talk peer to peer, and all show the same root: A.\n"
    "pt {nodes} nós nesta máquina guardam os mesmos dados. Falam entre si e todos mostram a mesma raiz: A.\n"
    "show all\n"
    "until p2p 30\n"
    "for 8\n"
    "step gossip\n"
    "en An account changes on one node. The others hear of it at once, check who signed it, and follow: one new root.\n"
    "pt Uma conta muda num nó. Os outros sabem logo, verificam quem assinou e seguem: uma nova raiz.\n"
    "put 2 acct/settle/0003 {\"balance\": 30003, \"currency\": \"EUR\", \"limit\": 1000000}\n"
    "for 6\n"
    "step cut\n"
    "en Now the peer-to-peer network is cut: every connection breaks off.\n"
    "pt Agora a rede entre os nós é cortada: todas as conexões caem.\n"
    "p2p reset\n"
    "until countdown 5\n"
    "for 4\n"
    "step countdown\n"
    "en Nobody answers. The nodes look for each other for {wait} seconds; then HTTP takes over by itself.\n"
    "pt Ninguém responde. Os nós procuram-se durante {wait} segundos; depois o HTTP assume sozinho.\n"
    "show countdown\n"
    "until http 90\n"
    "step http\n"
    "en HTTP carries now: each node asks the others for what it does not have.\n"
    "pt Agora é o HTTP que leva os dados: cada nó pede aos outros o que lhe falta.\n"
    "show all\n"
    "for 8\n"
    "step change\n"
    "en Two accounts change, one on each of two nodes. Their roots differ, and the screen says by which keys.\n"
    "pt Duas contas mudam, cada uma num nó. As raízes divergem, e a tela diz em que chaves.\n"
    "show divergence\n"
    "put 1 acct/settle/0007 {\"balance\": 70007, \"currency\": \"EUR\", \"limit\": 1000000}\n"
    "put 2 acct/settle/0042 {\"balance\": 42042, \"currency\": \"BRL\", \"limit\": 1000000}\n"
    "until differ 5\n"
    "for 3\n"
    "step heal\n"
    "en Each node fetches what it lacks and checks who signed it. Then the roots agree again.\n"
    "pt Cada nó busca o que lhe falta e verifica quem assinou. Depois as raízes voltam a concordar.\n"
    "until agree 60\n"
    "for 6\n"
    "step isolated\n"
    "en Now HTTP is cut too. Nothing keeps the nodes in step, and the alarm says why, once for each way.\n"
    "pt Agora o HTTP também é cortado. Nada mantém os nós a par, e o alarme diz por quê, uma vez para cada via.\n"
    "show all\n"
    "http cut\n"
    "until isolated 90\n"
    "for 8\n"
    "step restore\n"
    "en Both ways are open again. The nodes find each other, and peer to peer takes back over.\n"
    "pt As duas vias estão abertas de novo. Os nós encontram-se e a rede entre eles retoma.\n"
    "p2p open\n"
    "http open\n"
    "until p2p 90\n"
    "for 4\n"
    "step end\n"
    "en All show the same root again: nothing was lost.\n"
    "pt Todos mostram de novo a mesma raiz: nada se perdeu.\n"
    "until agree 30\n"
    "for 10\n";

/* --- reading a script ------------------------------------------------------------------------------- */

/* A word of several, by its number; -1: none of them. */
static int
word_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0)
            return (int)i;
    }
    return -1;
}

/* The first word, cut off; *rest: what follows behind blanks. */
static char *
cut_word(char *line, char **rest)
{
    size_t len = strcspn(line, " \t");
    bool more = line[len] != '\0';

    line[len] = '\0';
    *rest = line + len + more;
    *rest += strspn(*rest, " \t");
    return line;
}

static enum lat_err
read_number(const char *text, uint64_t most, unsigned *out)
{
    uint64_t number;

    if (lat_parse_u64(text, most, &number))
        return LAT_MALFORMED;
    *out = (unsigned)number;
    return LAT_OK;
}

static enum lat_err
read_gate(char *rest, bool *sets, enum command_gate *gate, const char *const words[3])
{
    int word = word_of(rest, words, 3);

    if (word < 0)
        return LAT_MALFORMED;
    *sets = true;
    *gate = (enum command_gate)word;
    return LAT_OK;
}

static enum lat_err
read_put(const struct story *story, struct step *step, char *rest)
{
    struct put put;
    char *node = cut_word(rest, &rest), *value;

    put.key = cut_word(rest, &value);
    put.value = value;
    if (read_number(node, story->options.nodes, &put.node) || put.node == 0 || put.key[0] == '\0' || value[0] == '\0')
        return LAT_MALFORMED;
    if (step->put_count == STORY_PUTS_MAX)
        return LAT_LIMIT;
    step->puts[step->put_count++] = put;
    return LAT_OK;
}

static enum lat_err
read_until(struct step *step, char *rest)
{
    static const char *const words[] = { "p2p", "countdown", "http", "isolated", "agree", "differ" };
    char *seconds;
    int word = word_of(cut_word(rest, &seconds), words, sizeof(words) / sizeof(words[0]));

    if (word < 0)
        return LAT_MALFORMED;
    step->until = (enum condition)(UNTIL_P2P + word);
    return read_number(seconds, STORY_SECONDS_MAX, &step->until_s);
}

static enum lat_err
read_show(struct step *step, const char *rest)
{
    static const char *const words[] = { "all", "countdown", "divergence" };
    int word = word_of(rest, words, sizeof(words) / sizeof(words[0]));

    if (word < 0)
        return LAT_MALFORMED;
    step->show = (enum story_show)(STORY_SHOW_ALL + word);
    return LAT_OK;
}

static enum lat_err
read_line(struct story *story, struct step *step, char *line)
{
    static const char *const p2p_words[] = { "open", "reset", "drop" }, *const http_words[] = { "open", "cut", "" };
    char *rest;
    const char *word = cut_word(line, &rest);

    if (strcmp(word, "en") == 0)
        step->en = rest;
    else if (strcmp(word, "pt") == 0)
        step->pt = rest;
    else if (strcmp(word, "show") == 0)
        return read_show(step, rest);
    else if (strcmp(word, "p2p") == 0)
        return read_gate(rest, &step->sets_p2p, &step->p2p, p2p_words);
    else if (strcmp(word, "http") == 0 && rest[0])
        return read_gate(rest, &step->sets_http, &step->http, http_words);
    else if (strcmp(word, "put") == 0)
        return read_put(story, step, rest);
    else if (strcmp(word, "until") == 0)
        return read_until(step, rest);
    else if (strcmp(word, "for") == 0)
        return read_number(rest, STORY_SECONDS_MAX, &step->for_s);
    else
        return LAT_MALFORMED;
    return rest[0] ? LAT_OK : LAT_MALFORMED;
}

static enum lat_err
begin_step(struct story *story, const char *name)
{
    if (name[0] == '\0')
        return LAT_MALFORMED;
    if (story->count == STORY_STEPS_MAX)
        return LAT_LIMIT;
    story->steps[story->count++] = (struct step){ .name = name, .en = "", .pt = "" };
    return LAT_OK;
}

static enum lat_err
read_one(struct story *story, char *line)
{
    char *name;

    line += strspn(line, " \t");
    if (line[0] == '\0' || line[0] == '#')
        return LAT_OK;
    if (strncmp(line, "step", 4) == 0 && strchr(" \t", line[4])) {
        (void)cut_word(line, &name);
        return begin_step(story, name);
    }
    return story->count == 0 ? LAT_MALFORMED : read_line(story, &story->steps[story->count - 1], line);
}

static enum lat_err
read_script(struct story *story, struct lat_msg *why)
{
    unsigned number = 1;

    for (char *line = story->text, *next; line; line = next, number++) {
        char shown[80], *end = strchr(line, '\n');
        enum lat_err err;

        next = end ? end + 1 : NULL;
        if (end)
            *end = '\0';
        if (end && end > line && end[-1] == '\r')
            end[-1] = '\0';
        lat_escape_str(line, shown, sizeof(shown));
        err = lat_utf8_valid((const uint8_t *)line, strlen(line)) ? read_one(story, line) : LAT_MALFORMED;
        if (err) {
            lat_msg_set(why, "line %u of the script, '%s': %s; see lattice(1), DEMO SCRIPTS", number, shown,
                        err == LAT_LIMIT ? "one too many of its kind" : "not understood");
            return err;
        }
    }
    if (story->count > 0)
        return LAT_OK;
    lat_msg_set(why, "the script has no step; see lattice(1), DEMO SCRIPTS");
    return LAT_MALFORMED;
}

enum lat_err
story_new(const char *text, const struct story_options *options, const struct story_ops *ops, void *arg, struct story **out,
          struct lat_msg *why)
{
    struct story *story;
    enum lat_err err;

    if (strlen(text) > STORY_TEXT_MAX) {
        lat_msg_set(why, "the script is over %d bytes", STORY_TEXT_MAX);
        return LAT_LIMIT;
    }
    story = calloc(1, sizeof(*story));
    if (story)
        story->text = strdup(text);
    if (story == NULL || story->text == NULL) {
        free(story);
        return LAT_NOMEM;
    }
    story->options = *options;
    story->ops = ops;
    story->arg = arg;
    err = read_script(story, why);
    if (err)
        story_free(story);
    else
        *out = story;
    return err;
}

void
story_free(struct story *story)
{
    if (story)
        free(story->text);
    free(story);
}

/* --- going on --------------------------------------------------------------------------------------- */

static bool
holds(enum condition condition, const struct story_facts *facts)
{
    switch (condition) {
    case UNTIL_NOTHING:
        return true;
    case UNTIL_P2P:
        return facts->state == LUNG_P2P;
    case UNTIL_COUNTDOWN:
        return facts->state == LUNG_COUNTDOWN || facts->state == LUNG_STARTING;
    case UNTIL_HTTP:
        return facts->state == LUNG_HTTP;
    case UNTIL_ISOLATED:
        return facts->state == LUNG_ISOLATED;
    case UNTIL_AGREE:
        return facts->agree;
    case UNTIL_DIFFER:
        return facts->differ;
    }
    return true;
}

static void
set_gates(struct story *story, enum command_gate p2p, enum command_gate http)
{
    story->p2p = p2p;
    story->http = http;
    story->ops->gate(story->arg, p2p, http);
}

static void
begin(struct story *story, size_t at)
{
    const struct step *step = &story->steps[at];

    story->at = at;
    story->met = false;
    story->left_ms = (uint64_t)step->until_s * 1000;
    story->turn++;
    if (step->sets_p2p || step->sets_http)
        set_gates(story, step->sets_p2p ? step->p2p : story->p2p, step->sets_http ? step->http : story->http);
    for (size_t i = 0; i < step->put_count; i++)
        story->ops->put(story->arg, step->puts[i].node, step->puts[i].key, step->puts[i].value);
}

static void
restart(struct story *story)
{
    set_gates(story, GATE_OPEN, GATE_OPEN);
    story->begun = true;
    begin(story, 0);
}

static void
go_on(struct story *story)
{
    if (story->at + 1 < story->count)
        begin(story, story->at + 1);
    else if (story->options.loop)
        restart(story);
    else
        story->at = story->count;
}

void
story_tick(struct story *story, const struct story_facts *facts, uint64_t now_ms)
{
    uint64_t passed = story->begun ? now_ms - story->seen_ms : 0;
    const struct step *step;

    story->seen_ms = now_ms;
    story->wait_s = facts->wait_s;
    if (!story->begun)
        restart(story);
    if (story->paused || story->at == story->count)
        return;
    step = &story->steps[story->at];
    story->left_ms -= passed < story->left_ms ? passed : story->left_ms;
    if (!story->met && (holds(step->until, facts) || story->left_ms == 0)) {
        story->met = true;
        story->left_ms = (uint64_t)step->for_s * 10 * story->options.percent;
    }
    if (story->met && story->left_ms == 0)
        go_on(story);
}

void
story_wish(struct story *story, enum story_wish wish, uint64_t now_ms)
{
    story->seen_ms = now_ms;
    if (!story->begun)
        return;
    switch (wish) {
    case STORY_PAUSE:
        story->paused = !story->paused;
        break;
    case STORY_STEP:
        if (story->at < story->count)
            go_on(story);
        break;
    case STORY_RESTART:
        story->paused = false;
        restart(story);
        break;
    }
}

/* --- what is told ----------------------------------------------------------------------------------- */

static void
fill_in(const struct story *story, const char *sentence, char out[STORY_CAPTION_MAX])
{
    size_t used = 0;

    out[0] = '\0';
    while (*sentence && used + 1 < STORY_CAPTION_MAX) {
        size_t len = 1, room = STORY_CAPTION_MAX - used;
        int put;

        if (strncmp(sentence, "{nodes}", 7) == 0) {
            put = snprintf(out + used, room, "%u", story->options.nodes);
            len = 7;
        } else if (strncmp(sentence, "{wait}", 6) == 0) {
            put = snprintf(out + used, room, "%u", story->wait_s);
            len = 6;
        } else {
            put = snprintf(out + used, room, "%c", *sentence);
        }
        used += (size_t)put < room ? (size_t)put : room - 1;
        sentence += len;
    }
}

void
story_look(struct story *story, bool portuguese, struct story_face *out)
{
    const struct step *step = &story->steps[story->at < story->count ? story->at : story->count - 1];
    const char *sentence = portuguese && step->pt[0] ? step->pt : step->en;

    fill_in(story, story->begun ? sentence : "", story->caption);
    *out = (struct story_face){ .caption = story->caption,
                                .paused = story->paused,
                                .over = story->at == story->count,
                                .step = (unsigned)(story->at < story->count ? story->at + 1 : story->count),
                                .steps = (unsigned)story->count,
                                .show = step->show,
                                .turn = story->turn };
}
