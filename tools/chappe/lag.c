/* SPDX-License-Identifier: Apache-2.0 */
/* How far behind: in words for people, and added up. */
#include "lag.h"

#include <inttypes.h>
#include <stdio.h>

const char *lag_behind(int64_t oldest_ms, int64_t now_ms, char buffer[24])
{
        int64_t seconds = now_ms > oldest_ms ? (now_ms - oldest_ms) / 1000 : 0;

        if (oldest_ms < 0)
                return "-";
        if (seconds < 120)
                snprintf(buffer, 24, "%" PRId64 "s", seconds);
        else if (seconds < 7200)
                snprintf(buffer, 24, "%" PRId64 "m", seconds / 60);
        else if (seconds < 172800)
                snprintf(buffer, 24, "%" PRId64 "h", seconds / 3600);
        else
                snprintf(buffer, 24, "%" PRId64 "d", seconds / 86400);
        return buffer;
}

void lag_add(struct chappe_group_partition *sum, const struct chappe_group_partition *partition)
{
        sum->lag += partition->lag;
        sum->finished += partition->finished;
        sum->failing += partition->failing;
        if (partition->oldest_ms >= 0 && (sum->oldest_ms < 0 || partition->oldest_ms < sum->oldest_ms))
                sum->oldest_ms = partition->oldest_ms;
}
