#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fresh random schemas, evolutions and data: what Chappe makes of them, and what another Avro library makes of them. Prints TAP.

usage: compare.py CHAPPE fastavro|java [--seed SEED] [--cases COUNT] [--only CASE]

Without --seed a new one is drawn, and printed. A case is a schema, two evolutions of it and some data. Without --cases it is as many as
CHAPPE_TEST_AVRO_CASES says, else CASES, and ends early after SECONDS; with either there is no bound. --only repeats one case."""

import argparse
import json
import os
import secrets
import sys
import time

from known import explained
from libraries import Chappe, Fastavro, Java, Refused
from random_avro import Inexpressible, RandomAvro, tree
from strict import valid

CASES = 500
SECONDS = 45
EVOLUTIONS = 2
DATA = 4


class Case:
    """What is drawn for one case; the same for the same seed and number."""

    def __init__(self, seed, number, **options):
        self.random = RandomAvro(f"{seed}/{number}", **options)
        self.writer, schema = self.draw(self.random.schema)
        self.readers = [self.writer]
        for _ in range(EVOLUTIONS):
            self.readers.append(self.draw(lambda: self.evolved(schema))[0])
        self.type = schema
        self.data = [self.random.datum(schema) for _ in range(DATA)]
        self.damaged = [self.damage(datum) for datum in self.data]

    def evolved(self, schema):
        evolved = self.random.evolve(schema)
        return self.random.evolve(evolved) if self.random.one_in(3) else evolved

    def damage(self, datum):
        """Cut off, longer, or with a bit flipped; maybe a datum all the same."""
        chance, made = self.random.random, bytearray(datum)
        choice = chance.randrange(4)
        if choice == 0 and made:
            return datum[:chance.randrange(len(datum))]
        if choice == 1:
            return datum + chance.randbytes(1)
        if made:
            made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
        return bytes(made)

    @staticmethod
    def draw(draw):
        while True:
            made = draw()
            try:
                return json.dumps(tree(made), ensure_ascii=False, separators=(",", ":")), made
            except Inexpressible:
                continue


class Mismatch(Exception):
    def __init__(self, what, chappe, other, **given):
        super().__init__(what)
        self.what, self.chappe, self.other, self.given = what, chappe, other, given


class Comparison:
    def __init__(self, chappe, other):
        self.chappe, self.other = chappe, other
        self.counts = {"schemas": 0, "pairs": 0, "data": 0, "JSON": 0, "damaged": 0, "refused by both": 0}
        self.known = {}

    def count(self, what):
        self.counts[what] += 1

    @staticmethod
    def ask(function, *words):
        try:
            return function(*words)
        except Refused as refused:
            return refused

    def check(self, case):
        self.check_schema(case.writer)
        for reader in case.readers:
            self.check_pair(case.writer, reader, case.data)
        self.check_json(case.writer, case.data)
        self.check_damaged(case.type, case.writer, case.damaged)

    def check_schema(self, schema):
        self.count("schemas")
        chappe, other = self.ask(self.chappe.schema, schema), self.ask(self.other.schema, schema)
        if isinstance(chappe, Refused) or isinstance(other, Refused) or chappe != other:
            self.differ("canonical form and fingerprint", chappe, other, schema=schema)

    def check_pair(self, writer, reader, data):
        self.count("pairs")
        if hasattr(self.other, "check"):
            chappe, other = self.chappe.check(writer, reader), self.ask(self.other.check, writer, reader)
            if chappe != other:
                self.differ("compatibility", chappe, other, writer=writer, reader=reader)
        chappe, other = self.ask(self.chappe.decode, writer, reader, data), self.ask(self.other.decode, writer, reader, data)
        for number, datum in enumerate(data):
            self.check_datum(writer, reader, datum, *(each if isinstance(each, Refused) else each[number] for each in (chappe, other)))

    def check_datum(self, writer, reader, datum, chappe, other):
        self.count("data")
        if isinstance(chappe, Refused) and isinstance(other, Refused):
            self.count("refused by both")
        elif isinstance(chappe, Refused) or isinstance(other, Refused) or not self.other.same(reader, chappe, other):
            self.differ("decoding", chappe, other, writer=writer, reader=reader, datum=datum)

    def differ(self, what, chappe, other, **given):
        reason = explained(type(self.other).__name__, what, chappe, other, **given)
        if not reason:
            raise Mismatch(what, chappe, other, **given)
        self.known[reason] = self.known.get(reason, 0) + 1

    def check_json(self, schema, data):
        """JSON as the other prints it gives the bytes that the other encodes."""
        pairs = self.other.json(schema, data)
        for (text, other), chappe in zip(pairs, self.chappe.encode(schema, [text for text, _ in pairs])):
            self.count("JSON")
            if isinstance(chappe, Refused) or chappe != other:
                self.differ("encoding", chappe, other, schema=schema, json=text)


    def check_damaged(self, type_, schema, data):
        """What is no datum must be refused, whatever the other makes of it; what is one yet must be decoded alike."""
        chappe, other = self.ask(self.chappe.decode, schema, schema, data), self.ask(self.other.decode, schema, schema, data)
        for number, datum in enumerate(data):
            self.count("damaged")
            answers = [each if isinstance(each, Refused) else each[number] for each in (chappe, other)]
            if valid(type_, datum):
                self.check_datum(schema, schema, datum, *answers)
            elif not isinstance(answers[0], Refused):
                raise Mismatch("refusing", answers[0], "not asked: these bytes are no datum", schema=schema, datum=datum)


def report(mismatch, arguments, seed, number):
    print(f"# {mismatch.what} differs, seed {seed}, case {number}")
    for name, value in mismatch.given.items():
        print(f"#   {name:8} {value.hex() if isinstance(value, bytes) else value}")
    for name, value in (("chappe", mismatch.chappe), (arguments.library, mismatch.other)):
        print(f"#   {name:8} {'refuses: ' if isinstance(value, Refused) else ''}{value}")
    print(f"#   again: tests/compare/run {os.path.abspath(arguments.chappe)} {arguments.library} --seed {seed} --only {number}")


def numbers(arguments):
    """Of the cases to look at; the bound of time is for those who did not say how many."""
    wanted = arguments.cases or int(os.environ.get("CHAPPE_TEST_AVRO_CASES", "0"))
    end = time.monotonic() + SECONDS
    if arguments.only is not None:
        yield arguments.only
        return
    for number in range(wanted or CASES):
        if not wanted and time.monotonic() > end:
            print(f"# {SECONDS} s are over")
            return
        yield number


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chappe")
    parser.add_argument("library", choices=("fastavro", "java"))
    parser.add_argument("--seed", default=os.environ.get("CHAPPE_TEST_SEED") or str(secrets.randbelow(2**32)))
    parser.add_argument("--cases", type=int)
    parser.add_argument("--only", type=int)
    arguments = parser.parse_args()
    other, chappe = Java() if arguments.library == "java" else Fastavro(), Chappe(arguments.chappe)
    comparison, looked_at, failed = Comparison(chappe, other), 0, 0
    print(f"1..1\n# seed {arguments.seed}", flush=True)
    for number in numbers(arguments):
        looked_at += 1
        try:
            comparison.check(Case(arguments.seed, number))
        except Mismatch as mismatch:
            failed += 1
            report(mismatch, arguments, arguments.seed, number)
            if failed == 5:
                break
    print(f"# {looked_at} cases: {', '.join(f'{count} {what}' for what, count in comparison.counts.items())}")
    for reason, count in sorted(comparison.known.items()):
        print(f"# {count} times: {reason}")
    print(f"{'not ok' if failed or not looked_at else 'ok'} 1 - chappe and {arguments.library} agree")
    chappe.close()
    other.close()
    return 1 if failed or not looked_at else 0


if __name__ == "__main__":
    sys.exit(main())
