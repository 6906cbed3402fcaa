/* SPDX-License-Identifier: Apache-2.0 */
/* Telling systemd (sd_notify(3)): one datagram, no library needed. */
#include "service/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void chappe_notify(const char *state)
{
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof(address.sun_path))
                return;
        strcpy(address.sun_path, path);
        if (*path == '@')
                address.sun_path[0] = '\0'; /* the abstract namespace */

        int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (descriptor < 0)
                return;
        socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
        sendto(descriptor, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, length);
        close(descriptor);
}

int64_t chappe_notify_watchdog_ms(void)
{
        const char *text = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
        long long period_us = text ? strtoll(text, NULL, 10) : 0;

        if (period_us <= 0 || (pid && strtoll(pid, NULL, 10) != getpid()))
                return 0;
        return period_us / 2000 > 0 ? period_us / 2000 : 1;
}
