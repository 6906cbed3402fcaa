/* SPDX-License-Identifier: Apache-2.0 */
/* What is in hand, counted; and how much more a share may take. */
#include "flow/dispatcher_private.h"

bool chappe_dispatcher_park_full(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->troubled >= dispatcher->limits.troubled ||
               dispatcher->troubled_bytes >= dispatcher->limits.troubled_bytes;
}

bool chappe_dispatcher_full(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->records >= dispatcher->limits.records || dispatcher->bytes >= dispatcher->limits.bytes ||
               chappe_dispatcher_park_full(dispatcher);
}

bool chappe_dispatcher_low(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->records <= dispatcher->limits.records / 2 &&
               dispatcher->bytes <= dispatcher->limits.bytes / 2 &&
               dispatcher->troubled <= dispatcher->limits.troubled / 2 &&
               dispatcher->troubled_bytes <= dispatcher->limits.troubled_bytes / 2;
}

/* Half of the budget is everybody's, whoever comes first; of the other half each share has a part that no other may
 * take: the backlog of one would keep out all others until it is worked off. */
static size_t fair_room(size_t limit, size_t used, size_t own, size_t shares)
{
        size_t left = used < limit ? limit - used : 0;
        if (shares <= 1)
                return left;
        size_t common = used < limit / 2 ? limit / 2 - used : 0;
        size_t part = limit / 2 / shares > 0 ? limit / 2 / shares : 1;
        size_t reserved = own < part ? part - own : 0;
        size_t room = common > reserved ? common : reserved;
        return room < left ? room : left;
}

size_t chappe_dispatcher_room_bytes(const struct chappe_dispatcher *dispatcher, const struct chappe_share *share)
{
        return fair_room(dispatcher->limits.bytes, dispatcher->bytes, share->bytes, dispatcher->shares);
}

void chappe_dispatcher_share_out(struct chappe_dispatcher *dispatcher, size_t shares)
{
        dispatcher->shares = shares;
}

size_t chappe_dispatcher_room(const struct chappe_dispatcher *dispatcher, const struct chappe_share *share)
{
        const struct chappe_dispatcher_limits *limits = &dispatcher->limits;
        size_t width = chappe_offset_ledger_width(&share->ledger);
        if (!chappe_share_may_run(share) && (!share->scouts || share->tasks > 0))
                return 0;
        if (share->state != CHAPPE_SHARE_ACTIVE || chappe_dispatcher_full(dispatcher) || width >= limits->share_width)
                return 0;
        size_t room = fair_room(limits->records, dispatcher->records, share->tasks, dispatcher->shares);
        if (room == 0 || chappe_dispatcher_room_bytes(dispatcher, share) == 0)
                return 0;
        if (share->held)
                room = 1;
        if (room > limits->share_width - width)
                room = limits->share_width - width;
        size_t telling = chappe_share_room(share);
        return room < telling ? room : telling;
}

size_t chappe_dispatcher_ready(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->turns.ready;
}

size_t chappe_dispatcher_troubled(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->troubled;
}

size_t chappe_dispatcher_troubled_bytes(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->troubled_bytes;
}

size_t chappe_dispatcher_records(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->records;
}

size_t chappe_dispatcher_bytes(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->bytes;
}

uint64_t chappe_dispatcher_late(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->late;
}
