# SPDX-License-Identifier: Apache-2.0
"""Random schemas and protocols, valid by the rules of Avro, with the names, documents and shapes that trouble a generator of C."""

import random

WORDS = """class int struct union enum auto register new delete this template typename namespace operator bool true false NULL EOF errno linux unix
value branch items count entries key bytes present end at decoder encoder memory0 main stat tm chappe chappe_text type publish encode decode
__LINE__ __cplusplus _Bool _LP64 __op EINVAL INT_MAX SIZE_MAX size_t int32_t offsetof assert stdin a A b B a_b aB Ab AB x X _ __ _1 record Record
order Order ORDER orderLine order_line OrderLine type_x layout_x tables map array entry map_entry optional""".split()
PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"]
DOCUMENTS = ["plain", "*/ int x; /*", "what??/", "\\", "two\nlines \\\n", "é ☃ \U0001f600", "\u202e turned", "//", "/*/", "%s %d", "\u0000", ""]
SPACES = ["", "", "shop", "a.b", "a_b", "A.b", "int.class.struct", "chappe", "std", "one.two.three.four.five.six.seven.eight"]
LOGICAL = {"bytes": [{"logicalType": "decimal", "precision": 9, "scale": 2}], "string": [{"logicalType": "uuid"}],
           "int": [{"logicalType": "date"}, {"logicalType": "time-millis"}],
           "long": [{"logicalType": name} for name in ("timestamp-millis", "timestamp-micros", "local-timestamp-micros", "time-micros")]}
BYTES = "\u0000\u00ff?/\"\\a"


class Schemas:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, share):
        return self.random.random() < share

    def name(self, taken):
        while True:
            name = self.random.choice(WORDS)
            if self.chance(0.2):
                name += self.random.choice(["_", "2", "X", "_x", "_array", "_map", "_optional", "_entry", "_type"])
            if name not in taken and name not in PRIMITIVES:
                return name
            if self.chance(0.3):
                return f"n{self.random.randrange(10**9)}"

    def document(self, of):
        if self.chance(0.3):
            of["doc"] = self.random.choice(DOCUMENTS)
        return of

    def define(self, kind, space):
        """A head, and the namespace inside it."""
        names = {name.rpartition(".")[2] for name in self.named if name.rpartition(".")[0] == space}
        head, inner = {"type": kind}, space
        if self.chance(0.4):
            inner = self.random.choice(SPACES)
            names = {name.rpartition(".")[2] for name in self.named if name.rpartition(".")[0] == inner}
        name = self.name(names)
        if inner != space and inner and self.chance(0.5):
            head["name"] = f"{inner}.{name}"
        else:
            head["name"] = name
            if inner != space:
                head["namespace"] = inner
        full = f"{inner}.{name}" if inner else name
        if self.chance(0.2):
            head["aliases"] = [f"old.Name{len(self.named)}"]
        return self.document(head), full, inner

    def type(self, space, depth, within):
        """A type as it may stand in this namespace. within: records that a value of it must not hold itself."""
        pick = self.random.random()
        if depth > 4 or pick < 0.35:
            kind = self.random.choice(PRIMITIVES)
            if kind in LOGICAL and self.chance(0.3):
                return {"type": kind} | self.random.choice(LOGICAL[kind])
            return kind if self.chance(0.9) else {"type": kind}
        known = [name for name in self.named if not self.reach(name) & set(within) and ("." in name or not space)]
        if pick < 0.45 and known:
            return self.hold(self.random.choice(known), within)
        if pick < 0.55:
            return {"type": "array", "items": self.type(space, depth + 1, ())}
        if pick < 0.63:
            return {"type": "map", "values": self.type(space, depth + 1, ())}
        if pick < 0.78:
            return self.union(space, depth, within)
        return self.random.choice([self.record, self.record, self.enum, self.fixed])(space, depth, within)

    def hold(self, name, within):
        if within:
            self.held[within[-1]].add(name)
        return name

    def reach(self, name, seen=()):
        """The named types that a value of this one holds, itself included."""
        found = {name}
        for other in self.held.get(name, ()):
            if other not in seen:
                found |= self.reach(other, (*seen, name))
        return found

    def branch(self, schema, space):
        if isinstance(schema, dict):
            kind = schema["type"]
            if kind in ("record", "error", "enum", "fixed"):
                name = schema["name"]
                space = schema.get("namespace", space)
                return name if "." in name or not space else f"{space}.{name}"
            return kind
        return schema

    def union(self, space, depth, within):
        branches, seen = [], set()
        nullable = self.chance(0.6)
        if nullable:
            branches.append("null")
            seen.add("null")
        for _ in range(self.random.choice([1, 1, 1, 2, 3, 5])):
            # Behind "null" a value ends: a record may hold itself there.
            before = dict(self.named), {name: set(held) for name, held in self.held.items()}
            kind = self.type(space, depth + 1, () if nullable else within)
            name = None if isinstance(kind, list) else self.branch(kind, space)
            if name and name not in seen:
                seen.add(name)
                branches.append(kind)
            else: # what it defines is not there
                self.named, self.held = before
        self.random.shuffle(branches)
        return branches or ["null"]

    def enum(self, space, depth, within):
        schema, full, _ = self.define("enum", space)
        symbols = []
        for _ in range(self.random.randrange(1, 8)):
            symbols.append(self.name(symbols))
        schema["symbols"] = symbols
        if self.chance(0.3):
            schema["default"] = self.random.choice(symbols)
        self.named[full] = schema
        return schema

    def fixed(self, space, depth, within):
        schema, full, _ = self.define("fixed", space)
        schema["size"] = self.random.choice([0, 1, 4, 12, 16, 1000])
        self.named[full] = schema
        return schema

    def record(self, space, depth, within, kind="record"):
        schema, full, inner = self.define(kind, space)
        self.named[self.hold(full, within)] = schema
        self.held[full] = set()
        schema["fields"] = self.fields(inner, depth, (*within, full))
        return schema

    def fields(self, space, depth, within):
        fields, taken = [], set()
        for _ in range(self.random.choice([0, 1, 2, 3, 4, 6, 9])):
            field = self.document({"name": self.name(taken)})
            taken.add(field["name"])
            field["type"] = self.type(space, depth + 1, within)
            if self.chance(0.3):
                self.default(field, space)
            fields.append(field)
        return fields

    def default(self, field, space):
        try:
            field["default"] = self.value(field["type"], space, 0)
        except LookupError:
            pass

    def value(self, schema, space, depth):
        """A default for the type; LookupError where there is no easy one."""
        if isinstance(schema, list):
            return self.value(schema[0], space, depth)
        kind = schema["type"] if isinstance(schema, dict) else schema
        if isinstance(schema, str) and schema in self.named:
            schema, kind = self.named[schema], self.named[schema]["type"]
        if kind in ("record", "error"):
            if depth > 3 or not all("default" in field for field in schema.get("fields", [{}])):
                raise LookupError(kind)
            return {}
        if kind == "array":
            return []
        if kind == "map":
            return {}
        if kind == "enum":
            return self.random.choice(schema["symbols"])
        if kind == "fixed":
            return "".join(self.random.choice(BYTES) for _ in range(schema["size"]))
        return {"null": None, "boolean": True, "int": -2**31, "long": -2**63, "float": 1.5, "double": -1e300,
                "bytes": BYTES, "string": "q\"\\??/\n\u2028\U0001f600"}[kind]

    def schema(self):
        self.named, self.held = {}, {}
        if self.chance(0.15):
            return self.type("", 0, ())
        return self.random.choice([self.record] * 6 + [self.enum, self.fixed])("", 0, ())

    def protocol(self):
        self.named, self.held = {}, {}
        space = self.random.choice(SPACES)
        types = [self.random.choice([self.record, self.enum, self.fixed])(space, 1, ()) for _ in range(self.random.randrange(4))]
        errors = []
        for _ in range(self.random.randrange(3)):
            types.append(self.record(space, 3, (), "error"))
            errors.append(self.branch(types[-1], space))
        messages = {}
        for _ in range(self.random.randrange(5)):
            message = self.document({"request": self.fields(space, 2, ())})
            if self.chance(0.2):
                message["one-way"] = True
            else:
                message["response"] = self.type(space, 2, ())
                if errors and self.chance(0.6):
                    message["errors"] = self.random.sample(errors, self.random.randrange(1, len(errors) + 1))
            messages[self.name(messages)] = message
        protocol = self.document({"protocol": self.random.choice(WORDS), "types": types, "messages": messages})
        if space:
            protocol["namespace"] = space
        return protocol
