#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""chappe schema cat and show: files of others, printed.

usage: test_container_commands.py CHAPPE SOURCE_ROOT
"""

import json
import pathlib
import sys
import tempfile

from tap import main, run

CHAPPE, ROOT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
FILES = ROOT / "tests/cases/avro/container"


def test_each_codec_gives_the_same_values():
    printed = set()
    for codec in ("null", "deflate", "snappy"):
        code, text, talk = run(CHAPPE, "schema", "cat", FILES / f"{codec}.avro")
        assert code == 0 and talk == "", (code, talk)
        printed.add(text)
    lines = printed.pop().splitlines()
    assert not printed and len(lines) == 500
    assert json.loads(lines[2]) == {"sensor": "sensor-2", "at": 1700000002000, "values": [0.5, -1.0], "note": None}


def test_values_are_read_as_another_schema():
    with tempfile.TemporaryDirectory() as folder:
        reader = pathlib.Path(folder) / "reader.avsc"
        reader.write_text('{"type":"record","name":"Reading","namespace":"cases","fields":[{"name":"unit","type":"string","default":"K"},'
                          '{"name":"time","type":"double","aliases":["at"]}]}')
        code, text, talk = run(CHAPPE, "schema", "cat", "--reader", reader, FILES / "deflate.avro")
        assert code == 0, talk
        assert json.loads(text.splitlines()[1]) == {"unit": "K", "time": 1700000001000.0}
        reader.write_text('"int"')
        code, text, talk = run(CHAPPE, "schema", "cat", "--reader", reader, FILES / "deflate.avro")
        assert code == 1 and text == "" and "E2103" in talk, (code, text, talk)


def test_a_mistake_in_a_line_is_told_once_with_line_and_column():
    with tempfile.TemporaryDirectory() as folder:
        schema, out = pathlib.Path(folder) / "r.avsc", pathlib.Path(folder) / "r.avro"
        schema.write_text('{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":"int","aliases":["c"]}]}')
        encode = [CHAPPE, "schema", "encode", "-S", schema, "-o", out]
        code, _, talk = run(*encode, stdin='{"a":1,"b":2}\n{"a":1,"b":x}\n')
        assert code == 1 and "E2201 standard input, line 2:12: not a JSON value" in talk and "line 1" not in talk, talk
        code, _, talk = run(*encode, stdin='{"a":1,"b":2,"a":3}\n')
        assert code == 1 and "E2202 standard input, line 1:18: $.a: the field 'a' is there twice" in talk, talk
        code, _, talk = run(*encode, stdin='{"a":1,"b":2,"c":3}\n')
        assert code == 1 and "under its name and an alias" in talk, talk
        assert not out.exists()
        code, text, talk = run(*encode, "--hex", stdin='{"a":1,"b":2}\n')
        assert code == 2 and text == "" and "--hex" in talk and "--output" in talk and not out.exists(), (code, text, talk)


def test_schema_and_metadata_are_shown():
    code, text, talk = run(CHAPPE, "schema", "show", FILES / "snappy.avro")
    assert code == 0, talk
    assert "avro.codec: snappy" in text and "made.by: fastavro" in text
    assert json.loads(text.splitlines()[-1])["name"] == "cases.Reading"


def test_a_schema_is_shown_in_json_whatever_its_defaults_are():
    fields = ('{"name":"b","type":"bytes","default":"\\u0000"},{"name":"n","type":"double","default":100000000000000000000},'
              '{"name":"d","type":"double","default":1e400}')
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "r.avsc").write_text('{"type":"record","name":"R","fields":[%s]}' % fields)
        assert run(CHAPPE, "schema", "encode", "-S", f"{folder}/r.avsc", "-o", f"{folder}/r.avro", stdin="{}\n")[0] == 0
        code, text, talk = run(CHAPPE, "schema", "show", f"{folder}/r.avro", "-o", "json")
        assert code == 0 and talk == "", talk
        answer = json.loads(text)
        assert answer["codec"] == "deflate" and answer["metadata"] == {}, answer
        assert [field["default"] for field in answer["schema"]["fields"]] == ["\0", 1e20, float("inf")], answer


def test_what_is_no_container_is_refused():
    code, text, talk = run(CHAPPE, "schema", "cat", __file__)
    assert code == 1 and text == "" and "no Avro container file" in talk, (code, text, talk)
    code, text, talk = run(CHAPPE, "schema", "show", FILES / "none.avro")
    assert code == 1 and text == "" and "none.avro" in talk, (code, text, talk)


main(globals())
