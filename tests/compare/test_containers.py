#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Container files between Chappe and Apache Avro for Java, each codec both ways.

usage: test_containers.py CHAPPE [nozstd]
"""

import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

from tap import main, run

CHAPPE = pathlib.Path(sys.argv[1]).resolve()
CODECS = ["null", "deflate", "snappy"] + ([] if "nozstd" in sys.argv else ["zstandard"])
SCHEMA = {"type": "record", "name": "shop.Reading", "fields": [
    {"name": "n", "type": "long"}, {"name": "text", "type": "string"}, {"name": "maybe", "type": ["null", "double"], "default": None},
    {"name": "list", "type": {"type": "array", "items": {"type": "map", "values": "int"}}},
    {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
    {"name": "sum", "type": {"type": "fixed", "name": "Sum", "size": 4}}]}
VALUES = [{"n": (-1) ** n * n ** 5, "text": "é☃" * (n % 30), "maybe": {"double": n / 8} if n % 3 else None,
           "list": [{"a": n, "b": -n}] * (n % 4), "kind": "AB"[n % 2], "sum": "\u00ff\u0000" + chr(n % 256) + "x"} for n in range(3000)]


def test_java_reads_what_chappe_writes_and_chappe_what_java_writes():
    jars = subprocess.run([HERE / "fetch"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "schema.avsc").write_text(json.dumps(SCHEMA))
        words = []
        for codec in CODECS:
            code, _, talk = run(CHAPPE, "schema", "encode", "--schema", "schema.avsc", "-o", f"{codec}.avro", "--codec", codec, folder=folder,
                                stdin="".join(json.dumps(value) + "\n" for value in VALUES))
            assert code == 0, talk
            for theirs in CODECS:
                words += [folder / f"{codec}.avro", folder / f"{codec}-{theirs}.avro", theirs]
        code, _, talk = run("java", "-XX:+UseSerialGC", "-cp", f"{jars}/*", HERE / "Containers.java", *words)
        assert code == 0, talk
        for path in words[1::3]:
            assert json.loads(run(CHAPPE, "schema", "show", path, "-o", "json")[1])["metadata"] == {"made.by": "Java"}
            code, text, talk = run(CHAPPE, "schema", "cat", path)
            assert code == 0 and [json.loads(line) for line in text.splitlines()] == VALUES, (path, talk)


main(globals())
