#include "config.h"

#include "term.h"

#define NCURSES_WIDECHAR 1

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "repeat.h"
#include "signals.h"
#include "theme.h"

#define DROP_AFTER_MS 2000
#define CLOSE_WAIT_MS 500
#define RESTORE_MAX 256
#define RIDER_MAX 320
#define MOUSE_ON "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"
#define SYNC_BEGIN "\033[?2026h"
#define SYNC_END "\033[?2026l"

static struct {
    bool open;
    bool painted; /* the first frame has gone out: the alternate screen is on */
    int tty;      /* ours, not blocking; or standard output itself */
    bool own_tty;
    int memory; /* what curses takes for the terminal */
    FILE *memory_file;
    SCREEN *screen;
    struct termios before, raw;
    struct caps caps;
    bool sync;    /* frames as synchronized updates */
    char rider[RIDER_MAX]; /* goes out behind the next frame: bell, mouse */
    bool repeats; /* knows ECMA-48's REP */
    short pairs[STYLE_COUNT];
    char enter[RESTORE_MAX]; /* ours beside what curses sends: bracketed paste on */
    char leave[RESTORE_MAX]; /* everything off */
    size_t leave_len;
    struct canvas *shown; /* what curses holds; NULL: draw every cell */
    char *out;            /* bytes on their way */
    size_t out_len, out_at, out_cap;
    uint64_t out_since_ms;
    struct term_stats stats;
} term = { .tty = -1, .memory = -1 };

/* --- strings that switch the terminal ------------------------------------------------------------------- */

/* Append a capability without its padding marks "$<5>". */
static void
append_string(char *out, size_t size, const char *text)
{
    size_t len = strlen(out);

    for (; text && text != (char *)-1 && *text && len + 1 < size; text++) {
        if (text[0] == '$' && text[1] == '<' && strchr(text, '>'))
            text = strchr(text, '>');
        else
            out[len++] = *text;
    }
    out[len] = 0;
}

static void
append_capability(char *out, size_t size, const char *name)
{
    append_string(out, size, tigetstr(name));
}

/*
 * What a crash sends. Each part is harmless where it does not apply; a terminal without an alternate screen
 * gets its cursor on a new last line.
 */
static void
prepare_strings(void)
{
    const char *rmcup = tigetstr("rmcup"), *cup = tigetstr("cup");

    term.enter[0] = 0;
    lat_copy(term.leave, sizeof(term.leave), MOUSE_OFF);
    append_capability(term.leave, sizeof(term.leave), "sgr0");
    append_capability(term.leave, sizeof(term.leave), "op");
    append_capability(term.leave, sizeof(term.leave), "cnorm");
    if (tigetstr("BE") && tigetstr("BE") != (char *)-1) {
        append_capability(term.enter, sizeof(term.enter), "BE");
        append_capability(term.leave, sizeof(term.leave), "BD");
    }
    if (rmcup && rmcup != (char *)-1)
        append_string(term.leave, sizeof(term.leave), rmcup);
    else {
        append_string(term.leave, sizeof(term.leave), tparm(cup, 998, 0, 0, 0, 0, 0, 0, 0, 0));
        append_string(term.leave, sizeof(term.leave), "\r\n");
    }
    term.leave_len = strlen(term.leave);
}

/* --- output --------------------------------------------------------------------------------------------- */

/* Throw away what curses wrote. */
static void
forget_memory(void)
{
    if (lseek(term.memory, 0, SEEK_SET) == 0 && ftruncate(term.memory, 0) == 0)
        return;
    term_repaint();
}

static bool
make_room(size_t len)
{
    char *more;

    if (term.out_cap >= len)
        return true;
    more = realloc(term.out, len);
    if (more == NULL)
        return false;
    term.out = more;
    term.out_cap = len;
    return true;
}

/*
 * Take over what curses wrote since the last time, behind what is not sent yet (nothing, in the loop's use).
 */
static void
collect(const char *prefix)
{
    off_t written = lseek(term.memory, 0, SEEK_CUR);
    size_t extra = strlen(prefix), len = written > 0 ? (size_t)written : 0;

    if (len + extra == 0)
        return;
    if (!make_room(len + extra) || pread(term.memory, term.out + extra, len, 0) != (ssize_t)len) {
        forget_memory();
        term_repaint();
        return;
    }
    memcpy(term.out, prefix, extra);
    if (term.repeats)
        len = repeat_pack(term.out + extra, len);
    term.out_len = len + extra;
    term.out_at = 0;
    forget_memory();
}

static bool
is_writable(int timeout_ms)
{
    struct pollfd fd = { .fd = term.tty, .events = POLLOUT };

    return poll(&fd, 1, timeout_ms) == 1 && (fd.revents & POLLOUT);
}

bool
term_is_sending(void)
{
    return term.out_at < term.out_len;
}

/* One write of what is left. */
static void
send_some(void)
{
    ssize_t n = write(term.tty, term.out + term.out_at, term.out_len - term.out_at);

    if (n <= 0)
        return; /* a dead terminal is noticed where input is read */
    term.out_at += (size_t)n;
    term.stats.writes++;
    term.stats.bytes += (uint64_t)n;
}

void
term_flush(uint64_t now_ms)
{
    if (!term_is_sending())
        return;
    send_some();
    if (term_is_sending() && now_ms - term.out_since_ms >= DROP_AFTER_MS) {
        term.out_at = term.out_len = 0;
        term_repaint();
    }
}

/* Send a string at the end of everything; a stalled terminal is waited for, but not for long. */
static void
send_last(const char *text, size_t len)
{
    while (len > 0 && is_writable(CLOSE_WAIT_MS)) {
        ssize_t n = write(term.tty, text, len);

        if (n <= 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}

/* What rides on the next frame. */
static void
add_rider(const char *text)
{
    size_t used = strlen(term.rider);

    if (used + strlen(text) < sizeof(term.rider))
        lat_copy(term.rider + used, sizeof(term.rider) - used, text);
}

void
term_mouse(bool on)
{
    add_rider(on ? MOUSE_ON : MOUSE_OFF);
}

void
term_bell(bool visible)
{
    const char *flash = visible ? tigetstr("flash") : NULL;
    char bytes[64] = "\a";

    if (flash && flash != (char *)-1) {
        bytes[0] = 0;
        append_string(bytes, sizeof(bytes), flash);
    }
    add_rider(bytes);
}

void
term_notify(const char *text)
{
    char safe[120], bytes[160];

    lat_escape_str(text, safe, sizeof(safe));
    snprintf(bytes, sizeof(bytes), "\033]9;%s\a", safe);
    add_rider(bytes);
}

/* --- the other screen ----------------------------------------------------------------------------------- */

void
term_copy_begin(const char *text)
{
    if (term_is_sending())
        send_last(term.out + term.out_at, term.out_len - term.out_at);
    term.out_len = term.out_at = 0;
    send_last(term.leave, term.leave_len);
    send_last("\r\n", 2);
    while (*text) {
        size_t line = strcspn(text, "\n");

        send_last(text, line);
        send_last("\r\n", 2);
        text += line + (text[line] == '\n');
    }
}

void
term_copy_end(void)
{
    endwin(); /* curses enters the alternate screen anew with its next frame */
    forget_memory();
    term.painted = false;
    term_repaint();
}

/* --- cells ---------------------------------------------------------------------------------------------- */

/*
 * Styles of one colour share a pair: curses compares pairs, not colours, and would switch between equal ones.
 */
static short
pair_of(int style)
{
    struct theme_look look = theme_look(style, term.caps.theme, term.caps.colours);

    if (look.foreground < 0 && look.background < 0)
        return 0;
    for (int other = 0; other < style; other++) {
        struct theme_look old = theme_look(other, term.caps.theme, term.caps.colours);

        if (old.foreground == look.foreground && old.background == look.background)
            return (short)(other + 1);
    }
    return (short)(style + 1);
}

static void
set_pairs(void)
{
    start_color();
    use_default_colors();
    for (int style = 0; style < STYLE_COUNT; style++) {
        struct theme_look look = theme_look(style, term.caps.theme, term.caps.colours);

        term.pairs[style] = pair_of(style);
        if (term.pairs[style] == style + 1)
            init_pair((short)(style + 1), (short)look.foreground, (short)look.background);
    }
}

/*
 * tmux and screen repeat ASCII alone. Their own terminal types do not promise more, but many people give them another
 * one's name.
 */
static bool
knows_repeat(void)
{
    return repeat_is_known(tigetstr("rep")) && getenv("TMUX") == NULL && getenv("STY") == NULL;
}

void
term_prefer(enum theme theme, enum graph_kind graph, bool sync, bool repeat)
{
    caps_prefer(&term.caps, theme, graph);
    term.sync = sync;
    term.repeats = repeat && knows_repeat();
    if (term.caps.colour)
        set_pairs();
    term_repaint();
}

static attr_t
attributes_of(int style, short *pair)
{
    struct theme_look look = theme_look(style, term.caps.theme, term.caps.colours);
    attr_t attributes = A_NORMAL;

    if (look.attributes & THEME_BOLD)
        attributes |= A_BOLD;
    if (look.attributes & THEME_REVERSE)
        attributes |= A_REVERSE;
    if (look.attributes & THEME_UNDERLINE)
        attributes |= A_UNDERLINE;
    *pair = look.foreground < 0 && look.background < 0 ? 0 : term.pairs[STYLE_MEANING(style)];
    return attributes;
}

static void
put_cell(int x, int y, const struct cell *cell)
{
    wchar_t text[2] = { (wchar_t)cell->ch, 0 };
    cchar_t ch;
    short pair;
    attr_t attributes = attributes_of(cell->style, &pair);

    if (setcchar(&ch, text, attributes, pair, NULL) == OK)
        mvadd_wch(y, x, &ch);
}

static bool
same_cell(const struct cell *a, const struct cell *b)
{
    return a->ch == b->ch && a->style == b->style && a->width == b->width;
}

/*
 * Hand the changed cells to curses. A row that changes is handed over whole, from its first changed cell on:
 * wide characters then never meet half of an old one.
 */
static void
put_row(const struct canvas *canvas, int y)
{
    int first = 0;

    while (term.shown && first < canvas->cols &&
           same_cell(canvas_cell(canvas, first, y), canvas_cell(term.shown, first, y)))
        first++;
    while (first > 0 && first < canvas->cols && canvas_cell(canvas, first, y)->width == 0)
        first--;
    for (int x = first; x < canvas->cols; x++)
        if (canvas_cell(canvas, x, y)->width > 0)
            put_cell(x, y, canvas_cell(canvas, x, y));
}

static void
remember(const struct canvas *canvas)
{
    if (term.shown == NULL)
        term.shown = canvas_new(canvas->cols, canvas->rows, canvas->unicode);
    if (term.shown)
        memcpy(term.shown->cells, canvas->cells,
               sizeof(*canvas->cells) * (size_t)canvas->cols * (size_t)canvas->rows);
}

static void
forget_shown(void)
{
    canvas_free(term.shown);
    term.shown = NULL;
}

static void
place_cursor(const struct canvas *canvas)
{
    bool wanted = canvas->cursor_x >= 0;

    leaveok(stdscr, !wanted);
    curs_set(wanted);
    if (wanted)
        move(canvas->cursor_y, canvas->cursor_x);
}

/* Bell and mouse behind the frame; the marks of a synchronized update around all of it. */
static void
add_frame_strings(void)
{
    size_t rider = strlen(term.rider), before = 0, after = 0;

    if (term.sync && term.out_len > 0) {
        before = strlen(SYNC_BEGIN);
        after = strlen(SYNC_END);
    }
    if (rider + before + after == 0 || !make_room(term.out_len + rider + before + after))
        return;
    memmove(term.out + before, term.out, term.out_len);
    memcpy(term.out, SYNC_BEGIN, before);
    memcpy(term.out + before + term.out_len, SYNC_END, after);
    memcpy(term.out + before + term.out_len + after, term.rider, rider);
    term.out_len += before + after + rider;
    term.rider[0] = 0;
}

bool
term_draw(const struct canvas *canvas, uint64_t now_ms)
{
    bool first = !term.painted;

    if (term_is_sending() || !is_writable(0)) {
        term.stats.stalls++;
        return false;
    }
    if (canvas->cols != COLS || canvas->rows != LINES) {
        resizeterm(canvas->rows, canvas->cols);
        term_repaint();
    }
    for (int y = 0; y < canvas->rows; y++)
        put_row(canvas, y);
    remember(canvas);
    place_cursor(canvas);
    wnoutrefresh(stdscr);
    doupdate();
    term.painted = true;
    term.out_len = term.out_at = 0;
    collect(first ? term.enter : "");
    add_frame_strings();
    if (term.out_len > 0) {
        term.stats.frames++;
        term.out_since_ms = now_ms;
        send_some();
    }
    return true;
}

void
term_repaint(void)
{
    forget_shown();
    clearok(curscr, TRUE);
}

/* --- the real terminal ---------------------------------------------------------------------------------- */

static enum lat_err
open_tty(void)
{
    const char *name = ttyname(STDOUT_FILENO);

    term.own_tty = false;
    term.tty = STDOUT_FILENO;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &term.before))
        return LAT_NOTFOUND;
    if (name) {
        /* A description of its own: O_NONBLOCK on fd 1 would stay on in the user's shell. */
        int fd = open(name, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

        if (fd >= 0) { /* refused after su and sudo -u */
            term.tty = fd;
            term.own_tty = true;
        }
    }
    return LAT_OK;
}

static void
set_raw(void)
{
    term.raw = term.before;
    term.raw.c_lflag &=
        ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN); /* Ctrl-C reaches us as a key, nobody else as a signal */
    term.raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | ISTRIP);
    term.raw.c_oflag &= ~(tcflag_t)OPOST;
    term.raw.c_cc[VMIN] = 1;
    term.raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &term.raw);
}

static enum lat_err
open_curses(bool ascii, enum color_mode mode)
{
    const char *name = getenv("TERM");

    term.memory = memfd_create("lattice-screen", MFD_CLOEXEC);
    if (term.memory < 0)
        return LAT_SYS;
    term.memory_file = fdopen(term.memory, "w");
    if (term.memory_file == NULL)
        return LAT_SYS;
    term.screen = name && name[0] ? newterm(NULL, term.memory_file, stdin) : NULL;
    if (term.screen == NULL || tigetstr("cup") == NULL || tigetstr("cup") == (char *)-1)
        return LAT_NOTFOUND;
    term.caps = caps_decide(name, ascii, mode, getenv("NO_COLOR"), tigetnum("colors"));
    term.repeats = knows_repeat();
    if (term.caps.colour)
        set_pairs();
    nonl();
    scrollok(stdscr, FALSE);
    return LAT_OK;
}

static void
close_curses(void)
{
    if (term.screen) {
        endwin();
        delscreen(term.screen);
    }
    if (term.memory_file)
        (void)fclose(term.memory_file); /* what was written there, nobody reads */
    else if (term.memory >= 0)
        close(term.memory);
    if (term.own_tty)
        close(term.tty);
    forget_shown();
    free(term.out);
    term.screen = NULL;
    term.memory_file = NULL;
    term.memory = term.tty = -1;
    term.own_tty = term.open = false;
    term.out = NULL;
    term.out_len = term.out_at = term.out_cap = 0;
}

enum lat_err
term_open(bool ascii, enum color_mode mode)
{
    enum lat_err err = open_tty();

    if (err)
        return err;
    term.stats = (struct term_stats){ 0 };
    term.painted = false;
    err = open_curses(ascii, mode);
    if (err) {
        close_curses();
        return err;
    }
    prepare_strings();
    signals_arm(term.tty, &term.before, term.leave, term.leave_len);
    set_raw();
    term.open = true;
    return LAT_OK;
}

/* The rest of a frame, everything off, the modes of before. */
static void
give_back(void)
{
    if (term_is_sending())
        send_last(term.out + term.out_at, term.out_len - term.out_at);
    term.out_len = term.out_at = 0;
    if (term.painted)
        send_last(term.leave, term.leave_len);
    tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
}

void
term_close(void)
{
    if (!term.open)
        return;
    give_back();
    signals_disarm();
    close_curses();
}

void
term_suspend(void)
{
    give_back();
    raise(SIGSTOP);
    // cppcheck-suppress unreachableCode ; SIGCONT goes on here
    term_resume();
}

/* Have the modes stayed ours? A shell that was in front meanwhile has set its own. */
static bool
is_raw(void)
{
    struct termios now;

    return tcgetattr(STDIN_FILENO, &now) == 0 && now.c_lflag == term.raw.c_lflag &&
           now.c_oflag == term.raw.c_oflag;
}

void
term_resume(void)
{
    if (!is_raw()) {
        set_raw();
        endwin(); /* curses enters the alternate screen anew with its next frame */
        forget_memory();
        term.painted = false;
    }
    term_repaint();
}

const struct caps *
term_caps(void)
{
    return &term.caps;
}

void
term_size(int *cols, int *rows)
{
    struct winsize size = { 0 };

    *cols = 80;
    *rows = 24;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) || size.ws_col == 0 || size.ws_row == 0)
        return;
    *cols = size.ws_col < CANVAS_SIDE_MAX ? size.ws_col : CANVAS_SIDE_MAX;
    *rows = size.ws_row < CANVAS_SIDE_MAX ? size.ws_row : CANVAS_SIDE_MAX;
}

int
term_fd(void)
{
    return term.own_tty ? term.tty : STDIN_FILENO;
}

ssize_t
term_read(void *bytes, size_t size)
{
    ssize_t n = read(term_fd(), bytes, size);

    if (n > 0)
        return n;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return -1; /* end of file, EIO: nobody is there any more */
}

struct term_stats
term_stats(void)
{
    return term.stats;
}
