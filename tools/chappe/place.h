/* SPDX-License-Identifier: Apache-2.0 */
/* Places in a log as people write them: earliest, latest, an offset, a time, -10m. */
#pragma once

#include <chappe/client.h>

enum place_kind { PLACE_EARLIEST, PLACE_LATEST, PLACE_OFFSET, PLACE_TIME };

struct place {
        enum place_kind kind;
        int64_t value; /* offset, or ms since the epoch */
};

/* False: told, as the value of this option. */
bool place_parse(const char *option, const char *text, struct place *ret_place);
/* Its offset in a partition that has offsets from low up to high, which it is within. An exit code. */
int place_find(struct chappe_client *client, const struct place *place, const struct chappe_client_position *partition,
               int64_t low, int64_t high, int64_t *ret_offset);
