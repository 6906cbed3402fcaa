/* SPDX-License-Identifier: Apache-2.0 */
/* A record that waits for long is copied: one kept in the client library's memory pins the whole answer to a fetch. */
#pragma once

#include "broker/broker.h"

/* The record becomes a copy of itself, and the original is released. Does nothing to a copy, and nothing when memory is
 * short. Of its headers those are kept that a dead letter carries, and how many there were. */
void chappe_record_keep(struct chappe_record *record);
