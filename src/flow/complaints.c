/* SPDX-License-Identifier: Apache-2.0 */
/* Complaints by code; the one told longest ago makes room for a new one. */
#include "flow/complaints.h"

#include <inttypes.h>
#include <stddef.h>

static struct chappe_complaint *place_of(struct chappe_complaints *complaints, int code)
{
        struct chappe_complaint *oldest = &complaints->kinds[0];
        for (size_t i = 0; i < CHAPPE_COMPLAINTS_KINDS; i++) {
                struct chappe_complaint *kind = &complaints->kinds[i];
                if (kind->code == code)
                        return kind;
                if (kind->code == 0 ? oldest->code != 0 : oldest->code != 0 && kind->told_us < oldest->told_us)
                        oldest = kind;
        }
        *oldest = (struct chappe_complaint){ 0 };
        return oldest;
}

bool chappe_complaints_tell(struct chappe_complaints *complaints, int code, int64_t now_us, uint32_t *ret_untold)
{
        struct chappe_complaint *kind = place_of(complaints, code);
        bool known = kind->code != 0;
        if (known && now_us - kind->told_us < CHAPPE_COMPLAINTS_EVERY_US) {
                kind->untold++;
                return false;
        }
        *ret_untold = kind->untold;
        *kind = (struct chappe_complaint){ .code = code, .told_us = now_us };
        return true;
}

bool chappe_complaints_tell_error(struct chappe_complaints *complaints, struct chappe_error *error, int64_t now_us)
{
        uint32_t untold = 0;
        if (!chappe_complaints_tell(complaints, error->code, now_us, &untold))
                return false;
        if (untold > 0)
                chappe_error_prefix(error, "(and %" PRIu32 " like it that were not logged)", untold);
        return true;
}
