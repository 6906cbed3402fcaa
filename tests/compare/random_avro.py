# SPDX-License-Identifier: Apache-2.0
"""Random Avro: schemas, evolutions of them, and data, all from one seed. Knows no Avro library: data are written as bytes by the
specification, so that what every library makes of them can be compared.

A type is a dict with "kind"; a named type that occurs twice, or within itself, is the same dict twice."""

import random
import struct

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
NAMED = ("record", "enum", "fixed")
LOGICAL = {
    "int": ({"logicalType": "date"}, {"logicalType": "time-millis"}),
    "long": ({"logicalType": "time-micros"}, {"logicalType": "timestamp-millis"}, {"logicalType": "timestamp-micros"},
             {"logicalType": "local-timestamp-millis"}, {"logicalType": "timestamp-nanos"}),
    "string": ({"logicalType": "uuid"},),
    "bytes": ({"logicalType": "decimal", "precision": 9, "scale": 2}, {"logicalType": "decimal", "precision": 4}),
}
PROMOTIONS = {"int": ("long", "float", "double"), "long": ("float", "double"), "float": ("double",), "string": ("bytes",),
              "bytes": ("string",)}
TEXTS = ("", "a\"\\\n\u0001/\u007f", "\u20ac", "\U0001f600", "0123456789abcdef", "0123456789abcdef0123456789abcdef", "null", "k")
NO_DEFAULT = object()


def short(name):
    return name.rpartition(".")[2]


def zigzag(number):
    number = (number << 1) ^ (number >> 63)
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


class RandomAvro:
    def __init__(self, seed, entries=4):
        self.random = random.Random(f"{seed}")
        self.count = 0
        self.entries = entries  # at most, of a map
        self.known = []  # named types that are complete
        self.open = []   # records that are being made

    def one_in(self, n):
        return self.random.randrange(n) == 0

    def word(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"

    # Schemas

    def schema(self):
        depth = 3 if self.one_in(6) else self.random.randint(1, 2)
        made = self.type(depth) if self.one_in(4) else self.record(depth)
        self.set_defaults(made)
        return made

    def type(self, depth):
        choice = self.random.randrange(10 if depth <= 0 else 18)
        if choice < 8:
            return self.primitive(PRIMITIVES[choice])
        if choice == 8:
            return self.named({"kind": "fixed", "name": self.name("F"), "size": self.random.choice((0, 1, 2, 3, 4, 5, 12, 16))})
        if choice == 9:
            return self.enumeration()
        if choice in (10, 11):
            return {"kind": "array", "items": self.type(depth - 1)}
        if choice == 12:
            return {"kind": "map", "values": self.type(depth - 1)}
        if choice in (13, 14):
            return self.union(depth - 1)
        if choice == 15 and self.known:
            return self.random.choice(self.known)
        return self.record(depth - 1)

    def primitive(self, kind):
        made = {"kind": kind}
        if kind in LOGICAL and self.one_in(6):
            made["logical"] = self.random.choice(LOGICAL[kind])
        return made

    def named(self, made):
        if self.one_in(10):
            made["doc"] = "gr\u00fc\u00df \u4e16"
        self.known.append(made)
        return made

    def name(self, prefix):
        return (self.random.choice(("a.", "a.b.", "c.")) if self.one_in(3) else "") + self.word(prefix)

    def enumeration(self):
        symbols = [f"S{i}" for i in range(self.random.randint(1, 5))]
        self.random.shuffle(symbols)
        made = {"kind": "enum", "name": self.name("E"), "symbols": symbols}
        if self.one_in(3):
            made["default"] = self.random.choice(symbols)
        return self.named(made)

    def union(self, depth):
        branches = []
        for _ in range(self.random.randint(1, 4)):
            self.add_branch(branches, {"kind": "null"} if self.one_in(3) else self.type(depth))
        return {"kind": "union", "branches": branches or [{"kind": "null"}]}

    @staticmethod
    def add_branch(branches, branch, at=None):
        key = branch.get("name") or branch["kind"]
        if key != "union" and all((other.get("name") or other["kind"]) != key for other in branches):
            branches.insert(len(branches) if at is None else at, branch)

    def record(self, depth):
        made = {"kind": "record", "name": self.name("R"), "fields": []}
        self.open.append(made)
        for _ in range(self.random.randrange(5) if depth > 0 else self.random.randrange(3)):
            made["fields"].append(self.field("f", self.type(depth)))
        if self.one_in(8):
            inner = self.random.choice(self.open)
            made["fields"].insert(self.random.randint(0, len(made["fields"])), self.field("n", self.random.choice((
                {"kind": "union", "branches": [{"kind": "null"}, inner]}, {"kind": "array", "items": inner},
                {"kind": "map", "values": inner}))))
        self.open.pop()
        return self.named(made)

    def field(self, prefix, type_, default=None):
        field = {"name": self.word(prefix), "type": type_, "wants default": self.one_in(2) if default is None else default}
        if self.one_in(20):
            field["order"] = self.random.choice(("ignore", "descending", "ascending"))
        return field

    # Defaults, once all types are made

    def set_defaults(self, root):
        """A default may leave out what has one of its own by then, so that none needs itself."""
        fields = []
        self.collect_fields(root, fields, {})
        for field in fields:
            field.pop("default", None)
        for field in fields:
            value = self.default(field["type"], 3) if field["wants default"] else NO_DEFAULT
            if value is not NO_DEFAULT:
                field["default"] = value

    def collect_fields(self, type_, fields, seen):
        if id(type_) in seen:
            return
        seen[id(type_)] = type_
        for inner in [type_.get("items"), type_.get("values"), *type_.get("branches", ())]:
            if inner:
                self.collect_fields(inner, fields, seen)
        for field in type_.get("fields", ()):
            self.collect_fields(field["type"], fields, seen)
            fields.append(field)

    def default(self, type_, depth):
        kind = type_["kind"]
        if depth < 0:
            return NO_DEFAULT
        if kind == "union":
            return self.default(type_["branches"][0], depth)
        if kind in ("array", "map"):
            item = self.default(type_["items" if kind == "array" else "values"], depth - 1)
            empty = item is NO_DEFAULT or self.one_in(3)
            return ([] if empty else [item, item]) if kind == "array" else {} if empty else {"k": item, "l": item}
        if kind == "record":
            return self.default_record(type_, depth)
        return {
            "null": lambda: None, "boolean": lambda: self.one_in(2),
            "int": lambda: self.random.choice((0, -1, 2**31 - 1, -2**31, self.random.randrange(1000))),
            "long": lambda: self.random.choice((0, -1, 2**63 - 1, -2**63, self.random.randrange(10**15))),
            "float": lambda: self.random.randrange(-1000, 1000) / 8, "double": lambda: self.random.choice((0, 0.1, -1e300, 2.5e-7, 3)),
            "bytes": lambda: self.random.choice(("\u00ff\u0000b", "", "\u0080", "text")),
            "string": lambda: self.random.choice(("\u20ac", "", "text", "\U0001f600")),
            "fixed": lambda: ("\u00fe\u0000" + "x" * type_["size"])[:type_["size"]], "enum": lambda: type_["symbols"][0],
        }[kind]()

    def default_record(self, type_, depth):
        made = {}
        for field in type_["fields"]:
            if "default" in field and self.one_in(2):
                continue
            value = self.default(field["type"], depth - 1)
            if value is NO_DEFAULT:
                return NO_DEFAULT
            made[field["name"]] = value
        return made

    # Evolutions: some changes all over the tree, more often such as the specification resolves

    def evolve(self, type_):
        self.known = []  # what is added is new
        result = self.evolve_type(type_, {})
        self.set_defaults(result)
        return result

    def evolve_type(self, type_, made):
        kind = type_["kind"]
        if kind in PRIMITIVES:
            return self.evolve_primitive(type_)
        if id(type_) in made:
            return made[id(type_)]
        new = dict(type_)
        if kind in NAMED:
            made[id(type_)] = new
            self.rename(new)
        getattr(self, f"evolve_{kind}")(new, made)
        if kind == "union":
            return self.random.choice(new["branches"]) if self.one_in(10) else new
        return {"kind": "union", "branches": self.wrapped(new)} if self.one_in(12) else new

    def wrapped(self, type_):
        branches = [{"kind": "null"}]
        self.add_branch(branches, type_, self.random.randint(0, 1))
        if self.one_in(3):
            self.add_branch(branches, self.type(0), self.random.randint(0, len(branches)))
        return branches

    def evolve_primitive(self, type_):
        kind = type_["kind"]
        if kind in PROMOTIONS and self.one_in(4):
            return self.primitive(self.random.choice(PROMOTIONS[kind]))
        if self.one_in(7):
            return {"kind": "union", "branches": self.wrapped(type_)}
        return self.primitive(self.random.choice(PRIMITIVES)) if self.one_in(40) else type_

    def evolve_array(self, new, made):
        new["items"] = self.evolve_type(new["items"], made)

    def evolve_map(self, new, made):
        new["values"] = self.evolve_type(new["values"], made)

    def evolve_union(self, new, made):
        branches = []
        for branch in new["branches"]:
            evolved = self.evolve_type(branch, made)
            for each in evolved["branches"] if evolved["kind"] == "union" else [evolved]:
                self.add_branch(branches, each)
        if self.one_in(4):
            self.random.shuffle(branches)
        if self.one_in(4):
            self.add_branch(branches, self.type(0), self.random.randint(0, len(branches)))
        if self.one_in(6) and len(branches) > 1:
            branches.pop(self.random.randrange(len(branches)))
        new["branches"] = branches

    def evolve_fixed(self, new, _):
        if self.one_in(20):
            new["size"] += 1

    def evolve_enum(self, new, _):
        symbols = list(new["symbols"])
        if self.one_in(3):
            self.random.shuffle(symbols)
        if self.one_in(4):
            symbols.insert(self.random.randint(0, len(symbols)), self.word("N"))
        if self.one_in(4) and len(symbols) > 1:
            symbols.pop(self.random.randrange(len(symbols)))
        new["symbols"] = symbols
        if new.get("default") not in symbols:
            new.pop("default", None)
        if self.one_in(4):
            new["default"] = self.random.choice(symbols)

    def evolve_record(self, new, made):
        fields = []
        for old in new["fields"]:
            if self.one_in(9):
                continue
            field = dict(old, type=self.evolve_type(old["type"], made))
            if self.one_in(8):
                field["name"] = self.word("x")
                if not self.one_in(4):
                    field["aliases"] = [self.word("y"), old["name"]] if self.one_in(3) else [old["name"]]
            fields.append(field)
        if self.one_in(3):
            self.random.shuffle(fields)
        while self.one_in(3):
            fields.insert(self.random.randint(0, len(fields)), self.field("a", self.type(1), not self.one_in(12)))
        new["fields"] = fields

    def rename(self, new):
        if not self.one_in(7):
            return
        old = new["name"]
        new["name"] = self.random.choice((short(old), f"z.{short(old)}", f"{old}x", f"q.{short(old)}x"))
        if new["name"] == old:
            return
        choice = self.random.randrange(4)
        if choice < 2:
            new["aliases"] = [old] if "." in old or "." not in new["name"] else [f".{old}"]
        elif choice == 2:
            new["aliases"] = [short(old)]

    # Data, as bytes

    def datum(self, type_, depth=6):
        kind = type_["kind"]
        if kind == "union":
            return self.union_datum(type_["branches"], depth)
        if kind in ("array", "map"):
            return self.blocks(kind, type_["items" if kind == "array" else "values"], depth)
        if kind == "record":
            return b"".join(self.datum(field["type"], depth - 1) for field in type_["fields"])
        if kind == "enum":
            return zigzag(self.random.randrange(len(type_["symbols"])))
        if kind == "fixed":
            return self.random.randbytes(type_["size"])
        return getattr(self, f"{kind}_datum")()

    def union_datum(self, branches, depth):
        nothing = [i for i, branch in enumerate(branches) if branch["kind"] == "null"]
        chosen = nothing[0] if depth <= 0 and nothing else self.random.randrange(len(branches))
        return zigzag(chosen) + self.datum(branches[chosen], depth - 1)

    def blocks(self, kind, inner, depth):
        out = b""
        left = 0 if depth <= 0 else self.random.choice((0, 1, 1, 2, 3, 4))
        left = min(left, self.entries) if kind == "map" else left
        while left > 0:
            some = self.random.randint(1, left)
            left -= some
            items = b""
            for _ in range(some):
                if kind == "map":
                    self.count += 1
                    items += self.text(f"k{self.count}")
                items += self.datum(inner, depth - 1)
            out += zigzag(-some) + zigzag(len(items)) + items if self.one_in(3) else zigzag(some) + items
        return out + b"\0"

    @staticmethod
    def text(text):
        encoded = text.encode()
        return zigzag(len(encoded)) + encoded

    @staticmethod
    def null_datum():
        return b""

    def boolean_datum(self):
        return self.random.choice((b"\0", b"\1"))

    def int_datum(self):
        return zigzag(self.random.randint(-2**31, 2**31 - 1) >> self.random.randrange(32))

    def long_datum(self):
        return zigzag(self.random.randint(-2**63, 2**63 - 1) >> self.random.randrange(64))

    def float_datum(self):
        special = (float("inf"), float("-inf"), float("nan"), 0.0, -0.0, 1e-10, 1e10)
        return struct.pack("<f", self.random.choice(special) if self.one_in(8) else self.random.gauss(0, 1000))

    def double_datum(self):
        special = (float("inf"), float("-inf"), float("nan"), 0.0, -0.0, 1e300, 5e-5, 1e7, 123456789.0)
        return struct.pack("<d", self.random.choice(special) if self.one_in(8) else self.random.gauss(0, 1))

    def bytes_datum(self):
        value = self.random.randbytes(self.random.randrange(6)) if self.one_in(2) else self.random.choice(TEXTS).encode()
        return zigzag(len(value)) + value

    def string_datum(self):
        return self.text(self.random.choice(TEXTS))


class Inexpressible(Exception):
    """No schema: a name without a namespace cannot be referred to from within one; a record without an end has no value."""


def ends(type_, within=()):
    """Whether it has a value at all."""
    if type_["kind"] == "union":
        return any(ends(branch, within) for branch in type_["branches"])
    if type_["kind"] != "record":
        return True
    return all(type_ is not other for other in within) and all(ends(field["type"], (*within, type_)) for field in type_["fields"])


def tree(type_, defined=None, space=""):
    """The schema as what json.dumps takes: a named type whole where it first stands, its name afterwards."""
    defined = {} if defined is None else defined
    kind = type_["kind"]
    if kind in PRIMITIVES:
        return {"type": kind, **type_["logical"]} if "logical" in type_ else kind
    if kind == "union":
        return [tree(branch, defined, space) for branch in type_["branches"]]
    if kind == "array":
        return {"type": "array", "items": tree(type_["items"], defined, space)}
    if kind == "map":
        return {"type": "map", "values": tree(type_["values"], defined, space)}
    return reference(defined[id(type_)], space) if id(type_) in defined else definition(type_, defined, space)


def reference(full, space):
    if space and "." not in full:
        raise Inexpressible(full)
    return short(full) if space and full.rpartition(".")[0] == space and len(full) % 2 else full


def definition(type_, defined, space):
    full = type_["name"] if "." in type_["name"] or not space else f"{space}.{type_['name']}"
    if full in defined.values() or not ends(type_):
        raise Inexpressible(full)
    defined[id(type_)] = full
    made = {"type": type_["kind"], "name": type_["name"]}
    if "." in type_["name"] and len(full) % 3 == 0:
        made.update(name=short(full), namespace=full.rpartition(".")[0])
    made.update((key, type_[key]) for key in ("doc", "aliases", "symbols", "default", "size") if key in type_)
    if type_["kind"] == "record":
        made["fields"] = [field_tree(field, defined, full.rpartition(".")[0]) for field in type_["fields"]]
    return made


def field_tree(field, defined, space):
    made = {"name": field["name"], "type": tree(field["type"], defined, space)}
    made.update((key, field[key]) for key in ("default", "aliases", "order") if key in field)
    return made
