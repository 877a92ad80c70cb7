#include "config.h"

#include "view/source.h"

#include "base/text.h"

static const struct snapshot *
latest(void *arg)
{
    struct exchange_source *es = arg;

    return exchange_latest(es->exchange);
}

static int
wake_fd(void *arg)
{
    struct exchange_source *es = arg;

    return es->fd;
}

static enum lat_err
submit(void *arg, struct command *command)
{
    struct exchange_source *es = arg;

    return exchange_submit(es->exchange, command);
}

static const struct source_ops exchange_ops = { .latest = latest, .wake_fd = wake_fd, .submit = submit };

void
source_of_exchange(struct exchange_source *es, struct source *out)
{
    *out = (struct source){ .ops = &exchange_ops, .arg = es, .embedded = true, .control = true };
    lat_copy(out->via, sizeof(out->via), "embedded");
}
