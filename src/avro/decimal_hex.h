/* SPDX-License-Identifier: Apache-2.0 */
/* What no digits are written for. */
#pragma once

#include <chappe/buffer.h>
#include <chappe/text.h>

/* Appends "0x" and two digits for each byte, which parsing a decimal takes as they are. */
int chappe_decimal_print_hex(struct chappe_bytes bytes, struct chappe_buffer *buffer);
