/* SPDX-License-Identifier: Apache-2.0 */
/* The stage of librdkafka: whatever cluster it is connected to. */
#pragma once

#include "suite.h"

/* servers must outlive the stage. */
void kafka_stage_init(struct stage *stage, const char *name, const char *servers, unsigned lacks);
