/* routes_events.c - the parameters of the event stream; events.c sends it. */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "http/routes.h"
#include "http/target.h"

#define INTERVAL_MS 1000
#define INTERVAL_MIN_MS 100
#define INTERVAL_MAX_MS 60000

/* False: answered. */
static bool
take_detail(struct call *call, bool *full)
{
    struct lat_buf value;
    enum lat_err err;

    lat_buf_init(&value, 16);
    err = target_parameter(call->query, "detail", &value);
    *full = !err && value.len == 4 && memcmp(value.data, "full", 4) == 0;
    if (err != LAT_NOTFOUND && !*full && (err || value.len != 7 || memcmp(value.data, "summary", 7) != 0))
        answer_error(call, 400, "detail is summary or full");
    lat_buf_fini(&value);
    return call->answer.status == 0;
}

/* False: answered. */
static bool
take_interval(struct call *call, uint32_t *interval_ms)
{
    struct lat_buf value;
    uint64_t ms = INTERVAL_MS;
    enum lat_err err;

    lat_buf_init(&value, 16);
    err = target_parameter(call->query, "interval", &value);
    if (!err)
        err = lat_parse_seconds(lat_buf_str(&value), INTERVAL_MAX_MS, &ms);
    if ((err && err != LAT_NOTFOUND) || ms < INTERVAL_MIN_MS)
        answer_error(call, 400, "interval is a number of seconds from 0.1 to 60");
    lat_buf_fini(&value);
    *interval_ms = (uint32_t)ms;
    return call->answer.status == 0;
}

void
route_events(struct call *call)
{
    struct api_stream stream;

    if (!take_detail(call, &stream.full) || !take_interval(call, &stream.interval_ms))
        return;
    call->answer.stream = true;
    call->answer.streaming = stream;
    call->answer.status = 200;
}
