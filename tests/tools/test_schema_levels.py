#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""chappe schema check --level: a new schema against those before it.

usage: test_schema_levels.py CHAPPE
"""

import json
import pathlib
import sys
import tempfile

from tap import main, run

CHAPPE = pathlib.Path(sys.argv[1]).resolve()
RECORD = '{"type":"record","name":"R","fields":[%s]}'
A, B = '{"name":"a","type":"int"}', '{"name":"b","type":"int"}'
B_DEFAULT = '{"name":"b","type":"int","default":0}'


def check(level, *versions, transitive=False):
    """The versions, the newest first."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for n, fields in enumerate(versions):
            paths.append(pathlib.Path(folder) / f"v{len(versions) - n}.avsc")
            paths[-1].write_text(RECORD % fields)
        code, text, talk = run(CHAPPE, "schema", "check", "--level", level, *(["--transitive"] if transitive else []), *paths)
        assert talk == "" and (text == "compatible\n") == (code == 0), (code, text, talk)
        return code, text


def test_a_field_added_without_default_is_only_forward():
    assert check("forward", f"{A},{B}", A)[0] == 0
    code, text = check("backward", f"{A},{B}", A)
    assert code == 1 and "v2.avsc cannot read what" in text and "$.b" in text, text
    assert check("full", f"{A},{B}", A)[0] == 1


def test_a_field_dropped_is_only_backward():
    assert check("backward", A, f"{A},{B}")[0] == 0
    assert check("forward", A, f"{A},{B}")[0] == 1


def test_a_default_makes_it_full():
    assert check("full", f"{A},{B_DEFAULT}", A)[0] == 0


def test_transitive_looks_at_all_versions():
    versions = (f"{A},{B}", f"{A},{B_DEFAULT}", A)
    assert check("backward", *versions)[0] == 0
    code, text = check("backward", *versions, transitive=True)
    assert code == 1 and "v1.avsc" in text, text


def test_a_reader_is_held_against_every_writer_that_is_named():
    with tempfile.TemporaryDirectory() as folder:
        write(folder, {"r.avsc": RECORD % f"{A},{B}", "bad.avsc": RECORD % A, "good.avsc": RECORD % f"{A},{B}"})
        bad, good = ("--writer", f"{folder}/bad.avsc"), ("--writer", f"{folder}/good.avsc")
        for writers, worse in (((*good, *good), 0), ((*bad, *good), 1), ((*good, *bad), 1), ((*bad, *bad), 2)):
            code, text, talk = run(CHAPPE, "schema", "check", "--transitive", "--reader", f"{folder}/r.avsc", *writers)
            assert code == min(worse, 1) and talk == "" and text.count("bad.avsc wrote: $.b") == worse, (writers, code, text, talk)
        code, text, talk = run(CHAPPE, "schema", "check", *good, "--reader", f"{folder}/r.avsc", "--reader", f"{folder}/bad.avsc")
        assert code == 2 and text == "" and "one --reader" in talk, (code, text, talk)


def test_levels_may_be_written_as_a_registry_writes_them():
    versions = (f"{A},{B}", f"{A},{B_DEFAULT}", A)
    assert check("BACKWARD", *versions)[0] == 0
    for level in ("BACKWARD_TRANSITIVE", "Full-Transitive", "backward_transitive"):
        assert check(level, *versions)[0] == 1, level
    code, _, talk = run(CHAPPE, "schema", "check", "--level", "BACKWARDS", "x.avsc", "y.avsc")
    assert code == 2 and "BACKWARDS" in talk, talk


def test_one_schema_is_not_enough():
    code, text, talk = run(CHAPPE, "schema", "check", "--level", "full", "x.avsc")
    assert code == 2 and text == "" and "NEW OLD" in talk, (code, text, talk)


def write(folder, files):
    for name, text in files.items():
        path = pathlib.Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_level_may_be_transitive_by_its_name():
    versions = (f"{A},{B}", f"{A},{B_DEFAULT}", A)
    assert check("backward-transitive", *versions)[0] == 1
    assert check("full", *versions)[0] == 0
    assert check("full-transitive", *versions)[0] == 1
    assert check("forward-transitive", *versions)[0] == 0
    assert check("none", *versions, transitive=True)[0] == 0


def test_a_tree_is_held_against_what_it_was():
    line = '{"type":"record","name":"shop.Line","fields":[%s]}'
    order = '{"type":"record","name":"shop.Order","fields":[{"name":"line","type":"Line"}]}'
    with tempfile.TemporaryDirectory() as folder:
        old, new = f"{folder}/old", f"{folder}/new"
        write(old, {"shop/line.avsc": line % A, "shop/order.avsc": order, "shop/gone.avsc": '{"type":"fixed","name":"Gone","size":1}'})
        write(new, {"moved/shop/line.avsc": line % f"{A},{B}", "moved/shop/order.avsc": order, "new.avsc": '{"type":"fixed","name":"New","size":1}',
                    "notes.txt": "no schema"})
        code, text, talk = run(CHAPPE, "schema", "check", "--level", "backward", new, old, "-o", "json")
        answer = json.loads(text)
        assert code == 1 and not answer["compatible"] and answer["contracts"] == 2 and talk == "", (code, text, talk)
        assert [(problem["writer"].rpartition("/")[2], problem["reason"].partition(":")[0]) for problem in answer["problems"]] == [
            ("gone.avsc", "the contract is not there any more (--allow-removed)"), ("line.avsc", "$.b"), ("order.avsc", "$.line.b")], text
        write(new, {"moved/shop/line.avsc": line % f"{A},{B_DEFAULT}"})
        assert run(CHAPPE, "schema", "check", "--level", "full", new, old)[0] == 1
        assert run(CHAPPE, "schema", "check", "--level", "full", "--allow-removed", new, old) == (0, "compatible: 2 contracts\n", "")
        assert run(CHAPPE, "schema", "check", "--level", "forward", new, old)[0] == 0
        for paths, reason in (((new, f"{old}/shop/line.avsc"), "folder"), ((new, f"{folder}/none"), "No such file"), ((f"{new}/moved/none", old), "No such")):
            code, text, talk = run(CHAPPE, "schema", "check", "--level", "full", *paths)
            assert code in (1, 2) and text == "" and reason in talk, (paths, code, talk)
        write(f"{folder}/other", {"x.avsc": '"int"'})
        code, text, talk = run(CHAPPE, "schema", "check", "--level", "forward", f"{folder}/other", old)
        assert code == 2 and "in common" in talk, talk # a gate that lets everything pass, because it looks at nothing, is none


def test_protocols_are_compared_message_by_message():
    def protocol(**messages):
        return json.dumps({"protocol": "shop.Desk", "types": [{"type": "error", "name": "shop.No", "fields": []}],
                           "messages": {name: {"request": json.loads(f"[{request}]"), "response": response} | more
                                        for name, (request, response, more) in messages.items()}})
    for level, new, old, code, reason in (
            ("backward", {"ask": (B_DEFAULT, "int", {})}, {"ask": ("", "int", {})}, 0, ""),
            ("backward", {"ask": (B, "int", {})}, {"ask": ("", "int", {})}, 1, "ask request: $.b"),
            ("forward", {"ask": ("", "long", {})}, {"ask": ("", "int", {})}, 1, "ask response: "),
            ("backward", {"ask": ("", "long", {})}, {"ask": ("", "int", {})}, 0, ""),
            ("backward", {}, {"ask": ("", "int", {})}, 1, "ask request: it knows no such thing"),
            ("forward", {}, {"ask": ("", "int", {})}, 0, ""),
            ("forward", {"ask": ("", "int", {"errors": ["shop.No"]})}, {"ask": ("", "int", {})}, 1, "ask error shop.No: it knows")):
        with tempfile.TemporaryDirectory() as folder:
            write(folder, {"new.avpr": protocol(**new), "old.avpr": protocol(**old)})
            found, text, talk = run(CHAPPE, "schema", "check", "--level", level, f"{folder}/new.avpr", f"{folder}/old.avpr")
            assert found == code and reason in text and talk == "", (level, new, old, found, text, talk)


main(globals())
