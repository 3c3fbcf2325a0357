/* The load: RTUs that honour k and answer requests, and masters that hold every octet against what they must get.

   load < SPEC      (all ports on this machine)

   SPEC, words with blanks or line ends between them:
       MODE SECONDS RATE K W GREETED COPIES
       number of scripts, the file of each
       number of groups, and of each: RTU-PORT SCRIPT, number of masters, and of each: PORT SCRIPT
   A script is the ASDUs that a master gets, over and over, each behind an octet with its length. RTU-PORT 0: the masters'
   ports are those of the program under test, which is the RTU.

   It says "listening", reads the process id of the program under test, brings everything up, says "up TIME"
   (CLOCK_MONOTONIC), keeps everything up until it reads another line, measures, and says a line of JSON. It ends with its input.

   MODE  flood        every RTU sends as fast as its k lets it, for SECONDS
         paced        every RTU sends RATE APDU/s, evenly spaced, the groups one after another
         stalled      as flood, but the last master of each group stops reading after a second, and may be closed for it
         interrogate  all masters ask at one instant; again when each has got its answer COPIES times, for SECONDS
         command      the first master sends RATE commands a second, the others interrogate without a pause
         once         every master waits for its script, once

   It never sleeps while it measures: falling asleep and being woken would be counted as the other's time. */

#include "ends.h"

/* Bringing up. */

static void begin(struct end *end, int fd) {
    end->fd = fd;
    end->held = malloc(256);
    watch(end, EPOLL_CTL_ADD, EPOLLIN);
}

static void accept_rtu(struct end *listener) {
    struct end *rtu = &listener->group->rtu;
    if (rtu->fd)
        fail("a second connection was opened to the RTU at port %d", listener->port);
    int fd = accept(listener->fd, NULL, NULL);
    tune(fd);
    begin(rtu, fd);
}

static void turn(int milliseconds) {
    struct epoll_event events[256];
    int count = epoll_wait(poller, events, 256, milliseconds);
    for (int i = 0; i < count; i++) {
        struct end *end = events[i].data.ptr;
        if (end->role == LISTENER)
            accept_rtu(end);
        else if (end->role == CONTROL)
            end->up = 1;
        else {
            if (events[i].events & EPOLLOUT)
                go_on(end);
            if (!end->stalled)
                serve(end);
        }
    }
}

/* Connects the masters of a group as far as somebody listens; whether all of it is up. */
static int bring_up_group(struct group *group) {
    int all = group->rtu.up || !group->rtu.port;
    for (struct end *master = group->masters; master < group->masters + group->count; master++) {
        if (!master->fd && (group->rtu.fd || !group->rtu.port)) {
            int fd = connect_to(master->port);
            if (fd < 0)
                return 0;
            begin(master, fd);
            put_control(master, STARTDT_ACT, 0);
        }
        all &= master->up;
    }
    return all;
}

static void bring_up(void) {
    double end = now() + 60;
    for (int up = 0; up < spec.groups;) {
        up = 0;
        for (int i = 0; i < spec.groups; i++)
            up += bring_up_group(&groups[i]);
        if (now() > end)
            fail("only %d of %d groups were up after 60 s", up, spec.groups);
        turn(2);
    }
    printf("up %f\n", now());
    fflush(stdout);
}

static void wait_to_begin(void) {
    watch(&control, EPOLL_CTL_ADD, EPOLLIN);
    while (!control.up)
        turn(1000);
    watch(&control, EPOLL_CTL_DEL, 0);
}

/* The loads. */

static void stall_last_masters(void) {
    for (struct group *group = groups; group < groups + spec.groups; group++) {
        struct end *last = &group->masters[group->count - 1];
        last->stalled = 1;
        watch(last, EPOLL_CTL_DEL, 0);
    }
}

static void flood(void) {
    int stalls = is_mode("stalled");
    for (struct group *group = groups; group < groups + spec.groups; group++) {
        group->allowed = ~0ULL;
        pump(group);
    }
    for (double at; (at = now()) < began + spec.seconds;) {
        if (stalls && at > began + 1) {
            stall_last_masters();
            stalls = 0;
        }
        turn(0);
    }
    for (struct group *group = groups; group < groups + spec.groups; group++)
        group->allowed = group->data;
}

static void pace(void) {
    double step = 1 / (spec.rate * spec.groups);
    total due = 0, all = (total)(spec.seconds / step);
    while (due < all) {
        for (double at = now(); due < all && began + due * step <= at; due++) {
            struct group *group = &groups[due % spec.groups];
            group->stamps[group->allowed++ % STAMPS] = began + due * step;
            pump(group);
        }
        turn(0);
    }
}

static int has_all(const struct end *master) { return master->stalled || master->frames >= master->expected; }

static int all_have_all(void) {
    EACH_MASTER(master) if (!has_all(master)) return 0;
    return 1;
}

static void expect(struct end *master) {
    master->expected += spec.copies * master->script->count;
    ask(master);
}

/* When all have all that they await; this takes too long after 60 s. */
static double drain(void) {
    double end = now() + 60;
    while (!all_have_all()) {
        if (now() > end)
            fail("what was sent was not delivered within 60 s");
        turn(0);
    }
    return now();
}

static void interrogate(void) {
    while (now() < began + spec.seconds) {
        double at = now();
        EACH_MASTER(master) expect(master);
        note_delay(drain() - at);
    }
}

static void command(void) {
    total due = 0;
    for (double at; (at = now()) < began + spec.seconds;) {
        EACH_MASTER(master) {
            if (!has_all(master) || (master == group->masters && at < began + due / spec.rate))
                continue;
            if (master == group->masters)
                asked = at, due++;
            expect(master);
        }
        turn(0);
    }
}

static void wait_for_script(void) { EACH_MASTER(master) master->expected = master->script->count; }

static void expect_what_was_allowed(void) { EACH_MASTER(master) master->expected = group->allowed; }

/* Whatever comes now is too much; also shows that everything sent can be acknowledged. */
static void listen_on_a_while(void) {
    EACH_MASTER(master) if (!master->stalled) confirm(master);
    for (double end = now() + 0.1; now() < end;)
        turn(1);
    EACH_MASTER(master) if (!master->stalled && master->frames != master->expected)
        fail("the master at port %d got %llu ASDUs instead of %llu", master->port, master->frames, master->expected);
}

/* Figures. */

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds in which a master that reads got nothing. */
static int starved(void) {
    int worst = 0;
    EACH_MASTER(master) {
        int seconds = 0;
        for (int i = 0; !master->stalled && i < (int)spec.seconds; i++)
            seconds += !master->by_second[i];
        worst = seconds > worst ? seconds : worst;
    }
    return worst;
}

static void tell(double took, double cpu, double own) {
    total sent = 0, received = 0;
    for (struct group *group = groups; group < groups + spec.groups; group++)
        sent += group->rtu.sent;
    EACH_MASTER(master) received += master->frames;
    printf("{\"figures\": {\"sent\": %llu, \"received\": %llu, \"seconds\": %f, \"cpu\": %f, \"own\": %f, \"starved\": %d",
           sent, received, took, 100 * cpu / took, 100 * own / took, starved());
    if (delays_held) {
        qsort(delays, delays_held, sizeof *delays, ascending);
        printf(", \"p50\": %f, \"p99\": %f, \"max\": %f", 1e3 * delays[delays_held / 2],
               1e3 * delays[delays_held * 99 / 100], 1e3 * delays[delays_held - 1]);
    }
    printf("}}\n");
    fflush(stdout);
}

static void measure(void) {
    static const struct {
        const char *name;
        void (*load)(void);
        int sends; /* unasked: the masters await all that the RTUs have sent */
    } modes[] = {{"flood", flood, 1},           {"stalled", flood, 1},   {"paced", pace, 1},
                 {"interrogate", interrogate, 0}, {"command", command, 0}, {"once", wait_for_script, 0}};
    size_t mode = 0;
    while (!is_mode(modes[mode].name))
        mode++;
    began = now();
    double cpu = seconds_of(tested), own = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    modes[mode].load();
    if (modes[mode].sends)
        expect_what_was_allowed();
    double took = drain() - began;
    cpu = seconds_of(tested) - cpu;
    own = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - own;
    listen_on_a_while();
    tell(took, cpu, own);
}

/* The specification. */

static void load_script(struct script *script, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file)
        fail("no %s", path);
    octet asdu[256];
    size_t size = 0, room = 0;
    for (int length; (length = fgetc(file)) != EOF && fread(asdu, 1, length, file) == (size_t)length; size += length) {
        if (size + 256 > room)
            script->octets = realloc(script->octets, room = 2 * room + 4096);
        if (script->count % 1024 == 0)
            script->begins = realloc(script->begins, (script->count + 2048) * sizeof *script->begins);
        script->begins[script->count++] = size;
        memcpy(script->octets + size, asdu, length);
        script->begins[script->count] = size + length;
    }
    fclose(file);
}

static int next_number(void) {
    int value;
    if (scanf("%d", &value) != 1)
        fail("the specification ends too early");
    return value;
}

static void read_end(struct end *end, struct group *group, enum role role) {
    end->port = next_number();
    end->script = &scripts[next_number()];
    end->role = role;
    end->group = group;
}

static void read_group(struct group *group) {
    read_end(&group->rtu, group, RTU);
    group->count = next_number();
    group->masters = calloc(group->count, sizeof *group->masters);
    for (int i = 0; i < group->count; i++)
        read_end(&group->masters[i], group, MASTER);
    if (group->rtu.port) {
        group->listener = (struct end){.role = LISTENER, .port = group->rtu.port, .group = group};
        group->listener.fd = listen_on(group->rtu.port);
        watch(&group->listener, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static void read_spec(void) {
    char path[4096];
    if (scanf("%15s %lf %lf %u %u %d %d", spec.mode, &spec.seconds, &spec.rate, &spec.k, &spec.w, &spec.greeted,
              &spec.copies) != 7)
        fail("the specification is wrong");
    spec.scripts = next_number();
    scripts = calloc(spec.scripts, sizeof *scripts);
    for (int i = 0; i < spec.scripts && scanf("%4095s", path) == 1; i++)
        load_script(&scripts[i], path);
    spec.groups = next_number();
    groups = calloc(spec.groups, sizeof *groups);
    for (int i = 0; i < spec.groups; i++)
        read_group(&groups[i]);
}

int main(void) {
    poller = epoll_create1(0);
    setvbuf(stdin, NULL, _IONBF, 0); /* what was read ahead could not be waited for */
    read_spec();
    printf("listening\n");
    fflush(stdout);
    if (clock_getcpuclockid(next_number(), &tested))
        fail("there is no program to test");
    while (getchar() != '\n')
        ;
    bring_up();
    wait_to_begin();
    measure();
    while (getchar() != EOF) /* the gateway is still to be looked at with its connections */
        ;
}
