/*
 * api_parts.h - how a request of ours is put to libcurl: for api_client.c (one at a time, waiting) and remote.c (never waiting) alone.
 */
#ifndef LAT_ATTACH_API_PARTS_H
#define LAT_ATTACH_API_PARTS_H

#include <curl/curl.h>

#include "attach/api_client.h"
#include "attach/ssh_tunnel.h"

/* Is a token of this target kept from networks that can be listened to? LAT_AUTH with *why. */
LAT_MUST_CHECK enum lat_err api_target_check(const struct api_target *target, struct lat_msg *why);

/* The route of an ssh target, as a tunnel that is not started. LAT_... of ssh_route_load, LAT_NOMEM; *why says it. */
LAT_MUST_CHECK enum lat_err api_target_tunnel(const struct api_target *target, const struct ssh_asker *asker, struct ssh_tunnel **out,
                                              struct lat_msg *why);

/* How the connections of one handle reach the node. */
struct api_way {
    struct ssh_tunnel *tunnel; /* NULL: by themselves */
    int stream, stand_in;      /* a connection that libcurl is just making */
};

void api_way_init(struct api_way *way, struct ssh_tunnel *tunnel);
void api_way_fini(struct api_way *way); /* closes what libcurl has not taken */

/*
 * Options of one request: URL, method, headers, limits. error: CURL_ERROR_SIZE. The way and *headers must live
 * until the request has ended. LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err api_set_up(CURL *curl, const struct api_target *target, struct api_way *way,
                                       const struct api_request *request, char *error, struct curl_slist **headers);

/* curl's extra descriptors for curl_multi_poll, from those of a tunnel. Returns their number. */
unsigned api_wait_fds(const struct ssh_tunnel *tunnel, struct curl_waitfd fds[SSH_TUNNEL_FDS_MAX]);

/* Why there was no answer, in our words where libcurl's are about itself; `error`: its error buffer. Escaped. */
void api_trouble_text(CURL *curl, CURLcode rc, const char *error, char *out, size_t out_size);

#endif
