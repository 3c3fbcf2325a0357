/* The practical limit: a relay that patches sequence numbers and knows nothing else of the protocol.

   relay W RTU:MASTER,MASTER... RTU:MASTER...      (ports on this machine; one word a group)

   What the RTU of a group sends goes to all its masters, what a master sends goes to the RTU, each under the N(S) and
   N(R) of the connection that it leaves on. Every W-th I-frame is acknowledged at once, whoever has it by then.
   STARTDT and TESTFR are confirmed. There are no windows, no timers, no addresses, and nothing is kept: a peer that does
   not read stops everybody. */

#include "loopback.h"
#include <poll.h>

enum { MOST_MASTERS = 64, LISTENING = -1 };

struct group;

struct connection {
    int fd;
    int place; /* LISTENING, or 0 for the RTU, or the master's from 1 on */
    struct group *group;
    unsigned sent, received, confirmed; /* I-frames */
    size_t held;                        /* octets of an APDU that is not yet whole, at the start of `in` */
    octet *in;
};

struct group {
    struct connection *members[1 + MOST_MASTERS]; /* the RTU, then its masters in the order of their coming */
    int masters;
};

static int poller;
static unsigned w;
static octet out[2 * READ_SIZE];

static void put(int fd, const octet *octets, size_t size) {
    while (size) {
        ssize_t done = send(fd, octets, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done < 0 && errno == EAGAIN) {
            struct pollfd one = {fd, POLLOUT, 0};
            poll(&one, 1, -1);
        } else if (done < 0) {
            exit(0); /* the run is over */
        } else {
            octets += done;
            size -= done;
        }
    }
}

static void put_control(int fd, unsigned first, unsigned second) {
    octet frame[6] = {START, 4};
    number(frame, first, second);
    put(fd, frame, sizeof frame);
}

static void acknowledge(struct connection *from) {
    put_control(from->fd, 1, from->received << 1);
    from->confirmed = from->received;
}

/* Numbers `size` octets of I-frames, which are in `out`, for one receiver, and sends them. */
static void pass_on(struct connection *to, size_t size) {
    for (octet *frame = out; frame < out + size; frame += 2 + frame[1])
        number(frame, to->sent++ << 1, to->received << 1);
    to->confirmed = to->received;
    put(to->fd, out, size);
}

/* Copies the I-frames of one read to `out`, answers the U-frames, and returns how many octets the former are. */
static size_t sort(struct connection *from, size_t got) {
    octet *frame = from->in, *end = from->in + from->held + got;
    size_t size = 0;
    for (; is_whole(frame, end); frame += 2 + frame[1]) {
        if (!(frame[2] & 1)) {
            memcpy(out + size, frame, 2 + frame[1]);
            size += 2 + frame[1];
            from->received++;
        } else if (frame[2] == STARTDT_ACT || frame[2] == TESTFR_ACT) {
            put_control(from->fd, frame[2] == STARTDT_ACT ? STARTDT_CON : TESTFR_CON, 0);
        }
    }
    from->held = end - frame;
    memmove(from->in, frame, from->held);
    return size;
}

static void serve(struct connection *from) {
    ssize_t got = recv(from->fd, from->in + from->held, READ_SIZE, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        exit(0); /* the run is over */
    size_t size = sort(from, got);
    if (from->received - from->confirmed >= w)
        acknowledge(from);
    struct group *group = from->group;
    int first = from->place ? 0 : 1, last = from->place ? 0 : group->masters;
    for (int place = first; size && place <= last; place++)
        pass_on(group->members[place], size);
}

static struct connection *watch(int fd, int place, struct group *group) {
    struct connection *connection = calloc(1, sizeof *connection);
    *connection = (struct connection){.fd = fd, .place = place, .group = group};
    struct epoll_event event = {EPOLLIN, {.ptr = connection}};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event))
        fail("epoll: %s", strerror(errno));
    if (place != LISTENING) {
        connection->in = malloc(2 * READ_SIZE);
        group->members[place] = connection;
    }
    return connection;
}

static void accept_on(struct connection *listener) {
    int fd = accept(listener->fd, NULL, NULL);
    if (fd < 0)
        fail("accept: %s", strerror(errno));
    tune(fd);
    watch(fd, ++listener->group->masters, listener->group);
}

static void serve_group(char *ports) {
    struct group *group = calloc(1, sizeof *group);
    int rtu = connect_to(atoi(strtok(ports, ":")));
    if (rtu < 0)
        fail("no RTU: %s", strerror(errno));
    watch(rtu, 0, group);
    put_control(rtu, STARTDT_ACT, 0);
    for (char *port; (port = strtok(NULL, ","));)
        watch(listen_on(atoi(port)), LISTENING, group);
}

int main(int argc, char **argv) {
    (void)argc;
    poller = epoll_create1(0);
    w = atoi(argv[1]);
    for (char **group = argv + 2; *group; group++)
        serve_group(*group);
    for (;;) {
        struct epoll_event events[256];
        int count = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (connection->place == LISTENING)
                accept_on(connection);
            else
                serve(connection);
        }
    }
}
