/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This instance as a member of its consumer group: what it gains, takes in, commits and gives up. A state machine on
 * the poll strand.
 *
 * A revoke stops the intake, drains within drain_timeout_ms, commits what finished, then releases. A loss commits
 * nothing. A stop is a revoke of everything that we ask for ourselves.
 */
#pragma once

#include "flow/channels.h"
#include "flow/control.h"
#include "flow/handover.h"

struct chappe_membership;

/* Opens the consumer; bell is rung when serving is worthwhile. */
int chappe_membership_open(struct chappe_runtime *runtime, const struct chappe_channels *channels,
                           struct chappe_handover *handover, struct chappe_control *control, struct chappe_wake *bell,
                           struct chappe_membership **ret_membership, struct chappe_error *error);
/* Would it open, with what was configured? Asks no broker. */
int chappe_membership_check(struct chappe_runtime *runtime, const struct chappe_channels *channels,
                            struct chappe_error *error);
/* Joins the group. */
int chappe_membership_subscribe(struct chappe_membership *member, struct chappe_error *error);
/* Poll strand: does what is due; true when there is more to do at once. *ret_deadline_us: when to come back at the
 * latest. */
bool chappe_membership_serve(struct chappe_membership *member, int64_t now_us, int64_t *ret_deadline_us);
/* Poll strand: begin to give everything up, by then at the latest. */
void chappe_membership_drain(struct chappe_membership *member, int64_t deadline_us);
/* Has the drain come to its end? *ret_unfinished: records that were in hand then. Any strand. */
bool chappe_membership_drained(struct chappe_membership *member, size_t *ret_unfinished);
/* Which they were, partition by partition, as text; once it has. Any strand. */
const char *chappe_membership_unfinished(struct chappe_membership *member);
/* The group's first assignment has come. Any strand. */
bool chappe_membership_assigned(struct chappe_membership *member);
/* The code of the failure that ended consumption, or 0; its text is in the log. Any strand. */
int chappe_membership_failure(struct chappe_membership *member);
/* What the watchdog has found that a new start may help, and what at all; with its words. error may be NULL. Any
 * strand. */
bool chappe_membership_alarm(struct chappe_membership *member, struct chappe_error *error);
bool chappe_membership_trouble(struct chappe_membership *member, struct chappe_error *error);
/* Leaves the group and frees; drops all shares. After the poll strand, or on it. NULL: nothing. */
int chappe_membership_close(struct chappe_membership *member, int64_t timeout_ms, struct chappe_error *error);
