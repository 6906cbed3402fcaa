# SPDX-License-Identifier: Apache-2.0
"""The cases that are thought out, by kind: pairs of writer and reader, types as in random_avro. Each kind is a function that gives pairs."""

import copy

from random_avro import LOGICAL, PRIMITIVES


def p(kind):
    return {"kind": kind}


def union(*branches):
    return {"kind": "union", "branches": list(branches)}


def array(items):
    return {"kind": "array", "items": items}


def map_of(values):
    return {"kind": "map", "values": values}


def field(name, type_, **more):
    return {"name": name, "type": type_, "wants default": False, **more}


def record(name, *fields, **more):
    return {"kind": "record", "name": name, "fields": list(fields), **more}


def enum(name, *symbols, **more):
    return {"kind": "enum", "name": name, "symbols": list(symbols), **more}


def fixed(name, size, **more):
    return {"kind": "fixed", "name": name, "size": size, **more}


NULL, INT, LONG, STRING = p("null"), p("int"), p("long"), p("string")


def every_type():
    """One of each, and some that hold others."""
    yield from ((kind, p(kind)) for kind in PRIMITIVES)
    yield "fixed", fixed("F", 4)
    yield "enum", enum("E", "A", "B", "C")
    yield "array", array(LONG)
    yield "map", map_of(STRING)
    yield "record", record("In", field("x", INT), field("y", STRING))
    yield "optional", union(NULL, STRING)
    yield "union", union(INT, STRING, array(INT), record("Un", field("z", p("bytes"))))
    yield "records", array(record("Item", field("sku", STRING), field("n", INT), field("tags", map_of(p("double")))))
    yield "unions", map_of(union(NULL, p("boolean"), fixed("G", 2)))


def contexts(writer, reader):
    """The pair by itself, and within each kind of type that holds another."""
    yield writer, reader
    yield record("R", field("f", writer), field("g", INT)), record("R", field("f", reader), field("g", INT))
    yield array(writer), array(reader)
    yield map_of(writer), map_of(reader)
    if "union" not in (writer["kind"], reader["kind"]):
        for other in (NULL, p("boolean")):
            if other["kind"] not in (writer["kind"], reader["kind"]):
                yield union(other, writer), union(other, reader)
                yield union(writer, other), union(other, reader)


def promotion():
    for writer in PRIMITIVES:
        for reader in PRIMITIVES:
            yield from contexts(p(writer), p(reader))


# A field's default is JSON in the field; every type has several.
DEFAULTS = (
    (p("null"), None), (p("boolean"), True), (p("boolean"), False), (INT, -2147483648), (INT, 2147483647), (LONG, -9223372036854775808),
    (LONG, 9223372036854775807), (p("float"), 1), (p("float"), -0.5), (p("double"), 1e300), (p("double"), 3), (p("bytes"), ""),
    (p("bytes"), "\u00ff\u0000\u0080"), (STRING, ""), (STRING, "\u20ac\U0001f600"), (fixed("F", 3), "\u00ff\u0000a"), (fixed("F", 0), ""),
    (enum("E", "A", "B"), "B"), (array(INT), []), (array(INT), [1, -1]), (map_of(LONG), {}), (map_of(p("bytes")), {"k": "\u00fe"}),
    (union(NULL, INT), None), (union(INT, NULL), 7), (union(STRING, p("bytes")), "text"), (union(p("bytes"), STRING), "\u00ff"),
    (union(NULL, INT), 7), (union(INT, STRING), "x"), (union(NULL, array(INT)), [1]), (union(NULL, map_of(INT)), {"k": 1}),
    (array(union(NULL, STRING)), [None]), (array(union(NULL, STRING)), ["a"]), (array(union(STRING, NULL)), ["a", "b"]), (array(array(INT)), [[1], [], [2, 3]]),
    (map_of(map_of(INT)), {"a": {"b": 1}}), (record("D", field("a", INT), field("b", STRING)), {"a": 1, "b": "x"}),
    (record("D", field("a", INT), field("b", p("bytes"), default="\u00ff")), {"a": 1}),
    (record("D", field("a", record("DD", field("b", union(NULL, INT), default=None), field("c", enum("E", "A"), default="A")))), {"a": {}}),
    (array(record("D", field("a", INT, default=5))), [{}, {"a": 6}]), (record("D"), {}),
    (union(record("D", field("a", LONG, default=1)), NULL), {}), (map_of(record("D", field("a", array(INT), default=[1]))), {"k": {}}),
)


def default():
    for type_, value in DEFAULTS:
        added = field("added", type_, default=value)
        yield record("R", field("x", INT)), record("R", field("x", INT), copy.deepcopy(added))
        yield record("R", field("x", INT), field("y", STRING)), record("R", copy.deepcopy(added), field("y", STRING), field("x", INT))
        yield (array(record("R", field("x", INT))), array(record("R", copy.deepcopy(added), field("x", LONG))))
        yield (union(NULL, record("R", field("x", INT))), union(NULL, record("R", field("x", INT), copy.deepcopy(added))))


def dropped():
    for _, type_ in every_type():
        yield record("R", field("a", INT), field("b", type_), field("c", STRING)), record("R", field("a", INT), field("c", STRING))
        yield record("R", field("b", type_), field("b2", array(type_)), field("c", LONG)), record("R", field("c", LONG))
        yield record("R", field("m", map_of(type_)), field("c", STRING), field("l", union(*alone(type_)))), record("R", field("c", STRING))
        yield array(record("R", field("a", INT), field("b", type_))), array(record("R"))


def alone(type_):
    return type_["branches"] if type_["kind"] == "union" else [type_] if type_["kind"] == "null" else [NULL, type_]


def alias():
    for old, new, names in (("a.R", "a.S", ["R"]), ("a.R", "a.S", ["a.R"]), ("a.R", "b.S", ["a.R"]), ("R", "S", ["R"]), ("a.R", "b.S", ["R"]),
                            ("a.R", "a.S", []), ("a.R", "a.S", ["X", "a.Y", "R"]), ("R", "a.S", [".R"]), ("R", "a.S", ["R"]), ("a.R", "S", ["a.R"])):
        for writer, reader in ((record(old, field("x", INT)), record(new, field("x", LONG), aliases=names)),
                               (enum(old, "A", "B"), enum(new, "B", "A", aliases=names)),
                               (fixed(old, 2), fixed(new, 2, aliases=names))):
            yield writer, reader
            yield union(NULL, writer), union(NULL, reader)
            yield record("c.Out", field("f", array(writer))), record("c.Out", field("f", array(reader)))
            yield writer, union(NULL, reader)
    for old, names in (("x", ["x"]), ("x", ["y", "x"]), ("x", ["y"]), ("x", [])):
        for type_, wider in ((INT, LONG), (STRING, STRING), (array(INT), array(p("double"))), (record("In", field("z", INT)),) * 2):
            yield (record("a.R", field(old, type_), field("k", INT)),
                   record("a.R", field("k", INT), field("new", wider, aliases=names)))
            yield (record("a.R", field(old, type_)), record("b.R", field("new", wider, aliases=names)))
            yield (record("a.R", field(old, type_)), record("b.S", field("new", wider, aliases=names), aliases=["a.R"]))
    yield record("R", field("x", INT), field("y", INT)), record("R", field("y", INT, aliases=["x"]), field("z", INT, aliases=["y"]))
    for first, last in (("y", "z"), ("x", "z"), ("y", "x")):  # two that claim the same name
        claims = [field(each, INT, aliases=[] if each == "x" else ["x"], default=number) for number, each in enumerate((first, last))]
        yield record("R", field("x", INT)), record("R", *claims)
        yield record("R", field("x", INT)), record("R", *reversed(claims))


def enumeration():
    for writer in (("A", "B", "C"), ("A",), ("C", "B", "A", "D")):
        for reader in (("A", "B", "C"), ("C", "A", "B"), ("A", "B"), ("B", "X", "C", "A"), ("X",), ("D", "C", "B", "A")):
            for chosen in (None, reader[0], reader[-1]):
                more = {"default": chosen} if chosen else {}
                yield from contexts(enum("E", *writer), enum("E", *reader, **more))


def unions():
    sides = (NULL, INT, LONG, p("double"), STRING, p("bytes"), array(INT), record("a.R", field("x", INT)), enum("E", "A"), fixed("F", 2))
    readers = (union(NULL, INT), union(INT, LONG), union(LONG, INT), union(p("double"), LONG), union(STRING, p("bytes")), union(p("bytes"), STRING),
               union(array(LONG)), union(NULL, record("a.R", field("x", INT))), union(record("b.R", field("x", INT)), record("a.R", field("x", LONG))),
               union(record("a.S", field("x", INT)), record("b.R", field("x", INT), field("y", INT, default=1))), union(p("float")),
               union(enum("E", "A", "B"), STRING), union(fixed("F", 2), p("bytes")), union(map_of(INT), array(p("double"))), union(NULL))
    for reader in readers:
        for side in sides:
            yield side, reader
            yield reader, side
            yield record("R", field("f", union(*alone(side)))), record("R", field("f", reader))


def name():
    for old, new in (("R", "R"), ("a.R", "R"), ("R", "a.R"), ("a.R", "b.R"), ("a.b.R", "a.R"), ("a.R", "a.S"), ("a.R", "b.S")):
        yield from contexts(record(old, field("x", INT), field("y", STRING)), record(new, field("y", STRING), field("x", p("float"))))
        yield from contexts(enum(old, "A", "B"), enum(new, "A", "B"))
        yield from contexts(fixed(old, 3), fixed(new, 3))
        yield from contexts(fixed(old, 3), fixed(new, 4))


def logical():
    for kind, types in LOGICAL.items():
        for marked in types:
            for writer, reader in (({"kind": kind, "logical": marked}, p(kind)), (p(kind), {"kind": kind, "logical": marked})):
                yield from contexts(writer, reader)
            for other in types:
                yield {"kind": kind, "logical": marked}, {"kind": kind, "logical": other}
    yield p("int"), {"kind": "long", "logical": {"logicalType": "timestamp-millis"}}


def lists(name_, value, link, *more, **aliases):
    made = record(name_, field("value", value), *more, **aliases)
    made["fields"].append(field("next", link(made)))
    return made


def recursive():
    links = (lambda r: union(NULL, r), lambda r: union(r, NULL), array, map_of, lambda r: array(union(NULL, r)), lambda r: union(NULL, array(r)))
    for link in links:
        for writer, reader in ((INT, INT), (INT, p("double")), (STRING, p("bytes")), (union(NULL, INT), INT)):
            yield lists("a.L", writer, link), lists("a.L", reader, link)
            yield lists("a.L", writer, link), lists("a.L", reader, link, field("added", STRING, default="d"))
            yield lists("a.L", writer, link), lists("a.M", reader, link, aliases=["L"])
        yield lists("a.L", INT, link), record("a.L", field("value", INT))


def maps():
    for _, type_ in every_type():
        yield map_of(type_), map_of(type_)
        yield map_of(map_of(type_)), map_of(map_of(type_))
    yield map_of(INT), map_of(union(NULL, LONG))
    yield map_of(union(NULL, INT)), map_of(INT)


def blocks():
    """Many items, in blocks of all kinds: see RandomAvro.blocks."""
    for _, type_ in every_type():
        inner = record("R", field("a", type_), field("b", INT))
        yield array(type_), array(type_)
        yield array(inner), array(record("R", field("b", LONG)))
        yield map_of(inner), map_of(record("R", field("b", p("double"))))
        yield record("O", field("l", array(inner)), field("z", INT)), record("O", field("z", INT))


def reorder():
    fields = [field(kind, type_) for kind, type_ in every_type()]
    for turn in range(len(fields)):
        turned = fields[turn:] + fields[:turn]
        yield record("R", *fields), record("R", *turned)
        yield record("R", *turned[:5]), record("R", *reversed(turned[:5]))


KINDS = {"promotion": promotion, "default": default, "dropped": dropped, "alias": alias, "enum": enumeration, "union": unions, "name": name,
         "logical": logical, "recursive": recursive, "map": maps, "block": blocks, "reorder": reorder}
