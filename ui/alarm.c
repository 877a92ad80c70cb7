#include "config.h"

#include "alarm.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "view/alert_words.h"

extern char **environ;

/* --- what is new ---------------------------------------------------------------------------------------- */

static void
subject_of(const struct snapshot_alert *alert, char out[SNAPSHOT_TEXT_MAX])
{
    const char *text = alert->text + strspn(alert->text, "0123456789");

    snprintf(out, SNAPSHOT_TEXT_MAX, "%.*s", (int)strcspn(text, ":"), text);
}

static bool
is_known(const struct alarm *alarm, const struct snapshot_alert *alert)
{
    char subject[SNAPSHOT_TEXT_MAX];

    subject_of(alert, subject);
    for (uint32_t i = 0; i < alarm->known_count; i++)
        if (strcmp(alarm->known[i].code, alert->code) == 0 && strcmp(alarm->known[i].subject, subject) == 0)
            return true;
    return false;
}

const struct snapshot_alert *
alarm_follow(struct alarm *alarm, const struct snapshot *snapshot)
{
    const struct snapshot_alert *worst = NULL;

    for (uint32_t i = 0; i < snapshot->alert_count && alarm->begun; i++) {
        const struct snapshot_alert *alert = &snapshot->alerts[i];

        if (!is_known(alarm, alert) && (worst == NULL || alert->severity > worst->severity))
            worst = alert;
    }
    alarm->known_count = snapshot->alert_count;
    for (uint32_t i = 0; i < snapshot->alert_count; i++) {
        lat_copy(alarm->known[i].code, sizeof(alarm->known[i].code), snapshot->alerts[i].code);
        subject_of(&snapshot->alerts[i], alarm->known[i].subject);
    }
    alarm->begun = true;
    return worst;
}

bool
alarm_rings(enum bell bell, const struct snapshot_alert *alert)
{
    return bell == BELL_ALL || (bell == BELL_ALARM && alert->severity == ALERT_ALARM);
}

/* --- the operator's command ----------------------------------------------------------------------------- */

#define VARIABLES 5
#define VARIABLE_MAX (WORDS_MAX + 40)

/* Our environment with our variables in front, which wins over those behind; NULL: out of memory. */
static char **
environment(char variables[VARIABLES][VARIABLE_MAX])
{
    size_t count = 0;
    char **all;

    while (environ[count])
        count++;
    all = calloc(count + VARIABLES + 1, sizeof(*all));
    if (all == NULL)
        return NULL;
    for (size_t i = 0; i < VARIABLES; i++)
        all[i] = variables[i];
    memcpy(all + VARIABLES, environ, count * sizeof(*all));
    return all;
}

/* A shell without our terminal, signals and descriptors. 0 on success, else an errno. */
static int
spawn(const char *command, char **env, pid_t *pid)
{
    char shell[] = "sh", option[] = "-c", text[SETTINGS_COMMAND_MAX];
    char *const args[] = { shell, option, text, NULL };
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int rc;

    lat_copy(text, sizeof(text), command);
    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawn_file_actions_init(&files))
        return ENOMEM;
    if (posix_spawnattr_init(&attributes)) {
        posix_spawn_file_actions_destroy(&files);
        return ENOMEM;
    }
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    rc = posix_spawn(pid, "/bin/sh", &files, &attributes, args, env);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return rc;
}

static void
start(pid_t *pid, const char *command, const char *node, const struct snapshot_alert *alert)
{
    char variables[VARIABLES][VARIABLE_MAX];
    char words[WORDS_MAX];
    char **env;
    int rc;

    snprintf(variables[0], sizeof(variables[0]), "LATTICE_ALERT_CODE=%s", alert->code);
    snprintf(variables[1], sizeof(variables[1]), "LATTICE_ALERT_TEXT=%s", words_of_alert(alert, words));
    snprintf(variables[2], sizeof(variables[2]), "LATTICE_ALERT_SEVERITY=%s",
             alert->severity == ALERT_ALARM ? "alarm" : "attention");
    snprintf(variables[3], sizeof(variables[3]), "LATTICE_ALERT_NODE=%s", node);
    snprintf(variables[4], sizeof(variables[4]), "LATTICE_ALERT_KIND=%s", alert_kind_name(alert->kind));
    env = environment(variables);
    rc = env ? spawn(command, env, pid) : ENOMEM;
    free(env);
    if (rc) {
        *pid = 0;
        lat_log(LAT_WARNING, "[CONSOLE] on_alert: %s", strerror(rc));
    }
}

/* Bury the dead; a place for another one, NULL: all are running. */
static pid_t *
free_place(struct alarm *alarm)
{
    pid_t *place = NULL;

    for (int i = 0; i < ALARM_RUNS_MAX; i++) {
        if (alarm->runs[i] > 0 && waitpid(alarm->runs[i], NULL, WNOHANG) != 0)
            alarm->runs[i] = 0;
        if (alarm->runs[i] == 0)
            place = &alarm->runs[i];
    }
    return place;
}

void
alarm_run(struct alarm *alarm, const struct settings *settings, const char *node, const struct snapshot_alert *alert,
          uint64_t now_ms)
{
    pid_t *place = free_place(alarm);

    if (alert && settings->on_alert[0]) {
        alarm->waiting = *alert;
        lat_copy(alarm->node, sizeof(alarm->node), node);
    }
    if (alarm->waiting.code[0] == 0 || place == NULL || (alarm->run_ms > 0 && now_ms - alarm->run_ms < ALARM_PAUSE_MS))
        return;
    start(place, settings->on_alert, alarm->node, &alarm->waiting);
    alarm->waiting.code[0] = 0;
    alarm->run_ms = now_ms;
}
