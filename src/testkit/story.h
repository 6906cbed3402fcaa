/* SPDX-License-Identifier: Apache-2.0 */
/* A trace retold: what struck, what the groups and instances did; without every turn of every strand. */
#pragma once

#include <stdio.h>

/* From the trace's beginning; a line each into file. Of a long one the middle is left out. */
void chappe_testkit_story_tell(FILE *trace, FILE *file);
