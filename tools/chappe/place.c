/* SPDX-License-Identifier: Apache-2.0 */
/* Places in a log. */
#include "place.h"

#include <string.h>

#include "commands.h"
#include "instant.h"

bool place_parse(const char *option, const char *text, struct place *ret_place)
{
        *ret_place = (struct place){ .kind = PLACE_OFFSET };
        if (strcmp(text, "earliest") == 0)
                ret_place->kind = PLACE_EARLIEST;
        else if (strcmp(text, "latest") == 0)
                ret_place->kind = PLACE_LATEST;
        else if (instant_parse(text, &ret_place->value))
                ret_place->kind = PLACE_TIME;
        else if (!command_parse_integer(text, 0, INT64_MAX, &ret_place->value)) {
                command_misuse("--%s is earliest, latest, an offset, a time (2026-11-24T10:00:00) or -10m (ms, s, m, "
                               "h, d), not '%s'",
                               option, text);
                return false;
        }
        return true;
}

int place_find(struct chappe_client *client, const struct place *place, const struct chappe_client_position *partition,
               int64_t low, int64_t high, int64_t *ret_offset)
{
        struct chappe_error error;
        int64_t offset = place->value;

        if (place->kind == PLACE_TIME && chappe_client_offset_for_time(client, partition->topic, partition->partition,
                                                                       place->value, &offset, &error) < 0)
                return command_fail(&error);
        if (place->kind == PLACE_EARLIEST || offset < low)
                offset = low;
        else if (place->kind == PLACE_LATEST || offset > high)
                offset = high;
        *ret_offset = offset;
        return EXIT_DONE;
}
