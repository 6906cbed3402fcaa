#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""chappe schema check --level: a new schema against those before it.

usage: test_schema_levels.py CHAPPE
"""

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


def test_one_schema_is_not_enough():
    code, text, talk = run(CHAPPE, "schema", "check", "--level", "full", "x.avsc")
    assert code == 2 and text == "" and "NEW OLD" in talk, (code, text, talk)


main(globals())
