# SPDX-License-Identifier: Apache-2.0
"""Bytes that are no datum, or another one than was written: each cut of each sample, and each flipped bit of some."""

from random_avro import RandomAvro
from strict import valid

SAMPLES = 4       # of each type
LENGTH = 40       # of a sample, at most
FLIPPED = 8       # bytes of a sample, at most, of which each bit is flipped


def samples(types, count):
    """A few data of each type, not too long, and different from each other."""
    for name, type_ in types:
        chance, found = RandomAvro(f"hostile/{name}", entries=1), set()
        for _ in range(200):
            datum = chance.datum(type_)
            if 0 < len(datum) <= LENGTH and len(found) < count and datum not in found:
                found.add(datum)
                yield type_, datum


def truncated(types):
    """No beginning of a datum is one."""
    for type_, datum in samples(types, SAMPLES * 2):
        for length in range(len(datum)):
            yield type_, datum[:length], False


def extended(types):
    """Nothing may be left over."""
    for type_, datum in samples(types, SAMPLES):
        for more in (b"\0", b"\1", b"\xff"):
            yield type_, datum + more, False


def flipped(types):
    for type_, datum in samples(types, SAMPLES):
        for bit in range(8 * min(len(datum), FLIPPED)):
            changed = bytearray(datum)
            changed[bit // 8] ^= 1 << bit % 8
            if b"\0\0\0\x80" not in changed:  # Java prints a float of -0.0 as 0.0
                yield type_, bytes(changed), valid(type_, bytes(changed))


HOSTILE = {"truncated": truncated, "extended": extended, "flipped": flipped}

LIST = '{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}'
TREE = '{"type":"record","name":"T","fields":[{"name":"all","type":{"type":"array","items":"T"}}]}'
NULLS, ENUM = '{"type":"array","items":"null"}', '{"type":"enum","name":"E","symbols":["A","B"]}'
EMPTY = '{"type":"array","items":{"type":"record","name":"Z","fields":[{"name":"n","type":"null"},{"name":"f","type":' \
        '{"type":"fixed","name":"F0","size":0}}]}}'

# What is known to have brought down other libraries: a schema, bytes, and a piece of the error that a user must get.
NAMED_DATA = (
    (NULLS, "feffffff0f00", "take no bytes"),                                 # 2^31 nulls in 6 bytes
    (NULLS, "ffffffffffffffffff0100", "$"),                                   # -2^63 nulls
    (NULLS, "c29c0100", "take no bytes"),                                     # 10,001 of them
    (NULLS, "a09c0104a09c010400", "take no bytes"),                           # in two blocks
    (EMPTY, "feffffff0f00", "take no bytes"),
    (LIST, "02" * 22000, "nested too deeply"),                                # 22 kB of nesting
    (TREE, "02" * 22000, "nested too deeply"),
    (LIST, "02" * 65 + "00", "nested too deeply"),                            # just one too many
    ('"string"', "feffffff0f616263", "beyond the bytes left"),                # 2 GiB
    ('"bytes"', "feffffff0f616263", "beyond the bytes left"),
    ('"string"', "feffffffffffffffff0161", "beyond the bytes left"),          # 2^63 - 1
    ('{"type":"map","values":"int"}', "02feffffff0f6100", "beyond the bytes left"),
    ('{"type":"array","items":"long"}', "feffffff0f0000", "more items"),
    ('{"type":"map","values":"null"}', "feffffff0f026100", "more items"),
    ('{"type":"array","items":"long"}', "01ffffffffffffffffff010000", "$"),   # a block of -2^63 bytes
    (ENUM, "c601", "enum symbol"),                                            # enum 99
    (ENUM, "01", "enum symbol"),
    ('"string"', "02ff", "UTF-8"),
    ('"string"', "04c080", "UTF-8"),                                          # overlong NUL
    ('"string"', "06eda080", "UTF-8"),                                        # half of a pair
    ('"string"', "08f4908080", "UTF-8"),                                      # beyond Unicode
    ('{"type":"map","values":"int"}', "0202ff0000", "UTF-8"),
    ('"boolean"', "02", "boolean"),                                           # boolean 2
    ('"boolean"', "ff", "boolean"),
    ('"int"', "0000", "left over"),                                           # trailing bytes
    ('"null"', "00", "left over"),
    (LIST, "0000", "left over"),
    ('["null","int"]', "04", "union branch"),
    ('["null","int"]', "01", "union branch"),
    ('"int"', "8080808010", "32 bits"),
    ('"long"', "ffffffffffffffffffff01", "overlong"),
    ('"double"', "0000000000f03f", "$"),
    ('{"type":"fixed","name":"F","size":4}', "010203", "$"),
)

NAMED_SCHEMAS = (
    ('{"type":"fixed","name":"F","size":-1}', "$.size"),
    ('{"type":"fixed","name":"F","size":4611686018427387904}', "$.size"),     # 2^62
    ('{"type":"fixed","name":"F","size":9223372036854775808}', "$.size"),
    ('{"type":"fixed","name":"F","size":1048577}', "$.size"),
    ('{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}', "record R contains itself"),
    ('{"type":"record","name":"A","fields":[{"name":"b","type":{"type":"record","name":"B","fields":[{"name":"a","type":"A"}]}}]}',
     "contains itself"),
    ('{"type":"record","name":"A","fields":[{"name":"b","type":["A"]}]}', "contains itself"),
    ("[" * 20000, "too deeply"),
    ('{"type":"array","items":' * 70 + '"int"' + "}" * 70, "64 deep"),
    ('["null"' + "".join(f',{{"type":"fixed","name":"F{i}","size":1}}' for i in range(256)) + "]", "256 branches"),
    ('{"type":"enum","name":"E","symbols":["A"],"default":"B"}', "$.default"),
    ('{"type":"enum","name":"E","symbols":["A","A"]}', "symbol 'A'"),
)
