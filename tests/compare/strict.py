# SPDX-License-Identifier: Apache-2.0
"""Whether bytes are exactly one datum of a type (as in random_avro), judged as strictly as Chappe promises: lengths within the bytes,
UTF-8, boolean 0 or 1, numbers within their width, nothing left over, at most so many items that take no bytes. As in all libraries, the
size of a block matters to who skips it alone."""

ZERO_BYTE_ITEMS = 10000


class Bad(Exception):
    pass


class Walk:
    def __init__(self, data):
        self.data, self.at, self.items = data, 0, 0

    def take(self, count):
        if count < 0 or count > len(self.data) - self.at:
            raise Bad("beyond the end")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, bits=64):
        value = shift = 0
        while True:
            byte, = self.take(1)
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            if shift > 63:
                raise Bad("overlong")
        if value >= 1 << bits:
            raise Bad("too large")
        return value >> 1 ^ -(value & 1)

    def walk(self, type_):
        getattr(self, type_["kind"])(type_)

    def null(self, _):
        pass

    def boolean(self, _):
        if self.take(1) not in (b"\0", b"\1"):
            raise Bad("boolean")

    def int(self, _):
        self.number(32)

    def long(self, _):
        self.number()

    def float(self, _):
        self.take(4)

    def double(self, _):
        self.take(8)

    def bytes(self, _):
        self.take(self.number())

    def string(self, _):
        try:
            self.take(self.number()).decode("utf-8")
        except UnicodeDecodeError:
            raise Bad("UTF-8") from None

    def fixed(self, type_):
        self.take(type_["size"])

    def enum(self, type_):
        if not 0 <= self.number() < len(type_["symbols"]):
            raise Bad("symbol")

    def union(self, type_):
        branch = self.number()
        if not 0 <= branch < len(type_["branches"]):
            raise Bad("branch")
        self.walk(type_["branches"][branch])

    def record(self, type_):
        for field in type_["fields"]:
            self.walk(field["type"])

    def array(self, type_):
        self.blocks(lambda: self.walk(type_["items"]))

    def map(self, type_):
        self.blocks(lambda: (self.string(None), self.walk(type_["values"])))

    def blocks(self, item):
        while True:
            count = self.number()
            if count == 0:
                return
            if count < 0:
                count, size = -count, self.number()
                if size < 0 or size > len(self.data) - self.at:
                    raise Bad("block size")
            for _ in range(count):
                before = self.at
                item()
                self.items += self.at == before
                if self.items > ZERO_BYTE_ITEMS:
                    raise Bad("items of no bytes")


def valid(type_, data):
    walk = Walk(data)
    try:
        walk.walk(type_)
    except Bad:
        return False
    return walk.at == len(data)
