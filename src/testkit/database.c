/* SPDX-License-Identifier: Apache-2.0 */
/* The databases of a kit's services: in memory, kept by an anchor connection while processes come and go. */
#include <sqlite3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testkit/kit.h"

/* memdb knows a database by its name in the whole program: no two kits share one. */
static char *uri_new(const char *service)
{
        static unsigned int kits;
        char *uri = NULL;

        return asprintf(&uri, "file:/%u-%s?vfs=" CHAPPE_TESTKIT_VFS, ++kits, service) < 0 ? NULL : uri;
}

static struct database *database_get(struct chappe_testkit *kit, const char *service)
{
        struct database *database = kit->databases;

        while (database && strcmp(database->service, service) != 0)
                database = database->next;
        if (database)
                return database;
        chappe_testkit_vfs_register();
        database = calloc(1, sizeof(*database));
        if (!database || !(database->service = strdup(service)) || !(database->uri = uri_new(service)) ||
            sqlite3_open_v2(database->uri, &database->anchor,
                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, NULL) != SQLITE_OK) {
                fprintf(stderr, "testkit: no database for %s\n", service);
                abort();
        }
        database->next = kit->databases;
        kit->databases = database;
        return database;
}

const char *chappe_testkit_database_uri(struct chappe_testkit *kit, const char *service)
{
        return database_get(kit, service)->uri;
}

struct sqlite3 *chappe_testkit_database(struct chappe_testkit *kit, const char *service)
{
        return database_get(kit, service)->anchor;
}

void chappe_testkit_databases_free(struct chappe_testkit *kit)
{
        while (kit->databases) {
                struct database *database = kit->databases;

                kit->databases = database->next;
                sqlite3_close(database->anchor);
                free(database->uri);
                free(database->service);
                free(database);
        }
}
