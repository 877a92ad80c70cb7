/* remote_ask.c - questions of the SSH connection: asked in the link, answered by whoever looks at it, remembered while the console runs. */
#include "config.h"

#include <string.h>

#include "attach/remote_parts.h"
#include "base/text.h"
#include "base/wipe.h"

static bool
recall(const struct remote *r, const char *subject, char *secret)
{
    for (size_t i = 0; i < SECRETS_MAX; i++) {
        if (r->secrets[i].subject[0] && strcmp(r->secrets[i].subject, subject) == 0)
            return lat_copy(secret, SSH_SECRET_MAX, r->secrets[i].text);
    }
    return false;
}

static void
remember(struct remote *r, const char *subject, const char *secret)
{
    struct remote_secret *place = &r->secrets[r->secret_next++ % SECRETS_MAX];

    lat_copy(place->subject, sizeof(place->subject), subject);
    lat_copy(place->text, sizeof(place->text), secret);
}

static void
forget(struct remote *r, const char *subject)
{
    for (size_t i = 0; i < SECRETS_MAX; i++) {
        if (strcmp(r->secrets[i].subject, subject) == 0)
            lat_wipe(&r->secrets[i], sizeof(r->secrets[i]));
    }
}

/* Put it up; the console is woken. */
static void
pose(struct remote *r, const struct ssh_question *question)
{
    r->link.question = ++r->questions;
    r->link.secret = question->kind == SSH_ASK_PASSPHRASE;
    r->link.again = question->again;
    r->link.key = question->key;
    lat_copy(r->link.question_text, sizeof(r->link.question_text), question->text);
    lat_escape_str(question->subject, r->link.question_subject, sizeof(r->link.question_subject));
    lat_copy(r->asked, sizeof(r->asked), question->subject);
    r->answer_ready = false;
}

/* The answer that has come; with the lock. */
static enum ssh_answer
take_answer(struct remote *r, const struct ssh_question *question, char *secret)
{
    bool yes = r->answer_yes;

    r->link.question = 0;
    r->answer_ready = false;
    if (yes && question->kind == SSH_ASK_PASSPHRASE) {
        lat_copy(secret, SSH_SECRET_MAX, r->answer_secret);
        remember(r, question->subject, r->answer_secret);
    }
    if (!yes)
        lat_copy(r->declined, sizeof(r->declined), question->subject);
    lat_wipe(r->answer_secret, sizeof(r->answer_secret));
    return yes ? SSH_ANSWER_YES : SSH_ANSWER_NO;
}

enum ssh_answer
remote_ask(void *arg, const struct ssh_question *question, char *secret)
{
    struct remote *r = arg;
    enum ssh_answer answer = SSH_ANSWER_LATER;
    bool posed = false;

    if (strcmp(r->declined, question->subject) == 0)
        return SSH_ANSWER_NO;
    if (question->again)
        forget(r, question->subject);
    else if (question->kind == SSH_ASK_PASSPHRASE && recall(r, question->subject, secret))
        return SSH_ANSWER_YES;
    pthread_mutex_lock(&r->lock);
    if (r->link.question && r->answer_ready) {
        answer = take_answer(r, question, secret);
    } else if (r->link.question == 0) {
        pose(r, question);
        posed = true;
    }
    pthread_mutex_unlock(&r->lock);
    if (posed)
        exchange_wake(r->exchange);
    return answer;
}

void
remote_answer(struct remote *r, uint32_t question, bool yes, const char *secret)
{
    pthread_mutex_lock(&r->lock);
    if (question != 0 && r->link.question == question && !r->answer_ready) {
        r->answer_ready = true;
        r->answer_yes = yes && (!r->link.secret || secret != NULL);
        if (secret)
            lat_copy(r->answer_secret, sizeof(r->answer_secret), secret);
    }
    pthread_mutex_unlock(&r->lock);
}
