#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line, without a cluster: exact forms that others rely on.

usage: test_command_line.py CHAPPE SOURCE_ROOT
"""

import json
import pathlib
import select
import subprocess
import sys
import tempfile

from tap import main, run

CHAPPE, ROOT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
PLACED = ["-I", ROOT / "schemas"]
PLACED_FILE = ROOT / "schemas/shop/order_placed.avsc"
ORDER = ('{"order_id":"o-1","kind":"sale","customer":"","country":"DE","currency":"EUR","total":5,"placed_at":1,'
         '"exchange_rate":null,"lines":[{"sku":"a","description":"d","quantity":1,"unit_price":5}]}')
ORDER_HEX = "066f2d310000044445064555520a02000202610264020a00"


def schema(text):
    file = tempfile.NamedTemporaryFile("w", suffix=".avsc")
    file.write(text)
    file.flush()
    return file


def test_fingerprint_is_the_bytes_of_a_single_object_header():
    with schema('"int"') as file:
        assert run(CHAPPE, "schema", "fingerprint", file.name) == (0, "8f5c393f1ad57572\n", "")


def test_canonical_form_of_a_schema_with_imports():
    code, text, _ = run(CHAPPE, "schema", "canonical", PLACED_FILE, *PLACED)
    assert code == 0 and json.loads(text)["fields"][8]["type"]["items"]["name"] == "shop.OrderLine" and " " not in text


def test_encode_and_decode_are_line_by_line():
    lines = ORDER + "\n{}\n\n"
    code, text, _ = run(CHAPPE, "schema", "encode", "--schema", PLACED_FILE, *PLACED, "--hex", stdin=lines)
    answers = text.split("\n")
    assert code == 0 and answers[0] == ORDER_HEX and len(answers) == 4, text
    assert answers[1].startswith("error: ") and answers[2].startswith("error: "), text
    code, text, _ = run(CHAPPE, "schema", "decode", "--writer", PLACED_FILE, *PLACED, "--hex", stdin=ORDER_HEX + "\n02\nxyz\n\n")
    answers = text.split("\n")
    assert code == 0 and answers[0] == ORDER and all(a.startswith("error: ") for a in answers[1:4]), text


def test_what_cannot_be_encoded_is_told_with_its_line():
    with schema('{"type":"record","name":"R","fields":[{"name":"f","type":"float"}]}') as file:
        code, text, _ = run(CHAPPE, "schema", "encode", "--schema", file.name, "--hex", stdin='{"f":1}\n{"f":1e39}\n{"f":"x"}\n{"f":\n')
    answers = text.splitlines()
    assert code == 0 and answers[0] == "0000803f" and "line 1:" not in text, text
    assert answers[1] == "error: E2202 standard input, line 2:6: $.f: 1e39 is beyond a float", text
    assert "input, line 3:6: $.f: " in answers[2] and "E2201 standard input, line 4:" in answers[3], text


def test_an_empty_line_is_an_empty_datum():
    with schema('"null"') as file:
        assert run(CHAPPE, "schema", "decode", "--writer", file.name, "--hex", stdin="\n\n") == (0, "null\nnull\n", "")


def test_an_error_has_a_code_and_says_what_was_found():
    with schema('{"type":"enum","name":"E","symbols":["A","B"]}') as file:
        code, text, _ = run(CHAPPE, "schema", "decode", "--writer", file.name, "--hex", stdin="c601\n02\n")
    assert code == 0 and text == 'error: E2101 $ at byte 2: an enum symbol that does not exist: 99, where there are 2\n"B"\n', text


def test_a_schema_may_come_through_a_pipe():
    pipes = """printf '"int"' | "$0" schema decode --writer /dev/fd/4 --hex 4<&0 0<&3"""
    assert run("sh", "-c", f"{{ {pipes}; }} 3<&0", CHAPPE, stdin="06\n") == (0, "3\n", "")


def test_decode_reads_as_the_reader():
    with schema('"int"') as writer, schema('["null","double"]') as reader:
        code, text, _ = run(CHAPPE, "schema", "decode", "--writer", writer.name, "--reader", reader.name, "--hex", stdin="06\n")
        assert code == 0 and json.loads(text) == {"double": 3.0}, text


def test_check_says_yes_or_no_with_the_reason():
    with schema('"int"') as a, schema('"string"') as b, schema('"long"') as c:
        assert run(CHAPPE, "schema", "check", "--reader", c.name, "--writer", a.name)[0] == 0
        code, text, _ = run(CHAPPE, "schema", "check", "--reader", b.name, "--writer", a.name)
        assert code == 1 and text.startswith("incompatible: ") and "int" in text, text
        assert run(CHAPPE, "schema", "decode", "--reader", b.name, "--writer", a.name, "--hex", stdin="")[0] == 1


def test_unknown_words_name_the_nearest_known_one():
    for words, meant in ((["schema", "chekc"], "schema check"), (["explian"], "explain"), (["schema", "check", "--readr", "x"], "--reader"),
                         (["topic", "ls", "--set", "workrs=1"], "workers")):
        code, text, talk = run(CHAPPE, *words)
        assert code == 2 and text == "" and f"'{meant}'" in talk, (words, code, talk)


def test_every_command_has_help_and_completion():
    code, text, _ = run(CHAPPE, "--help")
    names = [line[2:22].strip() for line in text.splitlines() if line.startswith("  ") and line[2:22].strip()]
    assert code == 0 and {"produce", "consume", "call", "topic ls", "schema decode", "dev", "run", "explain"} <= set(names), names
    completion = run(CHAPPE, "completion", "bash")[1]
    for name in names:
        code, text, talk = run(CHAPPE, *name.split(), "--help")
        assert code == 0 and text.startswith(f"usage: chappe {name}") and talk == "", (name, talk)
        assert all(len(line) <= 80 and not line.endswith(" ") for line in text.splitlines()), text
        assert f"'{name}'*)" in completion, name


def test_completion_completes():
    script = 'eval "$("$1" completion bash)"; COMP_WORDS=(chappe schema can); COMP_CWORD=2; _chappe; echo "${COMPREPLY[@]}"; ' \
             'COMP_WORDS=(chappe explain -o ""); COMP_CWORD=3; _chappe; echo "${COMPREPLY[@]}"; ' \
             'COMP_WORDS=(chappe schema check --wr); COMP_CWORD=3; _chappe; echo "${COMPREPLY[@]}"'
    assert run("bash", "-c", script, "bash", CHAPPE)[1].split("\n")[:3] == ["canonical", "table json", "--writer"]


def test_a_word_of_a_group_names_the_group():
    for words, meant in ((["topci", "ls"], "topic"), (["topci"], "topic"), (["shcema", "check"], "schema"), (["ls"], "topic ls"),
                         (["decode"], "schema decode")):
        code, text, talk = run(CHAPPE, *words)
        assert code == 2 and text == "" and f"'{meant}" in talk, (words, code, talk)


def test_what_is_missing_is_named():
    for words, missing in ((["schema", "decode", "--hex"], "--writer FILE"), (["schema", "decode", "--writer", "x"], "--hex"),
                           (["schema", "encode", "--hex"], "--schema FILE"), (["schema", "check", "--writer", "x"], "--reader FILE"),
                           (["consume"], "TOPIC"), (["schema", "canonical"], "FILE"), (["call", "a", "b"], "the request"),
                           (["produce", "a", "--json"], "--json needs a value")):
        code, text, talk = run(CHAPPE, *words)
        assert code == 2 and text == "" and missing in talk and ("needs" in talk or "missing" in talk), (words, code, talk)


def test_types_of_the_same_tree_are_found_without_being_told_where():
    code, text, talk = run(CHAPPE, "schema", "canonical", PLACED_FILE, folder="/")
    assert code == 0 and "shop.OrderLine" in text, talk
    code, text, talk = run(CHAPPE, "schema", "canonical", "order_placed.avsc", folder=PLACED_FILE.parent)
    assert code == 0 and "shop.OrderLine" in text, talk


def test_an_answer_is_printable_whatever_the_question():
    with schema('{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"enum","name":"E","symbols":["X"]}}]}') as file:
        code, text, _ = run(CHAPPE, "schema", "encode", "--schema", file.name, "--hex",
                            stdin='{"a":"\\u001b[31m\\nY"}\n{"\\u009b\\u007f":1}\n')
        assert code == 0 and len(text.splitlines()) == 2 and all(line.startswith("error: ") for line in text.splitlines()), text
        assert not any(ord(c) < 32 or 0x7f <= ord(c) < 0xa0 for c in text.replace("\n", "")), text
    for words in (["\x1b[31m"], ["explain", "\x1b[31m"], ["schema", "canonical", "\x1b[31m"], ["consume", "x", "--\x1b[31m"]):
        assert "\x1b" not in run(CHAPPE, *words)[2], words


def test_each_answer_comes_at_once():
    with schema('"int"') as file:
        words = [CHAPPE, "schema", "decode", "--writer", file.name, "--hex"]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            for number in range(3):
                process.stdin.write(f"{2 * number:02x}\n")
                process.stdin.flush()
                assert select.select([process.stdout], [], [], 20)[0] and process.stdout.readline() == f"{number}\n"
            process.stdin.close()


def test_a_topic_needs_a_name_that_kafka_takes():
    for name in ("", ".", "..", "bad name", "a/b", "ü", "x" * 250, "\x1b"):
        code, text, talk = run(CHAPPE, "topic", "create", name, "--brokers", "127.0.0.1:1")
        assert code == 2 and text == "" and "letters" in talk, (name, code, talk)


def test_explain_knows_every_code():
    code, text, _ = run(CHAPPE, "explain", "-o", "json")
    rows = json.loads(text)
    assert code == 0 and len(rows) > 30 and all(row["summary"] and row["advice"] for row in rows)
    for row in rows:
        code, text, _ = run(CHAPPE, "explain", row["code"])
        assert code == 0 and text.startswith(f"{row['code']}: {row['summary']}")
    assert run(CHAPPE, "explain", "E9")[0] == 2
    assert run(CHAPPE, "explain", "L0110")[:2] == (0, "L0110: lines were dropped because the log could not be written\n")
    assert json.loads(run(CHAPPE, "explain", "l4040", "-o", "json")[1])[0]["id"] == "L4040"
    for word in ("L", "L9", "L4040x"):
        assert run(CHAPPE, "explain", word)[0] == 2, word


def test_data_without_a_reader_ends_quietly():
    done = subprocess.run(["bash", "-c", f'"{CHAPPE}" explain | true; echo "${{PIPESTATUS[0]}}"'], capture_output=True, text=True)
    assert done.stderr == "" and done.stdout.strip() in ("0", "141"), done


def test_a_full_disk_is_a_failure():
    code, _, talk = run("bash", "-c", f'"{CHAPPE}" explain > /dev/full')
    assert code == 1 and "No space left" in talk, talk


def test_no_cluster_is_exit_code_3():
    code, text, talk = run(CHAPPE, "topic", "ls", "--brokers", "127.0.0.1:1", "--set", "broker_timeout_ms=500")
    assert code == 3 and text == "" and "E3001" in talk, talk


main(globals())
