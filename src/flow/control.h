/* SPDX-License-Identifier: Apache-2.0 */
/* Moving a topic's partitions at run time: asked for on any strand, carried out by the poll strand. */
#pragma once

#include <stdatomic.h>

#include "flow/channels.h"
#include "flow/wake.h"

/* Zero-initialise; chappe_control_init before use. */
struct chappe_control {
        const struct chappe_runtime *runtime; /* constant, like the next three */
        struct chappe_wake *bell;
        struct chappe_mutex *mutex;
        struct chappe_condition *ended;
        _Atomic bool asked; /* something is: spares the poll strand the lock */
        /* under mutex */
        const struct chappe_channel *channel; /* to be moved; NULL: nothing is asked for */
        int64_t *targets;                     /* by partition */
        int32_t target_count;
        bool taken; /* the poll strand has set about it */
        bool closed;
};

int chappe_control_init(struct chappe_control *control, const struct chappe_runtime *runtime, struct chappe_wake *bell,
                        struct chappe_error *error);
void chappe_control_deinit(struct chappe_control *control);

/* Asks, and waits for the end at most timeout_ms. -CHAPPE_E_AGAIN while another one is under way. */
int chappe_control_seek(struct chappe_control *control, const struct chappe_channel *channel, int64_t time_ms,
                        int64_t timeout_ms, struct chappe_error *error);
/* Nothing will be carried out any more: whoever waits is told. */
void chappe_control_close(struct chappe_control *control);

/* Poll strand: the channel that is to be moved, or NULL; *ret_fresh: it is asked for the first time. The targets stay
 * until chappe_control_done. */
const struct chappe_channel *chappe_control_wanted(struct chappe_control *control, bool *ret_fresh);
void chappe_control_done(struct chappe_control *control);
