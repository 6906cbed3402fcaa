/* SPDX-License-Identifier: Apache-2.0 */
/* Numbered migrations, each applied once, all that are missing in one transaction under the database's lock. */
#pragma once

#include <chappe/store.h>

#include "store/database.h"

struct chappe_log;

/* Chappe's own tables first, then the service's (ends with { 0 }; NULL: none). A database that is further than this
 * program is accepted, so that a service can be rolled back; one whose migration reads otherwise than ours is not. */
int chappe_migrations_apply(struct chappe_database *database, const struct chappe_migration *migrations,
                            struct chappe_log *log, struct chappe_error *error);
