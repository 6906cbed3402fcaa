# SPDX-License-Identifier: Apache-2.0
"""The forms of a run's records: items, effects, the group's commits as its coordinator keeps them. Shares no code with the runtime:
frames, Avro and commit metadata are read by the letter of their description."""

import base64
import struct

ITEM = ('{"name":"churn.Item","type":"record","fields":[{"name":"key","type":"string"},{"name":"number","type":"long"},'
        '{"name":"failures","type":"int"}]}')
EMPTY = 0xC15D213AA4D7A795


def fingerprint(canonical):
    """CRC-64-AVRO, as a single-object header carries it."""
    value = EMPTY
    for byte in canonical.encode():
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (EMPTY if value & 1 else 0)
    return struct.pack("<Q", value)


def put_long(number):
    number = number << 1 ^ number >> 63
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


ITEM_FRAME = b"\xC3\x01" + fingerprint(ITEM)


def put_item(key, number, failures):
    return ITEM_FRAME + put_long(len(key)) + key + put_long(number) + put_long(failures)


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def get_long(data, at):
    value, at = varint(data, at)
    return value >> 1 ^ -(value & 1), at


def get_text(data, at):
    length, at = get_long(data, at)
    return data[at:at + length].decode(), at + length


def get_effect(data):
    """(key, number, partition, offset, began, member)"""
    key, at = get_text(data, 10)
    values = [key]
    for _ in range(4):
        value, at = get_long(data, at)
        values.append(value)
    member, at = get_text(data, at)
    return (*values, member)


def finished_beyond(metadata, committed):
    """The finished offsets that commit metadata names, as runs (from, to), both included. (src/flow/progress.h)"""
    if not metadata.startswith("chappe1:"):
        return []
    text = metadata[8:]
    body = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    at = 4
    offset, at = varint(body, at)
    assert offset == committed, f"metadata of offset {offset} beside offset {committed}"
    failures, at = varint(body, at)
    for _ in range(3 * failures):
        _, at = varint(body, at)
    form, at = body[at], at + 1
    if form & 2:  # lives that ended in a crash, and with which record on trial
        _, at = varint(body, at)
        named, at = varint(body, at)
        if named:
            _, at = varint(body, at)
        form &= ~2
    if form & 4:  # what is known of the failures beside how often
        for _ in range(failures):
            _, at = varint(body, at + 1)
        form &= ~4
    runs = []
    if form == 0:
        while at < len(body):
            gap, at = varint(body, at)
            length, at = varint(body, at)
            runs.append((offset + gap, offset + gap + length - 1))
            offset += gap + length
    elif form == 1:
        for n, byte in enumerate(body[at:]):
            for bit in range(8):
                if byte >> bit & 1:
                    place = committed + 1 + 8 * n + bit
                    if runs and runs[-1][1] == place - 1:
                        runs[-1] = (runs[-1][0], place)
                    else:
                        runs.append((place, place))
    else:
        raise AssertionError(f"metadata of form {form}")
    return runs


def text16(data, at):
    length, = struct.unpack_from(">h", data, at)
    return (data[at + 2:at + 2 + length].decode() if length >= 0 else "", at + 2 + max(length, 0))


def get_commit(key, value):
    """(group, topic, partition, offset, metadata, time in ms) of a record of __consumer_offsets; None when it is no commit.
    (OffsetCommitKey and OffsetCommitValue of Kafka's group coordinator)"""
    version, = struct.unpack_from(">h", key, 0)
    if version > 1 or not value:
        return None
    group, at = text16(key, 2)
    topic, at = text16(key, at)
    partition, = struct.unpack_from(">i", key, at)
    version, offset = struct.unpack_from(">hq", value, 0)
    at = 10 + (4 if version >= 3 else 0)
    if version >= 4:  # flexible: compact text
        length, at = varint(value, at)
        metadata, at = value[at:at + length - 1].decode(), at + length - 1
    else:
        metadata, at = text16(value, at)
    time_ms, = struct.unpack_from(">q", value, at)
    return group, topic, partition, offset, metadata, time_ms
