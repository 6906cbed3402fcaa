#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""chappe schema lint and diff: each rule finds its case and nothing else; what changed and who is deployed first.

usage: test_schema_lint.py CHAPPE SOURCE_ROOT
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from tap import main, run

CHAPPE, ROOT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="chappe-lint-"))


def record(*fields, name="shop.Order", **more):
    return {"type": "record", "name": name, "doc": "d", "fields": [{"doc": "d"} | field for field in fields]} | more


def field(name, kind="string", **more):
    return {"name": name, "type": kind} | more


def enum(*symbols, name="Kind", **more):
    return {"type": "enum", "name": name, "symbols": list(symbols), "doc": "d"} | more


def write(name, schema):
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema, indent=1))
    return path


def lint(schema, *options, name="x.avsc"):
    code, text, talk = run(CHAPPE, "schema", "lint", write(name, schema), "-o", "json", *options)
    assert code in (0, 1), (code, talk)
    findings = json.loads(text)
    assert (code == 1) == bool(findings) and "1 contract, " in talk, (code, talk)
    return findings


CASES = {
    "enum-default": (record(field("kind", enum("A", "B"))), record(field("kind", enum("A", "B", default="A")))),
    "null-default": (record(field("note", ["null", "string"])), record(field("note", ["null", "string"], default=None))),
    "null-first": (record(field("note", ["string", "null"])), record(field("note", ["string", "null"], default="x"))),
    "field-default": (record(field("id")), record(field("id", default=""))),
    "root-record": ({"type": "array", "items": "int"}, record()),
    "alias-clash": (record(field("a"), field("b", aliases=["a"])), record(field("a"), field("b", aliases=["c"]))),
    "union-numbers": (record(field("n", ["int", "double"])), record(field("n", ["int", "string"]))),
    "misspelled": (record(field("a", defualt="x")), record(field("a", **{"default": "x", "chappe.key": "x", "extra": 1}))),
    "logical-misfit": (record(field("at", {"type": "int", "logicalType": "timestamp-millis"})),
                       record(field("at", {"type": "long", "logicalType": "timestamp-millis"}))),
    "logical-unknown": (record(field("at", {"type": "long", "logicalType": "moment"})), record(field("at", "int"))),
    "money-float": (record(field("price", "double")), record(field("price", "long"), field("ratio", "double"))),
    "time-long": (record(field("created_at", "long")), record(field("created_at", {"type": "long", "logicalType": "timestamp-micros"}))),
    "case-clash": (record(field("orderid"), field("order_id")), record(field("order_id"), field("order_id2"))),
    "no-namespace": (record(name="Order"), record()),
    "type-name": (record(name="shop.order_placed"), record(name="shop.SKU")),
    "field-style": (record(field("orderId"), field("unit_price")), record(field("order_id"), field("price"))),
    "symbol-style": (record(field("kind", enum("LIKE_THIS", "likeThis", default="likeThis"))),
                     record(field("kind", enum("LIKE_THIS", "THAT", default="THAT")))),
    "namespace-name": (record(name="com.Shop.Order"), record()),
    "union-single": (record(field("n", ["int"])), record(field("n", "int"))),
    "no-doc": ({"type": "record", "name": "a.B", "fields": []}, record(field("a"))),
}
PAIRS = {
    "new-symbol": (record(field("kind", enum("A"))), record(field("kind", enum("A", "B")))),
    "breaks": (record(field("a")), record(field("a"), field("b"))),
    "lost-name": (record(field("a", default="")), record(field("b", default=""))),
}


def test_every_rule_finds_its_case_and_lets_the_other_pass():
    for rule, (wrong, right) in CASES.items():
        assert {finding["rule"] for finding in lint(wrong, "--rule", rule)} == {rule}, rule
        assert lint(right, "--rule", rule) == [], rule
    for rule, (older, newer) in PAIRS.items():
        old = write("old.avsc", older)
        findings = lint(newer, "--rule", rule, "--against", old)
        assert {finding["rule"] for finding in findings} == {rule}, rule
        assert all(finding["line"] > 0 and finding["column"] > 0 for finding in findings), findings
        assert lint(older, "--rule", rule, "--against", old) == [], rule
    rules = {row["rule"] for row in json.loads(run(CHAPPE, "schema", "lint", "--rules", "-o", "json")[1])}
    assert rules == set(CASES) | set(PAIRS), rules ^ (set(CASES) | set(PAIRS))


def test_types_that_are_one_in_c_are_found():
    types = [field(f"f{n}", record(name=name)) for n, name in enumerate(("a.Foo", "a.FOO", "a.Bar", "b.Foo"))]
    finding, = lint(record(*types), "-R", "case-clash")
    assert "'a.Foo' and 'a.FOO'" in finding["message"] and finding["path"] == "$.fields[1].type", finding


def test_a_finding_names_its_place():
    finding, = lint(record(field("a"), field("note", ["null", "string"])))
    lines = (FOLDER / "x.avsc").read_text().splitlines()
    assert lines[finding["line"] - 1][finding["column"] - 1] == "{" and '"doc"' in lines[finding["line"]], finding
    assert finding["path"] == "$.fields[1]" and finding["code"] == "L102", finding
    text = run(CHAPPE, "schema", "lint", FOLDER / "x.avsc")[1]
    assert text.startswith(f"{FOLDER}/x.avsc:{finding['line']}:{finding['column']}: $.fields[1]: L102 null-default: "), text


def test_rules_are_chosen_ignored_and_switched_off_in_place():
    schema = record(field("note", ["null", "string"]), field("kind", enum("A")))
    assert [finding["code"] for finding in lint(schema)] == ["L102", "L101"]
    assert [finding["code"] for finding in lint(schema, "--ignore", "L101")] == ["L102"]
    assert [finding["code"] for finding in lint(schema, "-R", "enum-default,l204")] == ["L101"]
    assert lint(schema, "-i", "enum-default", "-i", "null-default") == []
    assert {finding["rule"] for finding in lint(schema, "--strict")} == {"enum-default", "null-default", "field-default"}
    ignoring = record(field("note", ["null", "string"], **{"chappe.lint.ignore": "null-default"}),
                      field("kind", enum("A", **{"chappe.lint.ignore": "L101, L305"})))
    assert lint(ignoring) == []
    code, text, talk = run(CHAPPE, "schema", "lint", "-R", "enum-defalt", FOLDER / "x.avsc")
    assert code == 2 and text == "" and "'enum-default'" in talk, talk


def test_protocols_and_folders_are_looked_through():
    folder = FOLDER / "tree"
    write("tree/shop/line.avsc", record(name="shop.Line"))
    write("tree/shop/order.avsc", record(field("line", "Line"), field("kind", enum("A"))))
    write("tree/shop/desk.avpr", {"protocol": "Desk", "namespace": "shop", "types": [enum("A", name="Mood")], "messages": {
        "ask": {"request": [{"name": "maybe", "type": ["null", "Mood"]}, {"name": "line", "type": "Line"}], "response": "null"}}})
    code, text, talk = run(CHAPPE, "schema", "lint", folder, "-o", "json")
    found = [(finding["file"].rpartition("/")[2], finding["part"], finding["rule"]) for finding in json.loads(text)]
    assert code == 1 and "3 contracts, 3 findings" in talk, talk
    assert found == [("desk.avpr", "", "enum-default"), ("desk.avpr", "ask request", "null-default"),
                     ("order.avsc", "", "enum-default")], found


def test_what_is_no_schema_is_told():
    (FOLDER / "binary.avsc").write_bytes(b"\x00\xff\x1b[31m" * 100)
    (FOLDER / "empty").mkdir(exist_ok=True)
    for command in (["lint"], ["check", "--level", "full", FOLDER / "x.avsc"], ["diff", FOLDER / "x.avsc"], ["canonical"]):
        for path, codes, reason in ((FOLDER / "none.avsc", [1], "No such file"), (FOLDER / "binary.avsc", [1], "E2001"),
                                    (FOLDER / "empty", [1, 2], "")):
            code, text, talk = run(CHAPPE, "schema", *command, path)
            assert code in codes and text == "" and reason in talk and talk.count("\n") == 1 and "\x1b" not in talk, (command, path, code, talk)


def test_the_shops_own_contracts_have_no_traps():
    # Its enums are closed: a kind of order that nobody knows must not pass as another.
    code, text, talk = run(CHAPPE, "schema", "lint", "--ignore", "enum-default", ROOT / "schemas", ROOT / "examples/loyalty/schemas", "-I", ROOT / "schemas")
    assert code == 0 and text == "", text + talk


def test_a_protocol_is_no_schema():
    path = write("desk.avpr", {"protocol": "shop.Desk", "messages": {}})
    for command in (["canonical"], ["fingerprint"], ["encode", "--hex", "--schema"], ["check", "--level", "full", write("x.avsc", record())]):
        code, text, talk = run(CHAPPE, "schema", *command, path)
        assert code in (1, 2) and "protocol" in text + talk, (command, code, text, talk)


def test_standard_input_is_a_schema_too():
    code, text, talk = run(CHAPPE, "schema", "lint", "-", stdin=json.dumps(record(field("kind", enum("A")))))
    assert code == 1 and text.startswith("-:1:") and "L101" in text, (code, text, talk)
    code, text, _ = run(CHAPPE, "schema", "diff", "-", write("y.avsc", record()), stdin=json.dumps(record()))
    assert code == 0 and text.startswith("no difference\n"), text


def diff(older, newer, suffix="avsc"):
    code, text, talk = run(CHAPPE, "schema", "diff", write(f"old.{suffix}", older), write(f"new.{suffix}", newer), "-o", "json")
    assert code == 0, talk
    return json.loads(text)


def changes(*of, **more):
    return [(change["path"], change["change"], change["breaks_backward"], change["breaks_forward"]) for change in diff(*of, **more)["changes"]]


def test_changes_are_told_with_their_place_and_what_they_break():
    line = record(field("sku"), name="shop.Line")
    for older, newer, expected in (
            (record(), record(field("a")), [("$.a", "field-added", True, False)]),
            (record(), record(field("a", default="")), [("$.a", "field-added", False, False)]),
            (record(field("a")), record(), [("$.a", "field-removed", False, True)]),
            (record(field("a")), record(field("b", aliases=["a"])), [("$.b", "field-renamed", False, True)]),
            (record(field("a", "int")), record(field("a", "long")), [("$.a", "type", False, True)]),
            (record(field("a", "int")), record(field("a", "string")), [("$.a", "type", True, True)]),
            (record(field("a"), field("b")), record(field("b"), field("a")), [("$", "field-moved", False, False)]),
            (record(field("l", {"type": "array", "items": line})), record(field("l", {"type": "array", "items": line | {"fields": []}})),
             [("$.l[].sku", "field-removed", False, True)]),
            (record(field("m", {"type": "map", "values": "int"})), record(field("m", {"type": "map", "values": "long"})),
             [("$.m{}", "type", False, True)]),
            (record(field("u", ["null", "int"])), record(field("u", ["null", "int", "string"])), [("$.u", "branch-added", False, True)]),
            (record(field("u", ["null", "int"])), record(field("u", ["null", "long"])),
             [("$.u", "branch-added", False, True), ("$.u", "branch-removed", False, False)]),
            (record(field("k", enum("A"))), record(field("k", enum("A", "B"))), [("$.k", "symbol-added", False, True)]),
            (record(field("k", enum("A", "B"))), record(field("k", enum("A", default="A"))),
             [("$.k", "symbol-removed", False, False), ("$.k", "default", False, False)]),
            (record(), record(name="shop.Other"), [("$", "name", True, True)]),
            (record(), record(name="other.Order"), [("$", "name", False, False)]),
            (record(), record(doc="more"), [("$", "doc", False, False)]),
            (record(), record(extra=1, other=[]), [("$", "attribute", False, False)] * 2),
            (record(field("t", {"type": "long", "logicalType": "timestamp-millis"})),
             record(field("t", {"type": "long", "logicalType": "timestamp-micros"})), [("$.t", "logical-type", False, False)])):
        assert changes(older, newer) == expected, (older, newer, changes(older, newer))


def test_who_is_deployed_first():
    a, with_default, without = record(field("a")), record(field("a"), field("b", default="")), record(field("a"), field("b"))
    assert diff(a, with_default)["deploy"] == "any"
    assert diff(without, a)["deploy"] == "readers"
    assert diff(a, without)["deploy"] == "writers"
    assert diff(a, record(field("b")))["deploy"] == "none"
    protocol = {"protocol": "shop.Desk", "messages": {"ask": {"request": [], "response": "int"}}}
    def desk(**message):
        return protocol | {"messages": {"ask": protocol["messages"]["ask"] | message}}
    two = protocol | {"messages": protocol["messages"] | {"tell": {"request": [], "response": "null"}}}
    assert diff(protocol, desk(request=[field("a", default="")]), suffix="avpr")["deploy"] == "any"
    assert diff(desk(request=[field("a")]), protocol, suffix="avpr")["deploy"] == "servers"
    assert diff(protocol, desk(response="long"), suffix="avpr")["deploy"] == "clients"
    assert diff(protocol, two, suffix="avpr")["deploy"] == "servers"
    assert diff(two, protocol, suffix="avpr")["deploy"] == "clients"
    assert changes(protocol, two, suffix="avpr") == [("$", "branch-added", False, True), ("$", "branch-added", False, False)]


try:
    main(globals())
finally:
    subprocess.run(["rm", "-rf", FOLDER])
