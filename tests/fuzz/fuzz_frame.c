/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: a byte that says how the topic is framed and whether there is a schema header, that header (17 bytes at
 * most), and the payload. What is taken for a frame is written again to the same bytes, and its body is the payload's
 * end. */
#include <stdlib.h>

#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct chappe_frame *frame, struct chappe_bytes payload, struct chappe_bytes header,
                  struct chappe_bytes body)
{
        struct chappe_buffer again = { 0 };
        uint8_t value[CHAPPE_FRAME_HEADER_SIZE];

        if (body.length > payload.length || body.at != payload.at + (payload.length - body.length))
                abort();
        if (chappe_frame_append(frame, &again) < 0 || again.length + body.length != payload.length)
                abort();
        if (again.length && memcmp(again.at, payload.at, again.length) != 0)
                abort();
        chappe_buffer_deinit(&again);
        if (frame->framing == CHAPPE_FRAMING_HEADER) {
                chappe_frame_header(frame, value);
                if (header.length != sizeof(value) || memcmp(value, header.at, sizeof(value)) != 0)
                        abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct chappe_bytes payload, header = { 0 }, body;
        struct chappe_frame frame;
        struct chappe_error error;

        if (size == 0)
                return 0;
        payload = (struct chappe_bytes){ data + 1, size - 1 };
        if (data[0] & 4) {
                header = payload;
                header.length = payload.length < (size_t)(data[0] >> 3) ? payload.length : data[0] >> 3;
                payload = (struct chappe_bytes){ header.at + header.length, payload.length - header.length };
        }
        if (chappe_frame_read(data[0] & 3, payload, header, &frame, &body, &error) >= 0)
                check(&frame, payload, header, body);
        else if (error.code != CHAPPE_E_FRAME_INVALID || !error.text[0])
                abort();
        return 0;
}
