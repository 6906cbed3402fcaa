#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line against an embedded broker (`chappe dev`), end to end.

usage: test_cluster_commands.py CHAPPE SOURCE_ROOT EMBED
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from stage import Stage
from tap import main, run

CHAPPE, ROOT, EMBED = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3]).resolve()
PLACED = ["--schema", ROOT / "schemas/shop/order_placed.avsc", "-I", ROOT / "schemas"]
TOPIC = "shop.orders.placed"

broker = subprocess.Popen([CHAPPE, "dev", "--exit-with-parent"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
ENVIRONMENT = os.environ | {"CHAPPE_BROKERS": broker.stdout.readline().strip()}


def chappe(*words, stdin=""):
    return run(CHAPPE, *words, stdin=stdin, environment=ENVIRONMENT)


def consumed(topic, *options):
    begin = [] if "--last" in options else ["--from", "beginning"]
    code, text, talk = chappe("consume", topic, *begin, "--exit", "-f", "json", *options)
    assert code == 0, talk
    return [json.loads(line) for line in text.splitlines()]


def order(name, **more):
    return json.dumps({"order_id": name, "kind": "sale", "customer": "Zoë", "country": "DE", "currency": "EUR", "total": 1,
                       "placed_at": 0, "lines": []} | more)


def test_a_mistyped_topic_does_not_come_into_being():
    code, _, talk = chappe("produce", "shop.orders.palced", *PLACED, order("x"))
    assert code == 1 and "E3003" in talk, talk
    assert "palced" not in chappe("topic", "ls", "--all")[1]


def test_topics_are_created_listed_and_shown():
    code, _, talk = chappe("topic", "create", TOPIC)
    assert code == 0 and f"{TOPIC} is created, with 4 partitions" in talk, talk
    code, _, talk = chappe("topic", "create", "three", "--partitions", 3)
    assert code == 1 and "E3011" in talk and "with 4 partitions, not 3" in talk, talk
    code, text, _ = chappe("topic", "ls", "shop.*", "-o", "json")
    assert code == 0 and [row["topic"] for row in json.loads(text)] == [TOPIC]
    rows = json.loads(chappe("topic", "show", TOPIC, "-o", "json")[1])
    assert [row["partition"] for row in rows] == [0, 1, 2, 3] and sum(row["records"] for row in rows) == 0
    assert chappe("topic", "show", "nowhere")[0] == 1


def test_values_arrive_as_they_were_produced():
    code, _, talk = chappe("produce", TOPIC, *PLACED, order("one"))
    assert code == 0 and "1 delivered" in talk, talk
    code, _, talk = chappe("produce", TOPIC, stdin=order("two") + "\n\n" + order("three", exchange_rate="-0.000001") + "\n")
    assert code == 0 and "2 delivered" in talk, talk
    records = consumed(TOPIC)
    assert sorted(record["key"] for record in records) == ["one", "three", "two"]
    assert all(record["value"]["customer"] == "Zoë" and record["type"] == "shop.OrderPlaced" for record in records)
    assert {record["value"]["exchange_rate"] for record in records} == {None, "-0.000001"}


def test_a_reader_who_has_had_enough_is_noticed_though_nothing_comes():
    code, _, talk = chappe("produce", TOPIC, *PLACED, order("heard"))
    assert code == 0, talk
    reader = subprocess.Popen([CHAPPE, "consume", TOPIC, "--last", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=ENVIRONMENT)
    assert reader.stdout.readline()
    reader.stdout.close()
    assert reader.wait(timeout=60) == 141, reader.stderr.read()


def test_bare_values_are_read_by_the_schema_that_is_given():
    code, _, talk = chappe("produce", "legacy.orders", *PLACED, order("bare"), "--create", "-s", "bare_topics=legacy.*")
    assert code == 0 and "1 delivered" in talk, talk
    record, = consumed("legacy.orders", *PLACED)
    assert record["value"]["order_id"] == "bare" and record["type"] == "shop.OrderPlaced", record
    code, text, talk = chappe("consume", "legacy.orders", "--from", "beginning", "--exit", "-f", "json")
    assert code == 1 and "value" not in json.loads(text), "a bare payload was guessed"


def test_a_type_is_found_by_its_name():
    for words in (["--type", "OrderPlaced", "-I", ROOT / "schemas"], ["-T", "shop.OrderPlaced", "-I", ROOT / "schemas"]):
        code, _, talk = chappe("produce", TOPIC, *words, order("named"))
        assert code == 0 and "1 delivered" in talk, talk
    code, _, talk = run(CHAPPE, "produce", TOPIC, "-T", "OrderPlaced", order("named"), environment=ENVIRONMENT, folder=ROOT)
    assert code == 0 and "1 delivered" in talk, talk
    assert [record["type"] for record in consumed(TOPIC, "--where", "order_id=named")] == ["shop.OrderPlaced"] * 3
    code, text, talk = chappe("consume", TOPIC, "--from", "beginning", "--exit", "--where", "order_idd=named")
    assert code == 1 and text == "" and "no record that was read has the field order_idd\n" in talk, talk
    code, _, talk = chappe("produce", TOPIC, "--type", "OrderPalced", "-I", ROOT / "schemas", order("x"))
    assert code == 2 and "OrderPalced" in talk, talk
    code, _, talk = chappe("produce", "team." + TOPIC, "--type", "OrderPlaced", "-I", ROOT / "schemas", order("x"))
    assert code == 2 and "namespaces of the topic's name" in talk, talk


def test_a_contract_is_found_by_its_topic():
    request = json.dumps({"order_id": "o", "lines": []})
    assert chappe("topic", "create", "shop.inventory")[0] == 0
    code, text, talk = run(CHAPPE, "call", "shop.inventory", "reserve", request, "-t", "300ms", environment=ENVIRONMENT, folder=ROOT)
    assert code == 3 and text == "" and "E1003" in talk, (code, talk)
    code, text, talk = run(CHAPPE, "call", "shop.inventory", "reserve", request, environment=ENVIRONMENT, folder="/")
    assert code == 2 and "--protocol" in talk, talk


def test_a_one_way_message_is_delivered_and_not_waited_for():
    assert chappe("topic", "create", "zoo.keeper")[0] == 0
    keeper = ["--protocol", ROOT / "tests/tools/schemas/zoo/keeper.avpr", "-I", ROOT / "tests/tools/schemas"]
    code, text, talk = chappe("call", "zoo.keeper", "wake", '{"mood":"good"}', *keeper)
    assert code == 0 and text == "" and "delivered" in talk, (code, text, talk)
    code, text, talk = chappe("consume", "zoo.keeper", "--from", "beginning", "--exit", "-f", "json")
    record = json.loads(text)
    assert code == 0 and record["value"] == {"mood": "good"}, (text, talk)


def test_a_key_that_is_no_string_field_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "keyed.avsc"
        made_up = ["produce", "keyed", "--schema", path, "--fake", "1", "--create"]
        for schema in ({"type": "record", "name": "R", "fields": [{"name": "n", "type": "long"}]}, {"type": "map", "values": "int"},
                       {"type": "enum", "name": "E", "symbols": ["A", "B"]}, {"type": "fixed", "name": "F", "size": 4}):
            path.write_text(json.dumps(schema))
            for field in ("n", "missing"):
                code, _, talk = chappe(*made_up, "--key-field", field)
                assert code == 1 and "E7001" in talk and "no string field" in talk, (schema, code, talk)
            path.write_text(json.dumps(schema | {"chappe.key": "n"}))
            code, _, talk = chappe(*made_up)
            assert code == (1 if schema["type"] == "record" else 0), (schema, code, talk)


def test_records_are_printed_as_json_by_either_option():
    for words in (["-f", "json"], ["-o", "json"]):
        code, text, talk = chappe("consume", TOPIC, "--from", "beginning", "--exit", "-n", 1, *words)
        assert code == 0 and json.loads(text)["topic"] == TOPIC, talk


def test_what_the_cluster_refuses_is_no_silence():
    code, text, talk = chappe("produce", TOPIC, "--set", "registry=nonsense", order("x"))
    assert code == 2 and "E3101" in talk, (code, talk)


def test_no_record_speaks_to_the_terminal():
    hostile = "\x1b[31m\x9b2J\x7f\u202e\u2066 é€"
    with tempfile.NamedTemporaryFile("w", suffix=".avsc") as file:
        file.write('{"type":"record","name":"Said","chappe.key":"by","fields":[{"name":"by","type":"string"},{"name":"what","type":"string"}]}')
        file.flush()
        code, _, talk = chappe("produce", "said", "--schema", file.name, "--create", json.dumps({"by": hostile, "what": hostile}))
    assert code == 0, talk
    for form in ("line", "json"):
        code, text, talk = chappe("consume", "said", "--from", "beginning", "--exit", "-f", form)
        assert code == 0 and not set(text) & set("\x1b\x9b\x7f\u202e\u2066") and "é€" in text, (form, text)
    assert json.loads(text)["value"]["what"] == hostile, text


def test_lines_that_do_not_fit_are_told_and_the_rest_goes_on():
    code, _, talk = chappe("produce", TOPIC, stdin="nonsense\n" + order("four") + '\n{"order_id": 5}\n')
    assert code == 1 and "line 1:" in talk and "line 3:" in talk and "1 delivered" in talk, talk
    assert "four" in [record["key"] for record in consumed(TOPIC)]


def test_a_value_that_is_too_large_is_told_and_the_rest_goes_on():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "large.jsonl")
        file.write_text(order("large", customer="x" * 3000000) + "\n" + order("small") + "\n")
        code, _, talk = chappe("produce", TOPIC, "-F", file)
        assert code == 1 and f"E3008 {file}, line 1: " in talk and "1 delivered" in talk and "1 left out" in talk, talk
        assert "small" in [record["key"] for record in consumed(TOPIC)]
        assert chappe("schema", "encode", *PLACED, "-o", f"{folder}/large.avro", stdin=file.read_text())[0] == 0
        code, _, talk = chappe("produce", TOPIC, "--from", f"{folder}/large.avro")
        assert code == 1 and "large.avro, value 1: " in talk and "1 delivered" in talk, talk
    code, _, talk = chappe("produce", TOPIC, stdin=order("large", customer="x" * 3000000))
    assert code == 1 and "E3008 standard input, line 1: " in talk and "0 delivered" in talk, talk


def test_how_many_were_delivered_is_told_when_a_cluster_goes():
    with Stage(CHAPPE, ROOT) as stage:
        words = [CHAPPE, "produce", "brief", *PLACED, "--create", "-s", "message.timeout.ms=1500"]
        producer = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                    env=stage.environment)
        try:
            producer.stdin.write("".join(order(f"b-{n}") + "\n" for n in range(1000)))
            producer.stdin.flush()
            Stage.wait_until(lambda: len(stage.chappe("consume", "brief", "--from", "beginning", "--exit")[1].splitlines()) == 1000)
            stage.broker.kill()
            _, talk = producer.communicate(order("late") + "\n", timeout=60)
        finally:
            producer.kill()
            producer.wait()
    assert producer.returncode in (1, 3), (producer.returncode, talk)
    assert "1000 were delivered to brief before this" in talk and "of the 1 sent after those" in talk, talk


def test_rows_of_csv_are_values():
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("order_id,kind,customer,country,currency,total,placed_at,exchange_rate,lines\n"
                   'csv-1,return,"Dr. ""X""",FR,EUR,120,5,,"[{""sku"":""x"",""description"":""y"",""quantity"":1,""unit_price"":1}]"\n'
                   "csv-2,sale,,FR,EUR,,5,,[]\ncsv-3,sale\n")
        file.flush()
        code, _, talk = chappe("produce", TOPIC, "--csv", file.name)
    assert code == 1 and "line 3: the column total is empty" in talk and "line 4: 2 fields under 9" in talk, talk
    record = consumed(TOPIC, "--where", "order_id=csv-1")[0]
    assert record["value"]["customer"] == 'Dr. "X"' and record["value"]["lines"][0]["sku"] == "x"


def test_csv_is_refused_in_its_own_words():
    schema = {"type": "record", "name": "Row", "fields": [
        {"name": "n", "type": "int"}, {"name": "ok", "type": "boolean", "default": True}, {"name": "s", "type": "string", "default": "d"},
        {"name": "list", "type": {"type": "array", "items": "int"}, "default": [7]}]}
    with tempfile.TemporaryDirectory() as folder:
        file, row = pathlib.Path(folder, "p.csv"), pathlib.Path(folder, "row.avsc")
        row.write_text(json.dumps(schema))
        produce = ["produce", "rows", "-S", row, "--create", "--csv"]
        file.write_text("n,ok,n\n1,true,2\n3,true,4\n")
        code, _, talk = chappe(*produce, file)
        assert code == 2 and "the column 'n' is there twice" in talk and len(talk.splitlines()) == 1, (code, talk)
        code, _, talk = chappe(*produce, folder)
        assert code != 0 and "Is a directory" in talk and "header" not in talk, (code, talk)
        file.write_text('n,ok,s,list\n1,TRUE,a,[]\n2,1,a,[]\n1.5,true,a,[]\n4,true,a,"[1,true]"\n5,,,\n"6,""ok"":false",,a,\n')
        code, _, talk = chappe(*produce, file)
        assert code == 1 and "1 delivered" in talk and not any(f"line 1:{n}" in talk for n in range(10)) and "$.ok" not in talk, talk
        for said in ("line 2: the column ok: 'TRUE' is neither true nor false", "line 3: the column ok: '1': expected boolean",
                     "line 4: the column n: '1.5': 1.5 is no int", "line 5: the column list: '[1,true]': $[1]: ", "line 7: the column n: '6,"):
            assert f"{file}, {said}" in talk, (said, talk)
    assert [record["value"] for record in consumed("rows")] == [{"n": 5, "ok": True, "s": "d", "list": [7]}]


def test_logical_types_are_the_text_that_people_write():
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("order_id,kind,customer,country,currency,total,placed_at,exchange_rate,lines\n"
                   "dated,sale,,FR,EUR,120,2010-12-01T08:26:00Z,1.25,[]\n")
        file.flush()
        code, _, talk = chappe("produce", TOPIC, "--csv", file.name)
    assert code == 0, talk
    record = consumed(TOPIC, "--where", "placed_at=2010-12-01T08:26:00.000Z", "--where", "exchange_rate=1.250000")[0]
    code, _, talk = chappe("produce", TOPIC, json.dumps(record["value"]))
    assert code == 0 and consumed(TOPIC, "--where", "order_id=dated")[-1]["value"] == record["value"], talk
    code, _, talk = chappe("produce", TOPIC, json.dumps({**record["value"], "placed_at": "yesterday"}))
    assert code == 1 and "$.placed_at: 'yesterday' is no timestamp" in talk, talk


def test_made_up_values_repeat_by_their_seed():
    values = []
    for topic in ("fake.a", "fake.b"):
        code, _, talk = chappe("produce", topic, *PLACED, "--fake", 50, "--seed", 7, "--create")
        assert code == 0 and "50 delivered" in talk, talk
        values.append(sorted(json.dumps(record["value"]) for record in consumed(topic)))
    assert len(values[0]) == 50 and values[0] == values[1]


def test_reading_begins_where_it_is_told():
    assert len(consumed("fake.*")) == 100
    assert len(consumed("fake.a", "--last", 1)) == 4
    assert len(consumed("fake.a", "--count", 3)) == 3
    later = consumed("fake.a", "--partition", 0)
    code, text, _ = chappe("consume", "fake.a", "--from", 2, "--exit", "-f", "json", "--partition", 0)
    assert code == 0 and [json.loads(line) for line in text.splitlines()] == later[2:]
    assert len(chappe("consume", "fake.a", "--from=-10m", "--exit")[1].splitlines()) == 50
    assert chappe("consume", "fake.a", "--from=2001-01-01", "--exit", "--where", "kind=nothing") [1] == ""


def test_a_beginning_that_cannot_be_and_words_that_contradict_each_other_are_refused():
    for words, said in ((["--from", "9" * 20], "not '99999999999999999999'"), (["--from", 1 << 63], "not '9223372036854775808'"),
                        (["--last", 2, "--from", "end"], "--from and --last"), (["--from", "beginning", "-l", 2], "--from and --last"),
                        (["--format", "json", "--output", "x.avro"], "--format and --output")):
        code, text, talk = chappe("consume", "fake.a", "--exit", *words)
        assert code == 2 and text == "" and said in talk, (words, code, talk)
    assert chappe("consume", "fake.a", "--exit", "--from", (1 << 63) - 1)[:2] == (0, "")
    code, _, talk = chappe("group", "reset", "nobody", "--topic", "fake.a", "--to", "9" * 20)
    assert code == 2 and "not '99999999999999999999'" in talk, (code, talk)


def test_a_reader_that_waits_ends_with_an_interrupt():
    reader = subprocess.Popen([CHAPPE, "consume", "fake.a", "--from", "beginning"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=ENVIRONMENT)
    for _ in range(50):
        reader.stdout.readline()
    reader.send_signal(signal.SIGINT)
    _, talk = reader.communicate(timeout=20)
    assert reader.returncode == 0 and talk == "", (reader.returncode, talk)


def test_what_is_no_avro_is_told_and_shown():
    records = chappe("consume", "_chappe-schemas", "--from", "beginning", "--exit")
    assert records[0] == 1 and "OrderPlaced" in records[1] and "E21" in records[2], records


def test_a_schema_is_made_known_before_its_first_event():
    line = ROOT / "schemas/shop/order_line.avsc"
    code, _, talk = chappe("schema", "register", "shop.lines", line)
    assert code == 1 and "E3003" in talk, talk
    code, _, talk = chappe("schema", "register", "shop.lines", line, "--create")
    assert code == 0 and "shop.OrderLine" in talk, talk
    known = chappe("consume", "_chappe-schemas", "--from", "beginning", "--exit")[1]
    assert '"OrderLine"' in known and "shop.lines" not in known


def test_a_program_with_its_own_loop_embeds_a_service():
    code, text, talk = run(EMBED, "3", environment=ENVIRONMENT)
    assert code == 0 and text.count("heard ") == 3, text + talk


try:
    main(globals())
finally:
    broker.kill()
    broker.wait()
