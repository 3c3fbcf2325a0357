/* The load's ends: RTUs that honour k and answer requests, masters that hold every octet against their script. */

#include "loopback.h"
#include <time.h>

enum {
    NUMBERS = 32768, /* of I-frames on the wire */
    STAMPS = 65536,
    QUEUE = 64,
    MOST_SECONDS = 600,
    END_OF_INITIALISATION = 70,
    INTERROGATION = 100,
    ACTIVATION = 6,
    ACTIVATION_CONFIRMATION = 7,
    TERMINATION = 10
};

typedef unsigned long long total;

struct script {
    octet *octets;
    size_t *begins; /* of ASDU i, and of what would come after the last */
    total count;
};

enum role { CONTROL, LISTENER, RTU, MASTER };

struct asdu {
    octet octets[249];
    size_t size;
};

struct end {
    enum role role;
    int fd, port, up, stalled;
    struct group *group;
    struct script *script;
    total sent, acknowledged, received, confirmed; /* I-frames */
    octet *held;                                   /* what was read of an APDU that is not yet whole */
    size_t holding;
    octet *unsent; /* what the socket did not take */
    size_t waiting;
    total frames;   /* master: ASDUs that were as in the script */
    total expected; /* master: how many of them are to come, as far as that is known */
    unsigned by_second[MOST_SECONDS];
};

struct group {
    struct end listener, rtu, *masters;
    int count;
    total allowed, data;          /* ASDUs of the script that the RTU may send, has sent */
    octet originators[QUEUE];     /* of those who asked for each of its rounds */
    struct asdu answers[QUEUE];   /* which go ahead of the script */
    total answered, to_answer;
    double stamps[STAMPS];
};

static struct {
    char mode[16];
    double seconds, rate;
    unsigned k, w;
    int greeted, copies, scripts, groups;
} spec;

static struct script *scripts;
static struct group *groups;
static struct end control = {.role = CONTROL};
static int poller;
static double began, asked, *delays;
static size_t delays_held, delays_room;
static clockid_t tested;

static double seconds_of(clockid_t clock) {
    struct timespec at;
    if (clock_gettime(clock, &at))
        fail("the program under test is gone");
    return at.tv_sec + at.tv_nsec * 1e-9;
}

static double now(void) { return seconds_of(CLOCK_MONOTONIC); }

static int is_mode(const char *name) { return !strcmp(spec.mode, name); }

static void note_delay(double seconds) {
    if (delays_held == delays_room)
        delays = realloc(delays, (delays_room = 2 * delays_room + 4096) * sizeof *delays);
    delays[delays_held++] = seconds;
}

/* Every master of every group. */
#define EACH_MASTER(master)                                                                                            \
    for (struct group *group = groups; group < groups + spec.groups; group++)                                          \
        for (struct end *master = group->masters; master < group->masters + group->count; master++)

/* Sending. */

static void watch(struct end *end, int how, unsigned events) {
    struct epoll_event event = {events, {.ptr = end}};
    if (epoll_ctl(poller, how, end->fd, &event))
        fail("epoll: %s", strerror(errno));
}

static void put(struct end *end, const octet *octets, size_t size) {
    ssize_t done = end->waiting ? 0 : send(end->fd, octets, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0 && errno != EAGAIN && !end->stalled)
        fail("port %d: cannot send: %s", end->port, strerror(errno));
    if (done < 0)
        done = 0;
    if ((size_t)done == size || end->stalled)
        return;
    if (!end->waiting)
        watch(end, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    end->unsent = realloc(end->unsent, end->waiting + size - done);
    memcpy(end->unsent + end->waiting, octets + done, size - done);
    end->waiting += size - done;
}

static void go_on(struct end *end) {
    size_t size = end->waiting;
    octet *octets = end->unsent;
    end->unsent = NULL;
    end->waiting = 0;
    watch(end, EPOLL_CTL_MOD, EPOLLIN);
    put(end, octets, size);
    free(octets);
}

static void put_control(struct end *end, unsigned first, unsigned second) {
    octet frame[6] = {START, 4};
    number(frame, first, second);
    put(end, frame, sizeof frame);
}

static void confirm(struct end *end) {
    put_control(end, 1, end->received << 1);
    end->confirmed = end->received;
}

static octet *add_frame(struct end *end, octet *frame, const octet *asdu, size_t size) {
    frame[0] = START;
    frame[1] = 4 + size;
    number(frame, end->sent++ << 1, end->received << 1);
    end->confirmed = end->received;
    memcpy(frame + 6, asdu, size);
    return frame + 6 + size;
}

/* The RTU. */

static octet *add_data(struct group *group, octet *frame) {
    const struct script *script = group->rtu.script;
    total place = group->data % script->count;
    octet *end = add_frame(&group->rtu, frame, script->octets + script->begins[place],
                           script->begins[place + 1] - script->begins[place]);
    frame[9] = group->originators[group->data++ / script->count % QUEUE];
    return end;
}

static octet *add_answer(struct group *group, octet *frame) {
    struct asdu *answer = &group->answers[group->answered++ % QUEUE];
    return add_frame(&group->rtu, frame, answer->octets, answer->size);
}

/* Sends what there is to send and the window takes, one write for every 64 KiB. */
static void pump(struct group *group) {
    static octet out[READ_SIZE + 256];
    struct end *rtu = &group->rtu;
    octet *end = out;
    while (rtu->sent - rtu->acknowledged < spec.k) {
        if (group->answered < group->to_answer)
            end = add_answer(group, end);
        else if (group->data < group->allowed)
            end = add_data(group, end);
        else
            break;
        if (end - out >= READ_SIZE) {
            put(rtu, out, end - out);
            end = out;
        }
    }
    if (end > out)
        put(rtu, out, end - out);
}

static void answer(struct group *group, const octet *asdu, size_t size, octet cause) {
    struct asdu *answer = &group->answers[group->to_answer++ % QUEUE];
    memcpy(answer->octets, asdu, size);
    answer->octets[2] = cause;
    answer->size = size;
}

/* An interrogation is answered by the script once, anything else by its confirmation and termination. */
static void take_request(struct group *group, const octet *asdu, size_t size) {
    if (asdu[2] != ACTIVATION)
        fail("the RTU was sent an ASDU of type %d with cause %d", asdu[0], asdu[2]);
    if (asdu[0] == INTERROGATION) {
        group->originators[group->allowed / group->rtu.script->count % QUEUE] = asdu[3];
        group->allowed += group->rtu.script->count;
    } else {
        answer(group, asdu, size, ACTIVATION_CONFIRMATION);
        answer(group, asdu, size, TERMINATION);
    }
}

/* Masters. */

static void ask(struct end *master) {
    octet frame[256], *end = add_frame(master, frame, master->script->octets, master->script->begins[1]);
    frame[8] = ACTIVATION;
    put(master, frame, end - frame);
}

static void differs(const struct end *master, const octet *asdu, size_t size, const octet *expected, size_t length) {
    size_t at = 0;
    while (at < size && at < length && asdu[at] == expected[at])
        at++;
    fail("the master at port %d, ASDU %llu (%zu octets) is not what was sent (%zu): octet %zu is 0x%02x, not 0x%02x",
         master->port, master->frames, size, length, at, asdu[at], expected[at]);
}

static void take_data(struct end *master, const octet *asdu, size_t size, double at) {
    const struct script *script = master->script;
    total place = master->frames % script->count;
    const octet *expected = script->octets + script->begins[place];
    size_t length = script->begins[place + 1] - script->begins[place];
    if (size != length || memcmp(asdu, expected, size))
        differs(master, asdu, size, expected, length);
    if (is_mode("paced"))
        note_delay(at - master->group->stamps[master->frames % STAMPS]);
    else if (is_mode("command") && master == master->group->masters && !(master->frames & 1))
        note_delay(at - asked);
    master->frames++;
}

static void take_i(struct end *end, const octet *frame, double at) {
    unsigned ns = (frame[2] | frame[3] << 8) >> 1;
    if (ns != end->received++ % NUMBERS)
        fail("port %d: N(S) %u instead of %llu", end->port, ns, (end->received - 1) % NUMBERS);
    if (end->role == RTU) {
        take_request(end->group, frame + 6, frame[1] - 4);
    } else if (spec.greeted && end->received == 1) {
        if (frame[6] != END_OF_INITIALISATION)
            fail("the master at port %d was greeted by type %d", end->port, frame[6]);
        end->up = 1;
        confirm(end);
    } else {
        take_data(end, frame + 6, frame[1] - 4, at);
    }
}

static void take_acknowledgement(struct end *end, unsigned nr) {
    end->acknowledged += (nr - end->acknowledged) % NUMBERS;
    if (end->acknowledged > end->sent)
        fail("port %d: N(R) %u acknowledges more than the %llu I-frames that were sent", end->port, nr, end->sent);
}

static void take_u(struct end *end, octet function) {
    if (function == TESTFR_ACT)
        put_control(end, TESTFR_CON, 0);
    else if (function == STARTDT_ACT && end->role == RTU)
        put_control(end, STARTDT_CON, 0), end->up = 1;
    else if (function == STARTDT_CON && end->role == MASTER)
        end->up = !spec.greeted;
    else
        fail("port %d: U-frame 0x%02x", end->port, function);
}

static void take_frame(struct end *end, const octet *frame, double at) {
    if (frame[0] != START || frame[1] < 4)
        fail("port %d: no APDU begins with 0x%02x 0x%02x", end->port, frame[0], frame[1]);
    if ((frame[2] & 3) == 3) {
        take_u(end, frame[2]);
        return;
    }
    if (!(frame[2] & 1))
        take_i(end, frame, at);
    take_acknowledgement(end, (frame[4] | frame[5] << 8) >> 1);
}

static void serve(struct end *end) {
    static octet in[READ_SIZE + 256];
    memcpy(in, end->held, end->holding);
    ssize_t got = recv(end->fd, in + end->holding, READ_SIZE, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        fail("the connection of port %d was closed", end->port);
    double at = now();
    total before = end->frames;
    octet *frame = in, *after = in + end->holding + got;
    for (; is_whole(frame, after); frame += 2 + frame[1])
        take_frame(end, frame, at);
    end->holding = after - frame;
    memcpy(end->held, frame, end->holding);
    if (at > began && at < began + MOST_SECONDS)
        end->by_second[(int)(at - began)] += end->frames - before;
    if (end->received - end->confirmed >= spec.w)
        confirm(end);
    if (end->role == RTU)
        pump(end->group);
}
