/* test_auth.c - who may change something, with real sockets on loopback and the kernel's real answers. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/auth.h"
#include "http/sockowner.h"

#define NOBODY 65534

/* A connection over loopback: both ends and the listener. */
struct pair {
    int listener, client, server;
};

/* Connect to the listener on a fresh client socket; -1 on failure. */
static int
connect_to(const struct sockaddr_storage *address, socklen_t len)
{
    int fd = socket(address->ss_family, SOCK_STREAM, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)address, len) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int
listen_on(int family, struct sockaddr_storage *address, socklen_t *len)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    const struct timeval patience = { .tv_sec = 5 }; /* for accept */
    int fd = socket(family, SOCK_STREAM, 0);

    memset(address, 0, sizeof(*address));
    *len = family == AF_INET ? sizeof(v4) : sizeof(v6);
    memcpy(address, family == AF_INET ? (void *)&v4 : (void *)&v6, *len);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
        bind(fd, (struct sockaddr *)address, *len) != 0 || listen(fd, 4) != 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, len), 0);
    return fd;
}

static struct pair
pair_over(int family)
{
    struct sockaddr_storage address;
    socklen_t len;
    struct pair p = { -1, -1, -1 };

    p.listener = listen_on(family, &address, &len);
    if (p.listener < 0)
        return p;
    p.client = connect_to(&address, len);
    assert_true(p.client >= 0);
    p.server = accept(p.listener, NULL, NULL);
    assert_true(p.server >= 0);
    return p;
}

static void
drop(struct pair *p)
{
    if (p->client >= 0)
        close(p->client);
    if (p->server >= 0)
        close(p->server);
    if (p->listener >= 0)
        close(p->listener);
}

static struct sockowner *
opened(void)
{
    struct sockowner *owner = NULL;

    assert_int_equal(sockowner_new(&owner), LAT_OK);
    return owner;
}

static void
the_kernel_names_the_user_of_a_loopback_client(void **state)
{
    const int families[] = { AF_INET, AF_INET6 };
    struct sockowner *owner = opened();
    struct pair p;
    uid_t uid;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        p = pair_over(families[i]);
        if (p.listener < 0)
            continue; /* a machine without IPv6 */
        uid = NOBODY;
        assert_int_equal(sockowner_find(owner, p.server, &uid), LAT_OK);
        assert_int_equal(uid, geteuid());
        drop(&p);
    }
    sockowner_free(owner);
}

static void
a_closed_client_has_no_user_though_its_socket_shows_root(void **state)
{
    struct sockowner *owner = opened();
    struct pair p = pair_over(AF_INET);
    uid_t uid = 77;

    (void)state;
    close(p.client);
    p.client = -1;
    assert_int_equal(sockowner_find(owner, p.server, &uid), LAT_NOTFOUND);
    assert_int_equal(uid, 77);
    drop(&p);
    sockowner_free(owner);
}

static void
a_client_that_has_ended_its_side_has_no_user(void **state)
{
    struct sockowner *owner = opened();
    struct pair p = pair_over(AF_INET);
    uid_t uid;

    (void)state;
    assert_int_equal(shutdown(p.client, SHUT_WR), 0);
    assert_int_equal(sockowner_find(owner, p.server, &uid), LAT_NOTFOUND);
    drop(&p);
    sockowner_free(owner);
}

static void
a_socket_that_is_no_tcp_connection_has_no_user(void **state)
{
    struct sockowner *owner = opened();
    int ends[2];
    uid_t uid;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(sockowner_find(owner, ends[0], &uid), LAT_NOTFOUND);
    assert_int_equal(sockowner_find(owner, -1, &uid), LAT_NOTFOUND);
    close(ends[0]);
    close(ends[1]);
    sockowner_free(owner);
}

/* Child: connect as another user and wait until the parent hangs up. */
static void
be_another_user(const struct sockaddr_storage *address, socklen_t len)
{
    char byte;
    int fd;

    if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        _exit(1);
    fd = connect_to(address, len);
    if (fd < 0)
        _exit(2);
    _exit(read(fd, &byte, 1) == 0 ? 0 : 3);
}

static void
another_users_client_is_told_apart(void **state)
{
    struct sockowner *owner = opened();
    struct sockaddr_storage address;
    socklen_t len;
    int listener, server, status;
    uid_t uid = 0;
    pid_t child;

    (void)state;
    if (geteuid() != 0) {
        print_message("needs root to become another user: skipped\n");
        sockowner_free(owner);
        skip();
    }
    listener = listen_on(AF_INET, &address, &len);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        be_another_user(&address, len);
    server = accept(listener, NULL, NULL);
    assert_int_equal(sockowner_find(owner, server, &uid), LAT_OK);
    assert_int_equal(uid, NOBODY);
    close(server);
    close(listener);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    sockowner_free(owner);
}

/* --- the decision ------------------------------------------------------------ */

static const uid_t allowed[] = { 0, 1000 };
static const struct auth_rules rules = {
    .roles = TOKEN_CONTROL, .users = true, .cookie = "0123456789abcdef", .uids = allowed, .uid_count = 2
};
static const struct auth_user nobody = { .known = false }, ours = { true, 1000 }, other = { true, 1001 },
                              root = { true, 0 };

static unsigned
decide(const char *authorization, bool forwarded, const struct auth_user *at_accept,
       const struct auth_user *now)
{
    const struct gate_headers h = { .authorization = authorization, .forwarded = forwarded };
    char caller[AUTH_CALLER_MAX];

    return auth_check(&rules, &h, at_accept, now, caller).status;
}

static void
the_cookie_opens_whoever_sends_it(void **state)
{
    const struct gate_headers h = { .authorization = "bearer 0123456789abcdef", .forwarded = true };
    char caller[AUTH_CALLER_MAX];

    (void)state;
    assert_int_equal(auth_check(&rules, &h, &nobody, &nobody, caller).status, 0);
    assert_string_equal(caller, "bearer by api");
}

static void
a_wrong_token_is_refused_even_from_an_allowed_user(void **state)
{
    static const char *const wrong[] = {
        "Bearer 0123456789abcdeg", "Bearer 0123456789abcde", "Bearer ", "Bearer  0123456789abcdef",
        "Basic 0123456789abcdef",  "0123456789abcdef",       "",        "Bearer 0123456789abcdef0"
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(decide(wrong[i], false, &ours, &ours), 401);
}

static void
no_cookie_means_that_no_token_fits(void **state)
{
    const struct auth_rules none = {
        .roles = TOKEN_CONTROL, .users = true, .cookie = "", .uids = allowed, .uid_count = 2
    };
    const struct gate_headers h = { .authorization = "Bearer " };
    char caller[AUTH_CALLER_MAX];

    (void)state;
    assert_int_equal(auth_check(&none, &h, &ours, &ours, caller).status, 401);
}

static void
an_allowed_user_needs_both_looks_to_agree(void **state)
{
    (void)state;
    assert_int_equal(decide(NULL, false, &ours, &ours), 0);
    assert_int_equal(decide(NULL, false, &root, &root), 0);
    assert_int_equal(decide(NULL, false, &ours, &nobody), 403);
    assert_int_equal(decide(NULL, false, &nobody, &ours), 403);
    assert_int_equal(decide(NULL, false, &ours, &root), 403);
    assert_int_equal(decide(NULL, false, &other, &root), 403);
    assert_int_equal(decide(NULL, false, &other, &other), 403);
}

static void
a_forwarded_request_has_no_user(void **state)
{
    (void)state;
    assert_int_equal(decide(NULL, true, &ours, &ours), 403);
}

static void
a_member_of_an_allowed_group_is_allowed(void **state)
{
    const gid_t none[] = { 54321 };
    const gid_t roots[] = { 0 };
    struct auth_rules by_group = { .gids = roots, .gid_count = 1 };

    (void)state;
    assert_true(auth_user_is_allowed(&by_group, 0)); /* root's own group, by the user database */
    assert_false(auth_user_is_allowed(&by_group, 54321));
    by_group.gids = none;
    assert_false(auth_user_is_allowed(&by_group, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_names_the_user_of_a_loopback_client),
        cmocka_unit_test(a_closed_client_has_no_user_though_its_socket_shows_root),
        cmocka_unit_test(a_client_that_has_ended_its_side_has_no_user),
        cmocka_unit_test(a_socket_that_is_no_tcp_connection_has_no_user),
        cmocka_unit_test(another_users_client_is_told_apart),
        cmocka_unit_test(the_cookie_opens_whoever_sends_it),
        cmocka_unit_test(a_wrong_token_is_refused_even_from_an_allowed_user),
        cmocka_unit_test(no_cookie_means_that_no_token_fits),
        cmocka_unit_test(an_allowed_user_needs_both_looks_to_agree),
        cmocka_unit_test(a_forwarded_request_has_no_user),
        cmocka_unit_test(a_member_of_an_allowed_group_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
