#include "config.h"

#include "support/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* The two ends of a connection through the proxy. */
struct proxy_pair {
    struct proxy *proxy;
    struct proxy_pair *next;
    uv_tcp_t ends[2];
    uv_connect_t connect;
    bool closing;
    int open; /* ends whose close callback has not run */
};

struct passed {
    uv_write_t request;
    char bytes[];
};

static void
on_closed(uv_handle_t *handle)
{
    struct proxy_pair *pair = handle->data, **at;

    if (--pair->open > 0)
        return;
    for (at = &pair->proxy->pairs; *at != pair; at = &(*at)->next)
        continue;
    *at = pair->next;
    free(pair);
}

static void
close_pair(struct proxy_pair *pair, bool reset)
{
    if (pair->closing)
        return;
    pair->closing = true;
    for (int i = 0; i < 2; i++) {
        if (!reset || uv_tcp_close_reset(&pair->ends[i], on_closed) != 0)
            uv_close((uv_handle_t *)&pair->ends[i], on_closed);
    }
}

static void
on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)handle;
    *out = uv_buf_init(malloc(suggested), (unsigned)suggested);
}

static void
on_written(uv_write_t *request, int status)
{
    (void)status;
    free(request->data);
}

static void
pass(uv_tcp_t *to, const char *bytes, size_t len)
{
    struct passed *passed = malloc(sizeof(*passed) + len);
    uv_buf_t piece = uv_buf_init(passed->bytes, (unsigned)len);

    memcpy(passed->bytes, bytes, len);
    passed->request.data = passed;
    if (uv_write(&passed->request, (uv_stream_t *)to, &piece, 1, on_written) != 0)
        free(passed);
}

static void
on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct proxy_pair *pair = stream->data;
    bool second = (uv_tcp_t *)stream == &pair->ends[1];

    if (len < 0)
        close_pair(pair, len != UV_EOF);
    else if (len > 0 && !pair->proxy->black_hole && !pair->closing && !pair->proxy->garbage)
        pass(&pair->ends[second ? 0 : 1], buffer->base, (size_t)len);
    free(buffer->base);
}

static void
on_connected(uv_connect_t *request, int status)
{
    struct proxy_pair *pair = request->data;

    if (pair->closing)
        return;
    if (status != 0) {
        close_pair(pair, true);
        return;
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(uv_read_start((uv_stream_t *)&pair->ends[i], on_room, on_read), 0);
}

static void
on_connection(uv_stream_t *stream, int status)
{
    struct proxy *proxy = stream->data;
    struct proxy_pair *pair = calloc(1, sizeof(*pair));
    struct sockaddr_in to;

    assert_int_equal(status, 0);
    assert_non_null(pair);
    pair->proxy = proxy;
    pair->next = proxy->pairs;
    proxy->pairs = pair;
    proxy->accepted++;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(uv_tcp_init(proxy->loop, &pair->ends[i]), 0);
        pair->ends[i].data = pair;
        pair->open++;
    }
    assert_int_equal(uv_accept(stream, (uv_stream_t *)&pair->ends[0]), 0);
    if (proxy->garbage) {
        pass(&pair->ends[0], "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
        assert_int_equal(uv_read_start((uv_stream_t *)&pair->ends[0], on_room, on_read), 0);
        return;
    }
    uv_ip4_addr("127.0.0.1", proxy->target, &to);
    pair->connect.data = pair;
    assert_int_equal(uv_tcp_connect(&pair->connect, &pair->ends[1], (struct sockaddr *)(void *)&to, on_connected), 0);
}

void
proxy_start(struct proxy *proxy, uv_loop_t *loop, uint16_t target)
{
    struct sockaddr_in address;
    int len = sizeof(address);

    memset(proxy, 0, sizeof(*proxy));
    proxy->loop = loop;
    proxy->target = target;
    proxy->open = true;
    uv_ip4_addr("127.0.0.1", 0, &address);
    assert_int_equal(uv_tcp_init(loop, &proxy->listener), 0);
    proxy->listener.data = proxy;
    assert_int_equal(uv_tcp_bind(&proxy->listener, (struct sockaddr *)(void *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&proxy->listener, 64, on_connection), 0);
    assert_int_equal(uv_tcp_getsockname(&proxy->listener, (struct sockaddr *)(void *)&address, &len), 0);
    proxy->port = ntohs(address.sin_port);
}

void
proxy_reset(struct proxy *proxy)
{
    for (struct proxy_pair *pair = proxy->pairs; pair; pair = pair->next)
        close_pair(pair, true);
}

static void
on_listener_closed(uv_handle_t *handle)
{
    struct proxy *proxy = handle->data;

    proxy->open = false;
}

void
proxy_stop(struct proxy *proxy)
{
    for (struct proxy_pair *pair = proxy->pairs; pair; pair = pair->next)
        close_pair(pair, false);
    uv_close((uv_handle_t *)&proxy->listener, on_listener_closed);
    while (proxy->open || proxy->pairs)
        uv_run(proxy->loop, UV_RUN_ONCE);
}
