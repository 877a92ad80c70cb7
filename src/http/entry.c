#include "config.h"

#include "http/entry.h"

#include <string.h>

#include "base/text.h"
#include "http/target.h"
#include "state/record.h"

bool
entry_key(struct call *call, struct lat_buf *key)
{
    enum lat_err err;

    lat_buf_init(key, RECORD_KEY_MAX);
    err = target_decode(call->rest, strlen(call->rest), key);
    if (err == LAT_NOMEM)
        answer_err(call, err, NULL);
    else if (err == LAT_LIMIT)
        answer_error(call, 400, "a key has at most %d bytes", RECORD_KEY_MAX);
    else if (err || key->len == 0 || !lat_utf8_valid(key->data, key->len))
        answer_error(call, 400, "a key is percent-encoded UTF-8");
    else if (key->data[0] == 0)
        answer_error(call, 400, "keys that begin with a zero byte are the system's own");
    if (call->answer.status == 0)
        return true;
    lat_buf_fini(key);
    return false;
}
