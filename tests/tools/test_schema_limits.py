#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Limits on schemas and payloads: each holds, is named in its error, and is changed by that name.

usage: test_schema_limits.py CHAPPE CHAPPE_GEN SOURCE_ROOT
"""

import json
import pathlib
import sys
import tempfile

from tap import main, run

CHAPPE, GENERATOR, ROOT = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])


def record(fields):
    return json.dumps({"type": "record", "name": "R", "fields": [{"name": "f", "type": fields}]})


def nested(depth):
    return '{"type":"array","items":' * depth + '"int"' + "}" * depth


BEYOND = {
    "schema_text": (json.dumps({"type": "record", "name": "R", "doc": "d" * (3 << 20), "fields": []}), 4 << 20),
    "schema_depth": (record(json.loads(nested(80))), 100),
    "schema_fixed": (record({"type": "fixed", "name": "F", "size": 2 << 20}), 2 << 20),
    "schema_branches": (record([{"type": "fixed", "name": f"F{n}", "size": 1} for n in range(300)]), 300),
}


def written(folder, text):
    path = pathlib.Path(folder) / "beyond.avsc"
    path.write_text(text)
    return path


def test_a_schema_beyond_a_limit_is_taken_when_the_limit_is_raised_by_its_name():
    for name, (text, raised) in BEYOND.items():
        with tempfile.TemporaryDirectory() as folder:
            path = written(folder, text)
            for command in ([CHAPPE, "schema", "fingerprint", path], [CHAPPE, "schema", "check", "-r", path, "-w", path],
                            [CHAPPE, "schema", "diff", path, path], [GENERATOR, "-o", folder, path]):
                code, _, talk = run(*command)
                assert code == 1 and "E2003" in talk and name in talk, (name, command, code, talk)
                code, _, talk = run(*command, "--set", f"{name}={raised}")
                assert code == 0, (name, command, code, talk)
            assert (pathlib.Path(folder) / "beyond.h").exists()


def test_a_limit_may_be_lowered():
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, record("int"))
        for command in ([CHAPPE, "schema", "canonical", path], [GENERATOR, "-o", folder, path]):
            code, _, talk = run(*command, "-s", "schema_depth=1")
            assert code == 1 and "schema_depth" in talk, (code, talk)


def test_only_limits_can_be_set_where_there_is_no_cluster():
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, '"int"')
        for setting in ("workers=3", "schema_text", "schema_topic=x", "schema_text=7days", "schema_depth=129"):
            for command in ([CHAPPE, "schema", "canonical", path], [GENERATOR, "-o", folder, path]):
                code, text, talk = run(*command, "--set", setting)
                assert code in (1, 2) and text == "" and "schema_" in talk, (setting, code, text, talk)
        assert run(CHAPPE, "schema", "canonical", path, "--set", "decode_depth=3")[0] == 2
    for name in BEYOND:
        assert name in run(GENERATOR, "--help")[1] and name in run(CHAPPE, "schema", "check", "--help")[1]
        assert f"{name}=" in run(CHAPPE, "completion", "bash")[1]


def test_a_payload_beyond_a_limit_is_read_when_the_limit_is_raised():
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, '{"type":"array","items":"null"}')
        datum = "c09a0c00"  # 100,000 nulls
        decode = [CHAPPE, "schema", "decode", "-w", path, "-x"]
        _, text, _ = run(*decode, stdin=datum + "\n")
        assert text.startswith("error: E2102") and "decode_zero_byte_items" in text, text
        code, text, talk = run(*decode, "-s", "decode_zero_byte_items=100000", stdin=datum + "\n")
        assert code == 0 and len(json.loads(text)) == 100000, (text[:200], talk)
        path.write_text(nested(5))
        _, text, _ = run(*decode, "--set", "decode_depth=4", stdin="0202020202020000000000\n")
        assert "decode_depth" in text, text
        assert json.loads(run(*decode, "--set", "decode_depth=5", stdin="0202020202020000000000\n")[1]) == [[[[[1]]]]]


def test_the_limits_hold_for_container_files_too():
    with tempfile.TemporaryDirectory() as folder:
        branches = [{"type": "fixed", "name": f"F{n}", "size": 1} for n in range(299)]
        path, file = written(folder, record(branches + [{"type": "array", "items": "null"}])), pathlib.Path(folder) / "values.avro"
        datum = json.dumps({"f": {"array": [None] * 20000}})
        raised = ["-s", "schema_branches=300"]
        code, _, talk = run(CHAPPE, "schema", "encode", "-S", path, "-o", file, *raised, stdin=datum + "\n")
        assert code == 0, talk
        code, _, talk = run(CHAPPE, "schema", "show", file)
        assert code == 1 and "schema_branches" in talk, (code, talk)
        assert run(CHAPPE, "schema", "show", file, *raised)[0] == 0
        code, text, talk = run(CHAPPE, "schema", "cat", file, *raised)
        assert code == 1 and "decode_zero_byte_items" in talk, (code, text, talk)
        code, text, talk = run(CHAPPE, "schema", "cat", file, *raised, "-s", "decode_zero_byte_items=20000")
        assert code == 0 and json.loads(text) == json.loads(datum), (code, text[:200], talk)


main(globals())
