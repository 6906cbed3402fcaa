# SPDX-License-Identifier: Apache-2.0
"""Where Java is lax: schemas that one might think wrong, and that it takes, or the other way round."""

import json
import unicodedata


def record(name="R", *fields, **more):
    return json.dumps({"type": "record", "name": name, **more, "fields": list(fields)}, ensure_ascii=False)


def field(name="f", type_="int", **more):
    return {"name": name, "type": type_, **more}


def letters():
    """Every 61st letter of the basic plane that was one long ago."""
    plane = [chr(at) for at in (*range(0x80, 0xD800), *range(0xF900, 0x10000))]
    return [letter for letter in plane if unicodedata.ucd_3_2_0.category(letter).startswith("L")][::61]


TAKEN = (
    # letters are not those of ASCII alone
    record("é"), record("Überprüfung", field("größe"), field("中文")), record("R", field("a١"), field("_ª")), record("µ"),
    record("R", namespace="café.x"), record("R", aliases=["Ä", "x.ß"]), '{"type":"enum","name":"E","symbols":["ß","ẞ","A"]}',
    '{"type":"fixed","name":"\\u00e9","size":1}', json.dumps({"type": "enum", "name": "E", "symbols": letters()}, ensure_ascii=False),
    # names of any length
    record("a" * 600), record("R", namespace="a." * 400 + "b"), record("a" * 5000, field("b" * 5000)),
    # a dot in front: in no namespace
    record(".R"), record("a.R", field("x", {"type": "fixed", "name": ".F", "size": 1}), field("y", "F")),
    # a name with dots has its namespace, whatever stands beside it
    record("a.R", namespace="5-"),
    # what is no string is overlooked
    record("R", namespace=None), record("R", namespace=5), record("R", doc=None), record("R", field(doc={})), record("R", field(doc=7)),
    '{"type":"enum","name":"E","symbols":["A"],"default":5}', '{"type":"enum","name":"E","symbols":["A"],"default":null}',
    # a field may have been called anything; its order is written in any case
    record("R", field(aliases=["x-y", "", "5"])), record("R", field(order="DESCENDING"), field("g", order="Ignore")),
    # the default of any branch
    record("R", field(type_=["null", "int"], default=1)),
)

REFUSED = (
    (record("a-b"), "'a-b' is no valid name"), (record("R", namespace="a-b"), "namespace"), (record("R", namespace="a..b"), "namespace"),
    (record("1a"), "no valid name"), (record("a b"), "no valid name"), (record("R", aliases=["a-b"]), "no valid name"),
    (record("𝐀"), "no valid name"), (record("e\u0301"), "no valid name"), (record("a×b"), "no valid name"), (record("a\u00a0b"), "no valid name"),
    (record("R", field("a—b")), "no valid name"), (record("a..R"), "no valid name"),
    (record("R", field(default="0")), "$.fields[0].default"), (record("R", field(default=1.0)), "$.fields[0].default"),
    (record("R", field(default=None)), "$.fields[0].default"), (record("R", field(order="up")), "$.fields[0].order"),
    (record("R", field(order=7)), "$.fields[0].order"), ("# c\\n\"int\"", "1:1"), ("'int'", "1:1"), ('{"type":"int",}', "1:"),
)
