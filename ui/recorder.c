#include "config.h"

#include "recorder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "view/json.h"

struct recorder {
    FILE *file;
};

enum lat_err
recorder_open(const char *path, struct recorder **out)
{
    struct recorder *r = calloc(1, sizeof(*r));
    int fd;

    if (r == NULL)
        return LAT_NOMEM;
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    r->file = fd >= 0 ? fdopen(fd, "a") : NULL;
    if (r->file == NULL) {
        if (fd >= 0)
            close(fd);
        free(r);
        return LAT_SYS;
    }
    *out = r;
    return LAT_OK;
}

enum lat_err
recorder_take(struct recorder *r, const struct snapshot *snapshot)
{
    cJSON *json;
    char *text;

    if (r == NULL)
        return LAT_OK;
    json = snapshot_to_json(snapshot);
    text = json ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    if (text) {
        fputs(text, r->file);
        fputc('\n', r->file);
        cJSON_free(text);
    }
    return fflush(r->file) || ferror(r->file) ? LAT_SYS : LAT_OK;
}

void
recorder_close(struct recorder *r)
{
    if (r == NULL)
        return;
    (void)fclose(r->file); /* each line has been flushed */
    free(r);
}
