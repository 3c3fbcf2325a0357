/* What relay and load have in common: APDUs of fixed content, and TCP sockets on this machine. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

typedef unsigned char octet;

enum { READ_SIZE = 65536, START = 0x68, STARTDT_ACT = 0x07, STARTDT_CON = 0x0B, TESTFR_ACT = 0x43, TESTFR_CON = 0x83 };

/* Says why a run gave no figures, as one line of JSON, and ends it. */
static void fail(const char *format, ...) {
    va_list values;
    va_start(values, format);
    printf("{\"error\": \"");
    vprintf(format, values);
    printf("\"}\n");
    exit(0);
}

static struct sockaddr_in local(int port) {
    return (struct sockaddr_in){AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}, {0}};
}

static void tune(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = local(port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 16))
        fail("cannot listen on port %d: %s", port, strerror(errno));
    return fd;
}

/* The connected socket, or -1 if nobody listens. */
static int connect_to(int port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = local(port);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
        close(fd);
        return -1;
    }
    tune(fd);
    return fd;
}

static int is_whole(const octet *frame, const octet *end) { return end - frame >= 6 && end - frame >= 2 + frame[1]; }

/* Writes a control field: N(S) of an I-frame, or what stands there in S- and U-frames, and N(R), each already shifted. */
static void number(octet *frame, unsigned first, unsigned second) {
    frame[2] = first & 0xFF;
    frame[3] = first >> 8 & 0xFF;
    frame[4] = second & 0xFF;
    frame[5] = second >> 8 & 0xFF;
}
