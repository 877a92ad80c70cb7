#include "config.h"

#include "line_mode.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/wipe.h"
#include "format.h"
#include "i18n.h"
#include "operator.h"
#include "privacy.h"
#include "question.h"
#include "sentences.h"
#include "settings_file.h"
#include "signals.h"
#include "words.h"

#define LOOK_MS 1000 /* between two looks for changes */
#define LINE_MAX_BYTES 256
#define ANSWER_MS 5000

struct lines {
    const struct source *source;
    struct settings settings;
    struct privacy *privacy;
    const struct snapshot *last;
    uint64_t looked_ms;
    char typed[LINE_MAX_BYTES];
    size_t typed_len;
    bool too_long; /* the line under way is dropped to its end */
    struct question question; /* of the way to a node elsewhere */
    bool hidden;              /* what is typed does not show */
    struct termios shown;     /* hidden: the terminal before */
    bool over;
    enum console_end end;
};

static void
finish(struct lines *l, enum console_end end)
{
    l->over = true;
    l->end = end;
}

/* A new reference to the latest picture, masked where wanted; NULL: none yet. */
static const struct snapshot *
latest(const struct lines *l)
{
    const struct snapshot *s = l->source->ops->latest(l->source->arg), *masked;

    if (s == NULL || l->privacy == NULL)
        return s;
    masked = privacy_apply(l->privacy, s);
    snapshot_unref(s);
    return masked;
}

/* --- questions of the link ----------------------------------------------------------------------------- */

/* A terminal shows nothing of a passphrase; where lines come from elsewhere there is nothing to hide. */
static void
hide_typing(struct lines *l, bool hide)
{
    struct termios hidden;

    if (hide == l->hidden || (hide && tcgetattr(STDIN_FILENO, &l->shown) != 0))
        return;
    hidden = l->shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(STDIN_FILENO, TCSANOW, hide ? &hidden : &l->shown);
    l->hidden = hide;
}

static void
follow_question(struct lines *l)
{
    const struct source_ops *ops = l->source->ops;
    struct link_status link = { .question = 0 };
    char text[QUESTION_TEXT_MAX];

    if (ops->link == NULL || ops->answer == NULL)
        return;
    ops->link(l->source->arg, &link);
    if (!question_follow(&l->question, &link))
        return;
    hide_typing(l, link.question && link.secret);
    if (link.question == 0)
        return;
    printf("%s\n%s\n", question_text(&link, text),
           link.secret ? _("Type it, which does not show; an empty line gives none.") : _("Is it the right host? Say yes or no."));
}

/* The line is an answer to what stands. False: it is a command like any other. */
static bool
answer_question(struct lines *l, const char *line)
{
    const struct link_status *asked = &l->question.asked;
    bool secret = asked->secret, yes = secret ? line[0] != 0 : strcmp(line, "yes") == 0;

    if (!question_stands(&l->question) || (!secret && !yes && strcmp(line, "no") != 0))
        return false;
    l->question.answered = true;
    l->source->ops->answer(l->source->arg, asked->question, yes, secret && yes ? line : NULL);
    hide_typing(l, false);
    return true;
}

static void
look(struct lines *l)
{
    const struct snapshot *now = latest(l);

    follow_question(l);
    l->looked_ms = lat_mono_ms();
    if (now) {
        sentences_of_change(l->last, now, stdout);
        snapshot_unref(l->last);
        l->last = now;
    }
    if (fflush(stdout))
        finish(l, CONSOLE_HANGUP);
}

/* --- commands ------------------------------------------------------------------------------------------ */

static void
say_reply(struct ticket *ticket)
{
    const struct reply *reply = ticket_wait(ticket, ANSWER_MS);
    char words[WORDS_MAX];

    if (reply == NULL)
        printf(_("The node has not answered yet.\n"));
    else
        printf("%s.\n", reply->text[0] ? words_of_node(reply->text, words) : lat_err_text(reply->err));
}

/* "mode http 600" */
static void
switch_mode(const struct lines *l, const char *words)
{
    struct command *command;
    struct ticket *ticket;
    char mode[8] = "", seconds[16] = "";
    uint64_t for_s = 0;
    enum lung_policy policy;

    (void)sscanf(words, "%7s %15s", mode, seconds);
    if (!l->source->control) {
        printf(_("This session only looks: modes are not switched from here.\n"));
        return;
    }
    if (lung_policy_parse(mode, &policy) || (seconds[0] && lat_parse_u64(seconds, 86400, &for_s))) {
        printf(_("Say: mode p2p, mode http or mode auto, with seconds behind it if not for good.\n"));
        return;
    }
    command = command_new(COMMAND_SWITCH);
    ticket = command ? ticket_new(NULL, NULL) : NULL;
    if (ticket == NULL) {
        command_free(command);
        printf("%s.\n", lat_err_text(LAT_NOMEM));
        return;
    }
    operator_name(command->who, sizeof(command->who));
    command->policy = policy;
    command->for_s = policy == LUNG_POLICY_AUTO ? 0 : (uint32_t)for_s;
    command->ticket = ticket;
    if (l->source->ops->submit(l->source->arg, command)) {
        command_free(command);
        printf(_("The node takes no commands now.\n"));
    } else
        say_reply(ticket);
    ticket_unref(ticket);
}

static void
quit(struct lines *l)
{
    if (!l->source->embedded)
        finish(l, CONSOLE_QUIT_LEAVE);
    else
        printf(_("The node runs in this process. Say: stop, to end it, or leave, to let it go on.\n"));
}

static void
help(void)
{
    printf(_("Say one of: state, peers, divergence, events, alerts, mode p2p|http|auto [SECONDS], quit, leave, stop, help.\n"
           "Changes are told by themselves.\n"));
}

static void
obey(struct lines *l, const char *line)
{
    static const struct {
        const char *word;
        void (*answer)(const struct snapshot *now, FILE *out);
    } questions[] = {
        { "state", sentences_of_state },   { "peers", sentences_of_peers },   { "divergence", sentences_of_divergence },
        { "events", sentences_of_events }, { "alerts", sentences_of_alerts },
    };
    char shown[80];

    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        if (strcmp(line, questions[i].word) == 0) {
            if (l->last)
                questions[i].answer(l->last, stdout);
            else
                printf(_("The node has not answered yet.\n"));
            return;
        }
    if (strncmp(line, "mode ", 5) == 0)
        switch_mode(l, line + 5);
    else if (strcmp(line, "quit") == 0)
        quit(l);
    else if (strcmp(line, "leave") == 0)
        finish(l, CONSOLE_QUIT_LEAVE);
    else if (strcmp(line, "stop") == 0)
        finish(l, l->source->embedded ? CONSOLE_QUIT_STOP : CONSOLE_QUIT_LEAVE);
    else if (strcmp(line, "help") == 0)
        help();
    else if (line[0])
        printf(_("'%s' means nothing here. Say help for the words.\n"), lat_escape_str(line, shown, sizeof(shown)));
}

static void
take_byte(struct lines *l, char byte)
{
    if (byte == '\n') {
        l->typed[l->typed_len] = 0;
        if (l->too_long)
            printf(_("That line is too long.\n"));
        else if (!answer_question(l, l->typed))
            obey(l, l->typed);
        lat_wipe(l->typed, sizeof(l->typed));
        l->typed_len = 0;
        l->too_long = false;
    } else if (l->typed_len + 1 < sizeof(l->typed)) {
        if (byte != '\r')
            l->typed[l->typed_len++] = byte;
    } else
        l->too_long = true;
}

static void
read_lines(struct lines *l)
{
    char bytes[512];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0)
        finish(l, CONSOLE_HANGUP);
    for (ssize_t i = 0; i < n && !l->over; i++)
        take_byte(l, bytes[i]);
    lat_wipe(bytes, sizeof(bytes)); /* a passphrase may have been among them */
    if (fflush(stdout) && !l->over)
        finish(l, CONSOLE_HANGUP);
}

/* The shell gets the terminal as it was. */
static void
stop_for_a_while(struct lines *l)
{
    bool hidden = l->hidden;

    hide_typing(l, false);
    raise(SIGSTOP);
    // cppcheck-suppress unreachableCode ; it comes back with SIGCONT
    hide_typing(l, hidden);
}

static void
read_signals(struct lines *l)
{
    int signo;

    while ((signo = signals_next()) != 0) {
        if (signo == SIGINT || signo == SIGTERM)
            finish(l, CONSOLE_SIGTERM);
        else if (signo == SIGHUP)
            finish(l, CONSOLE_HANGUP);
        else if (signo == SIGTSTP)
            stop_for_a_while(l);
    }
}

static void
turn(struct lines *l)
{
    struct pollfd fds[] = {
        { .fd = STDIN_FILENO, .events = POLLIN },
        { .fd = signals_fd(), .events = POLLIN },
        { .fd = l->source->ops->wake_fd(l->source->arg), .events = POLLIN },
    };
    uint64_t now = lat_mono_ms(), next = l->looked_ms + LOOK_MS;
    uint64_t count;
    ssize_t n;

    if (l->last != NULL)
        fds[2].fd = -1; /* at the pace of a reader, not at that of the node */
    if (poll(fds, 3, next > now ? (int)(next - now) : 0) < 0 && errno != EINTR) {
        finish(l, CONSOLE_FAILED);
        return;
    }
    if (fds[1].revents)
        read_signals(l);
    if (!l->over && fds[0].revents)
        read_lines(l);
    if (fds[2].revents & POLLIN) {
        n = read(fds[2].fd, &count, sizeof(count));
        (void)n; /* the latest picture is looked at anyway */
        look(l);
    } else if (!l->over && lat_mono_ms() >= l->looked_ms + LOOK_MS)
        look(l);
}

static void
say_finding(void *arg, const char *text)
{
    (void)arg;
    printf("%s.\n", text);
    lat_log(LAT_WARNING, "[CONSOLE] %s", text);
}

enum console_end
line_mode_run(const struct console_options *options, const struct source *source)
{
    struct settings_file file = { .path = options->config_path, .overrides = options->overrides };
    struct lines *l = calloc(1, sizeof(*l));
    enum console_end end;

    if (l == NULL || signals_open()) {
        free(l);
        return CONSOLE_FAILED;
    }
    l->source = source;
    settings_file_follow(&file, lat_mono_ms(), &l->settings, say_finding, NULL);
    format_use_zone(l->settings.time == ZONE_LOCAL);
    if (l->settings.privacy)
        l->privacy = privacy_new();
    look(l);
    while (!l->over)
        turn(l);
    end = l->end;
    if (end == CONSOLE_HANGUP && source->embedded && l->settings.on_hangup == HANGUP_STOP)
        end = CONSOLE_QUIT_STOP;
    hide_typing(l, false);
    signals_close();
    snapshot_unref(l->last);
    privacy_free(l->privacy);
    lat_wipe(l, sizeof(*l));
    free(l);
    return end;
}
