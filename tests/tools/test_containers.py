#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Avro container files on the command line: into and out of topics, damaged in every way, and exchanged with fastavro.

usage: test_containers.py CHAPPE SOURCE_ROOT [nozstd]
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import zlib

from tap import main, run

CHAPPE, ROOT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
CODECS = ["null", "deflate", "snappy"] + ([] if "nozstd" in sys.argv else ["zstandard"])
PLACED = ["--schema", ROOT / "schemas/shop/order_placed.avsc", "-I", ROOT / "schemas"]
FILES = ROOT / "tests/cases/avro/container"
READING = json.loads(run(CHAPPE, "schema", "show", FILES / "null.avro", "-o", "json")[1])["schema"]

broker = subprocess.Popen([CHAPPE, "dev", "--exit-with-parent"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
ENVIRONMENT = os.environ | {"CHAPPE_BROKERS": broker.stdout.readline().strip()}
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="chappe-containers-"))


def chappe(*words, stdin=""):
    return run(CHAPPE, *words, stdin=stdin, environment=ENVIRONMENT, folder=FOLDER)


def cat(path, *options):
    code, text, talk = chappe("schema", "cat", path, *options)
    assert code == 0, talk
    return text.splitlines()


def write(path, codec, lines, schema=None):
    (FOLDER / "written.avsc").write_text(json.dumps(schema or READING))
    return chappe("schema", "encode", "--schema", "written.avsc", "-o", path, "--codec", codec, stdin="".join(line + "\n" for line in lines))


def varint(number):
    number, out = number << 1 ^ number >> 63, b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def container(codec, *blocks, schema='"bytes"'):
    """A file of blocks (count, size as said, bytes), with a sync mark of zeros."""
    def text(of):
        return varint(len(of)) + of.encode()
    file = b"Obj\x01" + varint(2) + text("avro.codec") + text(codec) + text("avro.schema") + text(schema) + b"\x00" + bytes(16)
    return file + b"".join(varint(count) + varint(size) + data + bytes(16) for count, size, data in blocks)


def test_topics_go_into_files_and_files_into_topics():
    code, _, talk = chappe("produce", "orders", *PLACED, "--fake", 300, "--seed", 3, "--create")
    assert code == 0, talk
    for codec in CODECS:
        code, text, talk = chappe("consume", "orders", "--from", "beginning", "-e", "-o", f"{codec}.avro", "--codec", codec)
        assert code == 0 and text == "" and "300 values in" in talk, talk
        assert json.loads(chappe("schema", "show", f"{codec}.avro", "-o", "json")[1])["codec"] == codec
        code, _, talk = chappe("produce", f"orders.{codec}", "--from", f"{codec}.avro", "--create")
        assert code == 0 and "300 delivered" in talk, talk
        values = chappe("consume", f"orders.{codec}", "--from", "beginning", "-e", "-o", "again.avro")
        assert values[0] == 0 and sorted(cat("again.avro")) == sorted(cat("null.avro")), values[2]
    keys = [json.loads(line)["key"] for line in chappe("consume", "orders.null", "--from", "beginning", "-e", "-f", "json")[1].splitlines()]
    assert sorted(keys) == sorted(json.loads(line)["order_id"] for line in cat("null.avro"))
    assert not list(FOLDER.glob("*.part*"))


def test_an_interrupt_makes_the_file_whole():
    assert chappe("produce", "steady", *PLACED, "--fake", 50, "--seed", 5, "--create")[0] == 0
    reader = subprocess.Popen([CHAPPE, "consume", "steady", "--from", "beginning", "-o", "follow.avro"], cwd=FOLDER, env=ENVIRONMENT,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list(FOLDER.glob("follow.avro.part*")) and reader.poll() is None:
        pass
    assert not (FOLDER / "follow.avro").exists()
    reader.send_signal(signal.SIGINT)
    _, talk = reader.communicate(timeout=60)
    assert reader.returncode == 0 and f"{len(cat('follow.avro'))} values in follow.avro" in talk, talk
    assert not list(FOLDER.glob("*.part*"))


def test_values_of_several_schemas_stand_in_one_file():
    for name, fields in (("v1", '{"name":"a","type":"int"}'), ("v2", '{"name":"a","type":"long"},{"name":"b","type":"string","default":"-"}')):
        (FOLDER / f"{name}.avsc").write_text('{"type":"record","name":"Evolved","fields":[%s]}' % fields)
    assert chappe("produce", "evolved", "--schema", "v1.avsc", "--create", '{"a":1}')[0] == 0
    assert chappe("produce", "evolved", "--schema", "v2.avsc", '{"a":5000000000,"b":"x"}')[0] == 0
    code, _, talk = chappe("consume", "evolved", "--from", "beginning", "-e", "-o", "evolved.avro", "--reader", "v2.avsc")
    assert code == 0, talk
    assert sorted(cat("evolved.avro")) == ['{"a":1,"b":"-"}', '{"a":5000000000,"b":"x"}']
    code, _, talk = chappe("consume", "evolved", "--from", "beginning", "-e", "-o", "narrow.avro", "--reader", "v1.avsc")
    assert code == 1 and "E2103" in talk and "evolved[" in talk and not (FOLDER / "narrow.avro").exists(), talk
    code, _, talk = chappe("produce", "evolved", "--from", "evolved.avro", "--schema", "v1.avsc")
    assert code == 1 and "E2103" in talk and "evolved.avro" in talk, talk


def test_what_stands_in_the_way_leaves_no_file():
    for words, code, reason in ((["nowhere", "-e", "-o", "x.avro"], 1, "E3003"), (["orders", "--raw", "-o", "x.avro"], 2, "--raw"),
                                (["orders", "-e", "-o", "no/x.avro", "--from", "beginning"], 1, "no/x.avro: No such file"),
                                (["orders", "-e", "--codec", "null"], 2, "-o FILE.avro"), (["orders", "-o", "x.csv"], 2, "x.csv"),
                                (["orders", "-e", "--from", "end", "-o", "x.avro"], 1, "no value")):
        found, text, talk = chappe("consume", *words)
        assert found == code and text == "" and reason in talk, (words, found, talk)
    assert not list(FOLDER.glob("x.*"))
    (FOLDER / "kept.avro").write_bytes(b"as it was")
    code, _, talk = write("kept.avro", "null", ['{"sensor":"a","at":1,"values":[],"note":null}', "nonsense"])
    assert code == 1 and "line 2" in talk and (FOLDER / "kept.avro").read_bytes() == b"as it was", talk
    assert not list(FOLDER.glob("*.part*"))


def test_a_damaged_file_gives_what_comes_before():
    whole = (FILES / "null.avro").read_bytes()
    (FOLDER / "cut.avro").write_bytes(whole[:-100])
    code, text, talk = chappe("schema", "cat", "cut.avro")
    lines = cat(FILES / "null.avro")
    assert code == 1 and "E2101 cut.avro at byte" in talk and text.splitlines() == lines[:len(text.splitlines())], talk
    assert 100 < len(text.splitlines()) < len(lines)
    code, _, talk = chappe("produce", "cut", "--from", "cut.avro", "--create")
    assert code == 1 and f"{len(text.splitlines())} were delivered" in talk and "E2101 cut.avro" in talk, talk


def test_hostile_files_are_refused():
    zeros = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"".join(zeros.compress(bytes(1 << 20)) for _ in range(80)) + zeros.flush()
    for name, file, reason in (
            ("sync", container("null", (1, 2, b"\x02a")) [:-1] + b"x", "sync mark"),
            ("left", container("null", (1, 3, b"\x02aa")), "left over"),
            ("short", container("null", (2, 2, b"\x02a")), "value 2"),
            ("huge", container("null", (1, 2**62, b"")), "cut off"),
            ("negative", container("null", (-1, 2, b"\x02a")), "malformed"),
            ("count", container("null", (2**40, 0, b""), schema='"null"'), "more values than bytes"),
            ("codec", container("lzma", (1, 2, b"\x02a")), "lzma"),
            ("bomb", container("deflate", (1, len(bomb), bomb)), "67108864"),
            ("deflate", container("deflate", (1, 3, b"abc")), "deflate"),
            ("snappy", container("snappy", (1, 9, b"\xff\xff\xff\xff\x0faaaa")), "67108864"),
            ("sum", container("snappy", (1, 8, b"\x02\x04\x02aaaaa")), "checksum"),
            ("zstandard", container("zstandard", (1, 3, b"abc")), "zstandard"),
            ("empty", b"", "no Avro container file"), ("schema", container("null", schema="{"), "E2001")):
        (FOLDER / f"{name}.avro").write_bytes(file)
        code, text, talk = chappe("schema", "cat", f"{name}.avro")
        assert code == 1 and reason in talk and f"{name}.avro" in talk and talk.count("\n") == 1, (name, code, talk)
        assert len(text) < 10, (name, text)
    if "zstandard" in CODECS: # a frame that asks for a window of 2 GiB
        (FOLDER / "window.avro").write_bytes(container("zstandard", (1, 14, b"\x28\xb5\x2f\xfd\x00\xa8" + bytes(8))))
        code, _, talk = chappe("schema", "cat", "window.avro")
        assert code == 1 and "zstandard" in talk and "memory" in talk, talk


def test_standard_input_is_a_file_too():
    with open(FILES / "deflate.avro", "rb") as file:
        piped = subprocess.run(f"cat | {CHAPPE} schema cat - -n 3", shell=True, stdin=file, capture_output=True, text=True)
    assert piped.returncode == 0 and piped.stdout.splitlines() == cat(FILES / "null.avro")[:3], piped.stderr
    for path, reason in ((".", "Is a directory"), ("none.avro", "No such file")):
        code, text, talk = chappe("schema", "show", path)
        assert code == 1 and text == "" and reason in talk, talk


def test_no_value_speaks_to_the_terminal():
    assert write("said.avro", "null", ['"\\u001b[31m\\u009b\\u007f\\u202e é"'], "string")[0] == 0
    text = cat("said.avro")[0]
    assert not set(text) & set("\x1b\x9b\x7f\u202e") and json.loads(text) == "\x1b[31m\x9b\x7f\u202e é", text


def test_fastavro_reads_what_chappe_writes():
    lines = cat(FILES / "null.avro")
    script = FOLDER / "read.py"
    script.write_text("import fastavro, json, sys\n"
                      "for path in sys.argv[1:]:\n"
                      "    with open(path, 'rb') as file:\n"
                      "        reader = fastavro.reader(file)\n"
                      "        print(json.dumps([reader.codec, list(reader)]))\n")
    for codec in CODECS:
        code, _, talk = write(f"{codec}.avro", codec, lines * 20)
        assert code == 0, talk
    code, text, talk = run(ROOT / "tests/interop/python/run", script, *(FOLDER / f"{codec}.avro" for codec in CODECS))
    assert code == 0, talk
    expected = [json.loads(line) for line in lines * 20]
    for value in expected:
        value["note"] = value["note"] and value["note"]["string"]
    for codec, line in zip(CODECS, text.splitlines(), strict=True):
        found, values = json.loads(line)
        assert found == codec and values == expected, codec


def test_chappe_reads_what_fastavro_writes():
    script = FOLDER / "write.py"
    script.write_text("import fastavro, json, random, sys\n"
                      "seed, folder, codecs = int(sys.argv[1]), sys.argv[2], sys.argv[3:]\n"
                      "schema = fastavro.parse_schema({'type': 'record', 'name': 'Any', 'fields': [{'name': 'n', 'type': 'long'},"
                      " {'name': 'text', 'type': 'string'}, {'name': 'maybe', 'type': ['null', 'double']}, {'name': 'map', 'type':"
                      " {'type': 'map', 'values': 'int'}}]})\n"
                      "draw = random.Random(seed)\n"
                      "values = [{'n': draw.randrange(-2**63, 2**63), 'text': ''.join(draw.choices('abé☃', k=draw.randrange(40))),"
                      " 'maybe': draw.choice([None, draw.random()]), 'map': {str(n): n for n in range(draw.randrange(4))}} for _ in range(3000)]\n"
                      "for codec in codecs:\n"
                      "    with open(f'{folder}/theirs-{codec}.avro', 'wb') as file:\n"
                      "        fastavro.writer(file, schema, values, codec=codec, sync_interval=draw.choice([100, 5000, 10**6]))\n"
                      "print(json.dumps(values))\n")
    seed = int(os.environ.get("CHAPPE_TEST_SEED", 20261128))
    print(f"# seed {seed}", flush=True)
    code, text, talk = run(ROOT / "tests/interop/python/run", script, seed, FOLDER, *CODECS)
    assert code == 0, talk
    for codec in CODECS:
        assert [json.loads(line) for line in cat(f"theirs-{codec}.avro", "--plain")] == json.loads(text), codec


try:
    main(globals())
finally:
    broker.kill()
    broker.wait()
    subprocess.run(["rm", "-rf", FOLDER])
