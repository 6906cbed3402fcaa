/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Databases in memory that outlive simulated processes: SQLite's memdb behind two crash points. Its changes reach the
 * shared pages only under the exclusive lock; so a killed process, which gets no more locks, has committed either all
 * of a transaction or nothing.
 */
#include <sqlite3.h>

#include <string.h>

#include "testkit/kit.h"

struct file {
        sqlite3_file base;
        sqlite3_file *inner;
        int lock;
};

static struct file *file_of(sqlite3_file *base)
{
        return (struct file *)base;
}

static sqlite3_vfs *inner_vfs(sqlite3_vfs *vfs)
{
        return vfs->pAppData;
}

static int file_close(sqlite3_file *base)
{
        sqlite3_file *inner = file_of(base)->inner;

        return inner->pMethods ? inner->pMethods->xClose(inner) : SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *bytes, int size, sqlite3_int64 at)
{
        sqlite3_file *inner = file_of(base)->inner;

        return inner->pMethods->xRead(inner, bytes, size, at);
}

static int file_write(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 at)
{
        sqlite3_file *inner = file_of(base)->inner;

        return inner->pMethods->xWrite(inner, bytes, size, at);
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
        sqlite3_file *inner = file_of(base)->inner;

        return inner->pMethods->xTruncate(inner, size);
}

static int file_sync(sqlite3_file *base, int flags)
{
        sqlite3_file *inner = file_of(base)->inner;

        return inner->pMethods->xSync(inner, flags);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
        sqlite3_file *inner = file_of(base)->inner;

        return inner->pMethods->xFileSize(inner, ret_size);
}

/* SQLite holds the connection's lock here: no other strand may run in between. */
static int file_lock(sqlite3_file *base, int lock)
{
        struct chappe_process *process = chappe_process_current();
        struct file *file = file_of(base);
        int status;

        if (lock > file->lock && process && chappe_process_stopped(process))
                return SQLITE_IOERR_LOCK;
        if (lock == SQLITE_LOCK_EXCLUSIVE && process && !chappe_process_step_alone(process, "sqlite.commit"))
                return SQLITE_IOERR_LOCK;
        status = file->inner->pMethods->xLock(file->inner, lock);
        if (status == SQLITE_OK && lock > file->lock)
                file->lock = lock;
        return status;
}

static int file_unlock(sqlite3_file *base, int lock)
{
        struct chappe_process *process = chappe_process_current();
        struct file *file = file_of(base);
        bool committed = file->lock == SQLITE_LOCK_EXCLUSIVE && lock < SQLITE_LOCK_EXCLUSIVE;
        int status = file->inner->pMethods->xUnlock(file->inner, lock);

        file->lock = lock;
        if (committed && process)
                chappe_process_step_alone(process, "sqlite.committed");
        return status;
}

static int file_check_reserved(sqlite3_file *base, int *ret_reserved)
{
        sqlite3_file *inner = file_of(base)->inner;

        *ret_reserved = 0;
        return inner->pMethods->xCheckReservedLock ? inner->pMethods->xCheckReservedLock(inner, ret_reserved)
                                                   : SQLITE_OK;
}

static int file_control(sqlite3_file *base, int operation, void *argument)
{
        sqlite3_file *inner = file_of(base)->inner;

        return inner->pMethods->xFileControl(inner, operation, argument);
}

static int file_sector_size(sqlite3_file *base)
{
        sqlite3_file *inner = file_of(base)->inner;

        return inner->pMethods->xSectorSize ? inner->pMethods->xSectorSize(inner) : 4096;
}

static int file_characteristics(sqlite3_file *base)
{
        sqlite3_file *inner = file_of(base)->inner;

        return inner->pMethods->xDeviceCharacteristics(inner);
}

static const sqlite3_io_methods methods = {
        .iVersion = 1,
        .xClose = file_close,
        .xRead = file_read,
        .xWrite = file_write,
        .xTruncate = file_truncate,
        .xSync = file_sync,
        .xFileSize = file_size,
        .xLock = file_lock,
        .xUnlock = file_unlock,
        .xCheckReservedLock = file_check_reserved,
        .xFileControl = file_control,
        .xSectorSize = file_sector_size,
        .xDeviceCharacteristics = file_characteristics,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *ret_flags)
{
        struct file *file = file_of(base);
        int status;

        memset(file, 0, sizeof(*file));
        file->inner = (sqlite3_file *)(file + 1);
        status = inner_vfs(vfs)->xOpen(inner_vfs(vfs), name, file->inner, flags, ret_flags);
        if (status == SQLITE_OK)
                base->pMethods = &methods;
        return status;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
        return inner_vfs(vfs)->xDelete ? inner_vfs(vfs)->xDelete(inner_vfs(vfs), name, sync) : SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret_answer)
{
        return inner_vfs(vfs)->xAccess(inner_vfs(vfs), name, flags, ret_answer);
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *name, int size, char *ret_name)
{
        return inner_vfs(vfs)->xFullPathname(inner_vfs(vfs), name, size, ret_name);
}

/* Everything else (random bytes, sleep, time) is memdb's, which asks the system's. */
void chappe_testkit_vfs_register(void)
{
        static sqlite3_vfs vfs;
        sqlite3_vfs *inner = sqlite3_vfs_find("memdb");

        if (vfs.zName || !inner)
                return;
        vfs = *inner;
        vfs.zName = CHAPPE_TESTKIT_VFS;
        vfs.pNext = NULL;
        vfs.szOsFile = (int)sizeof(struct file) + inner->szOsFile;
        vfs.pAppData = inner;
        vfs.xOpen = vfs_open;
        vfs.xDelete = vfs_delete;
        vfs.xAccess = vfs_access;
        vfs.xFullPathname = vfs_full_pathname;
        sqlite3_vfs_register(&vfs, 0);
}
