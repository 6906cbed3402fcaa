#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/cases/avro: every expected value from Apache Avro for Java, fastavro asked beside it, nothing from Chappe.

usage: ../interop/python/run make_cases.py CASES

The kinds of kinds.py and the hostile inputs are made anew, the same each time. Of the random cases (random-*.tsv) the questions stay, and
the answers are asked for again. Columns are parted by tabs:

  resolve/     writer, reader, datum in hex, Avro's JSON or "error"; then what fastavro made of it, where that differs
  same/        schema, datum in hex, Avro's JSON
  schema/      schema, canonical form, CRC-64-AVRO; then the same of fastavro, where it differs
  compatible/  writer, reader, yes or no
  hostile/     schema, datum in hex, Avro's JSON or "error"; then what Java made of it where it is less strict
  named/       schema, datum in hex and a piece of the error; schema and a piece of the error

cases.tsv says how many lines each file has; a test compares."""

import json
import pathlib
import sys

from avro_json import Shape, agrees, read_json, shortest
from hostile import HOSTILE, NAMED_DATA, NAMED_SCHEMAS
from kinds import KINDS, every_type
from known import java_fails
from lax import REFUSED, TAKEN
from libraries import Fastavro, Java, Refused
from random_avro import Inexpressible, RandomAvro, tree

DATA = 3  # of a pair


def text_of(type_):
    return json.dumps(tree(type_), ensure_ascii=True, separators=(",", ":"))


def pairs_of(kind):
    for number, (writer, reader) in enumerate(KINDS[kind]()):
        try:
            texts = text_of(writer), text_of(reader)
        except Inexpressible:
            continue
        yield RandomAvro(f"{kind}/{number}", entries=1), writer, *texts


class Cases:
    def __init__(self, folder):
        self.folder, self.java, self.fastavro, self.counts = folder, Java(), Fastavro(), {}

    def write(self, name, lines):
        path = self.folder / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = [line for line in dict.fromkeys(lines) if line]
        path.write_text("".join("\t".join(line) + "\n" for line in kept), encoding="utf-8")
        self.counts[f"{name}.tsv"] = len(kept)

    def drawn(self, kind):
        """The random questions of a kind: names of files, and their lines."""
        for path in sorted((self.folder / kind).glob("random-*.tsv")):
            yield f"{kind}/{path.stem}", [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n")[:-1]]

    # Questions

    def decode(self, writer, reader, datum):
        """Java's JSON or "error"; None for what is Java's accident (see known.py), and for digits that only its old printing has."""
        answer, = self.java.decode(writer, reader, [datum])
        if isinstance(answer, Refused):
            return None if java_fails(str(answer)) else "error"
        return answer if answer and "\ufffd" not in answer and shortest(answer) else None

    def beside(self, writer, reader, datum, expected):
        """What fastavro makes of it, if not the same."""
        try:
            answer, = self.fastavro.decode(writer, reader, [datum])
        except Refused as refused:
            answer = refused
        if isinstance(answer, Refused):
            return () if expected == "error" else (f"fastavro: {type(answer).__name__.lower()}",)
        shape = Shape(reader)
        if expected != "error" and agrees(shape, shape.root, read_json(expected), answer):
            return ()
        return (f"fastavro: {answer!r:.200}",)

    def resolve(self, writer, reader, datum):
        expected = self.decode(writer, reader, datum)
        return expected and (writer, reader, datum.hex(), expected, *self.beside(writer, reader, datum, expected))

    def same(self, schema, datum):
        expected = self.decode(schema, schema, datum)
        return expected and (schema, datum.hex(), expected)

    def schema(self, schema):
        try:
            canonical, fingerprint = self.java.schema(schema)
        except Refused:
            return None
        try:
            other = self.fastavro.schema(schema)
        except Refused:
            other = ("refused",)
        return (schema, canonical, fingerprint, *(() if other == (canonical, fingerprint) else (f"fastavro: {other[0]}",)))

    def compatible(self, writer, reader):
        try:
            return writer, reader, "yes" if self.java.check(writer, reader) else "no"
        except Refused:
            return None

    # Files

    def make_kinds(self):
        for kind in KINDS:
            pairs = list(pairs_of(kind))
            self.write(f"resolve/{kind}", [self.resolve(writer, reader, chance.datum(type_))
                                           for chance, type_, writer, reader in pairs for _ in range(DATA)])
            self.write(f"same/{kind}", [self.same(writer, chance.datum(type_)) for chance, type_, writer, _ in pairs])
            self.write(f"schema/{kind}", [self.schema(schema) for _, _, *both in pairs for schema in both])
            self.write(f"compatible/{kind}", [self.compatible(writer, reader) for _, _, writer, reader in pairs
                                              if '"aliases":[".' not in reader])

    def ask_again(self):
        for name, lines in self.drawn("resolve"):
            self.write(name, [self.resolve(writer, reader, bytes.fromhex(datum)) for writer, reader, datum, *_ in lines])
        for name, lines in self.drawn("same"):
            self.write(name, [self.same(schema, bytes.fromhex(datum)) for schema, datum, *_ in lines])
        for name, lines in self.drawn("schema"):
            self.write(name, [self.schema(schema) for schema, *_ in lines])
        for name, lines in self.drawn("compatible"):
            self.write(name, [self.compatible(writer, reader) for writer, reader, *_ in lines])

    def hostile(self, type_, datum, good):
        """Good is what the strict walk says; Java may be less strict, but never refuses what is good."""
        schema = text_of(type_)
        answer, = self.java.decode(schema, schema, [datum])
        if not good:
            return (schema, datum.hex(), "error", *(() if isinstance(answer, Refused) else (f"java: {answer:.200}",)))
        expected = self.decode(schema, schema, datum)
        assert expected != "error", (schema, datum.hex(), answer)
        return expected and (schema, datum.hex(), expected)

    def make_hostile(self):
        for name, make in HOSTILE.items():
            self.write(f"hostile/{name}", [self.hostile(*each) for each in make(every_type())])

    def make_lax(self):
        lines = [self.schema(schema) for schema in TAKEN]
        assert all(lines), "Java refuses one of those that it takes"
        self.write("schema/lax", lines)

    def make_named(self):
        """What must be said of these is promised, not asked for; but Java, too, refuses those of lax.py."""
        self.write("named/data", NAMED_DATA)
        assert not any(self.schema(schema) for schema, _ in REFUSED), "Java takes one of those that it refuses"
        self.write("named/schema", NAMED_SCHEMAS + REFUSED)

    def close(self):
        listed = "".join(f"{name}\t{count}\n" for name, count in sorted(self.counts.items()))
        (self.folder / "cases.tsv").write_text(listed)
        self.java.close()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    cases = Cases(pathlib.Path(sys.argv[1]))
    cases.make_kinds()
    cases.ask_again()
    cases.make_hostile()
    cases.make_lax()
    cases.make_named()
    cases.close()


if __name__ == "__main__":
    main()
