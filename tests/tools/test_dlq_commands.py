#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`chappe dlq` against an embedded broker with a service that gives records up.

usage: test_dlq_commands.py CHAPPE SOURCE_ROOT LOYALTY
"""

import json
import os
import pathlib
import pty
import signal
import subprocess
import sys

from stage import Stage
from tap import main

CHAPPE, ROOT, LOYALTY = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
stage = Stage(CHAPPE, ROOT)
chappe = stage.chappe
TOPIC = "shop.orders.accepted"
DEAD = TOPIC + "-dlt"


def die_again(until):
    """The service meets what was replayed; until so many are open."""
    with stage.service(LOYALTY):
        stage.wait_until(lambda: len(shown()) >= until)


def die(count):
    """Orders of another type than the service reads: each is given up at once."""
    stage.produce(TOPIC, "shop/order_placed.avsc", count)
    with stage.service(LOYALTY):
        stage.wait_until(lambda: sum(row["letters"] for row in kinds()) == count)


def consumed(topic):
    code, text, talk = chappe("consume", topic, "--from", "beginning", "--exit", "-f", "json")
    assert code == 0, talk
    return [json.loads(line) for line in text.splitlines()]


def shown(*words, topic=DEAD, code=0):
    told, text, talk = chappe("dlq", "show", topic, "-o", "json", *words)
    assert told == code, talk
    return [json.loads(line) for line in text.splitlines()]


def kinds(*words):
    code, text, talk = chappe("dlq", "ls", "-o", "json", *words)
    assert code == 0, talk
    return json.loads(text)


def place(letter):
    return f"{letter['partition']}@{letter['offset']}"


def header(letter, name):
    return [entry["value"] for entry in letter["headers"] if entry["name"] == name]


def test_what_died_is_counted_by_topic_error_and_schema():
    stage.produce(TOPIC, "shop/order_accepted.avsc", 3)
    die(12)
    rows = kinds()
    assert [(row["topic"], row["error"], row["schema"], row["letters"], row["open"], row["again"]) for row in rows] == [
        (DEAD, "E2103", "shop.OrderPlaced", 12, 12, 0)], rows
    ageless = [row | {"since": None} for row in rows]
    assert [row | {"since": None} for row in kinds("shop.*")] == ageless and kinds("other.*") == []
    table = chappe("dlq", "ls")[1].splitlines()
    assert max(map(len, table)) <= 80 and table[0].split() == ["topic", "error", "schema", "letters", "open", "again", "since"], table


def test_dead_letters_are_shown_with_where_they_came_from_and_why():
    letters = shown()
    origin = {record["key"]: (record["partition"], record["offset"]) for record in consumed(TOPIC) if record["type"] == "shop.OrderPlaced"}
    assert len(letters) == 12
    for letter in letters:
        came = letter["from"]
        assert (came["topic"], came["group"]) == (TOPIC, "loyalty"), letter
        assert (came["partition"], came["offset"]) == origin[letter["key"]], letter
        assert letter["error"] == "E2103" and "accepted_at" in letter["reason"] and letter["attempts"] == 1, letter
        assert letter["value"]["order_id"] == letter["key"] and letter["schema"] == "shop.OrderPlaced"
        assert len(header(letter, "ce_id")) == 1, letter
    code, text, _ = chappe("dlq", "show", DEAD)
    assert code == 0 and len(text.splitlines()) == 12 and all("E2103" in line for line in text.splitlines())


def test_one_is_shown_in_full():
    letter = shown("-n", 1)[0]
    code, text, talk = chappe("dlq", "show", DEAD, place(letter))
    assert code == 0, talk
    for expected in (f"{DEAD}[{letter['partition']}]@{letter['offset']}", f"{TOPIC}[", "loyalty", "E2103", letter["reason"], "ce_id",
                     header(letter, "ce_id")[0], letter["key"], "kafka_dlt-original-topic", "shop.OrderPlaced"):
        assert expected in text, (expected, text)
    assert shown(place(letter)) == [letter]
    assert chappe("dlq", "show", DEAD, "3@99999")[0] == 1


def test_a_dry_run_replays_nothing():
    before = len(consumed(TOPIC))
    code, _, talk = chappe("dlq", "replay", DEAD, "--dry-run")
    assert code == 0 and "12 would be replayed" in talk, talk
    assert len(consumed(TOPIC)) == before and kinds()[0]["letters"] == 12


def test_what_is_meant_is_replayed_as_it_was():
    letter = shown()[5]
    code, _, talk = chappe("dlq", "replay", DEAD, "--where", f"order_id={letter['key']}")
    assert code == 0 and "1 replayed" in talk, talk
    records = [record for record in consumed(TOPIC) if record["key"] == letter["key"] and record["type"] == "shop.OrderPlaced"]
    assert len(records) == 2 and records[0]["value"] == records[1]["value"], records
    assert len({record["partition"] for record in records}) == 1, "the key's partition"
    replayed = shown(f"{records[1]['partition']}@{records[1]['offset']}", topic=TOPIC, code=1)[0]
    assert header(replayed, "ce_id") == header(letter, "ce_id") and header(replayed, "traceparent") == header(letter, "traceparent")
    assert header(replayed, "chappe_replays") == ["1"], replayed
    assert not [entry for entry in replayed["headers"] if entry["name"].startswith(("kafka_dlt", "retry_topic"))], replayed
    rest = shown()
    assert len(rest) == 11 and letter["key"] not in {other["key"] for other in rest}
    assert [other["settled"] for other in shown("--all") if other["key"] == letter["key"]] == [True]


def test_nothing_is_replayed_twice():
    first, second = shown()[:2]
    for _ in range(2):
        assert chappe("dlq", "replay", DEAD, place(first), place(second))[0] == 0
    keys = [record["key"] for record in consumed(TOPIC) if record["type"] == "shop.OrderPlaced"]
    assert keys.count(first["key"]) == keys.count(second["key"]) == 2, keys


def test_a_name_of_no_dead_letter_is_told():
    before = len(consumed(TOPIC)), len(shown())
    there = place(shown()[0])
    for words in (["show"], ["replay"], ["replay", "--dry-run"], ["discard", "--yes"], ["discard", "--dry-run"]):
        code, _, talk = chappe("dlq", words[0], DEAD, "2@7777", *words[1:])
        assert code == 1 and "not every dead letter that was named is there: 2@7777" in talk, (words, talk)
    code, _, talk = chappe("dlq", "discard", DEAD, there, "0@7777", "--yes")
    assert code == 1 and "0@7777" in talk, talk
    assert (len(consumed(TOPIC)), len(shown())) == before, "nothing was done"


def test_a_name_that_is_given_twice_is_there():
    there = place(shown()[0])
    assert len(shown(there, there)) == 1


def test_a_settled_one_that_is_named_is_there():
    settled = place(next(letter for letter in shown("--all") if letter["settled"]))
    for words in (["replay"], ["replay", "--dry-run"], ["discard", "--yes"], ["discard", "--dry-run"]):
        code, _, talk = chappe("dlq", words[0], DEAD, settled, *words[1:])
        assert code == 0 and "1 of those that were named had been settled before" in talk, (words, talk)


def test_what_is_discarded_is_not_shown_again():
    letter = shown()[0]
    code, _, talk = chappe("dlq", "discard", DEAD, place(letter))
    assert code == 2 and "--yes" in talk, talk
    code, _, talk = chappe("dlq", "discard", DEAD, place(letter), "--dry-run")
    assert code == 0 and "1 would be" in talk, talk
    assert len(shown()) == 9
    code, _, talk = chappe("dlq", "discard", DEAD, place(letter), "--yes")
    assert code == 0 and "1 discarded" in talk, talk
    assert len(shown()) == 8 and len(shown("--all")) == 12


def test_a_terminal_is_asked():
    for answer, left in ((b"n\n", 8), (b"y\n", 7)):
        ours, theirs = pty.openpty()
        os.write(ours, answer)
        done = subprocess.run([CHAPPE, "dlq", "discard", DEAD, place(shown()[0])], stdin=theirs, capture_output=True, text=True,
                              env=stage.environment, timeout=60)
        os.close(theirs)
        os.close(ours)
        assert "discard 1 dead letters?" in done.stderr and done.returncode == (1 if left == 8 else 0), done.stderr
        assert len(shown()) == left


def test_an_interrupted_replay_goes_on_where_it_was():
    before = len(consumed(TOPIC))
    process = subprocess.Popen([CHAPPE, "dlq", "replay", DEAD, "--rate", "0.1"], stderr=subprocess.PIPE, text=True, env=stage.environment)
    stage.wait_until(lambda: len(consumed(TOPIC)) > before)
    process.send_signal(signal.SIGTERM)
    talk = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "replayed" in talk, talk
    replayed = len(consumed(TOPIC)) - before
    assert 1 <= replayed < 7 and len(shown()) == 7 - replayed, replayed
    code, _, talk = chappe("dlq", "replay", DEAD)
    assert code == 0 and f"{7 - replayed} replayed" in talk, talk
    assert len(consumed(TOPIC)) == before + 7 and kinds() == []
    assert [(row["letters"], row["open"]) for row in kinds("--all")] == [(12, 0)]


def test_what_was_noted_before_a_kill_is_not_replayed_again():
    die_again(10)
    before = len(consumed(TOPIC))
    process = subprocess.Popen([CHAPPE, "dlq", "replay", DEAD, "--again", "--rate", "0.5"], stderr=subprocess.DEVNULL, env=stage.environment)
    stage.wait_until(lambda: len(shown()) < 9)
    process.kill()
    process.wait()
    noted, left = 10 - len(shown()), len(shown())
    replayed = len(consumed(TOPIC)) - before
    assert noted <= replayed <= noted + 2, (noted, replayed)
    assert chappe("dlq", "replay", DEAD, "--again")[0] == 0
    assert len(consumed(TOPIC)) - before == replayed + left


def test_a_second_death_is_marked_and_left_alone():
    die_again(10)
    count = len(shown())
    assert {letter["replays"] for letter in shown()} == {2} and kinds()[0]["again"] == kinds()[0]["replayed"] == count
    code, _, talk = chappe("dlq", "replay", DEAD)
    assert code == 1 and f"{count} had been replayed before" in talk and "--again" in talk, talk
    assert len(shown()) == count
    code, _, talk = chappe("dlq", "replay", DEAD, "--again", "-n", 1)
    assert code == 0 and "1 replayed" in talk, talk


def test_errors_select():
    count = len(shown())
    assert chappe("dlq", "replay", DEAD, "--dry-run", "--again", "--error", "E2101")[2].count("0 would be") == 1
    assert chappe("dlq", "replay", DEAD, "--dry-run", "--again", "--error", "E2103")[2].count(f"{count} would be") == 1


def test_a_dry_run_refuses_what_a_replay_would():
    assert chappe("topic", "create", "elsewhere")[0] == 0
    for words in ([], ["--dry-run"]):
        code, _, talk = chappe("dlq", "replay", TOPIC, "--group", "other", "-n", 1, *words)
        assert code == 1 and "E1006" in talk and "is no dead letter" in talk and "--to" in talk, talk
        code, _, talk = chappe("dlq", "replay", DEAD, "--again", "--to", "nowhere", *words)
        assert code == 1 and "E3003" in talk and "nowhere" in talk, talk
    code, _, talk = chappe("dlq", "replay", TOPIC, "--group", "other", "-n", 2, "--to", "elsewhere", "--dry-run")
    assert code == 0 and "2 would be replayed" in talk and consumed("elsewhere") == [], talk


def test_what_is_no_dead_letter_is_not_discarded():
    for words in (["--yes"], ["--dry-run"]):
        code, _, talk = chappe("dlq", "discard", TOPIC, "--group", "other", *words)
        assert code == 1 and "E1006" in talk and "is no dead letter" in talk and "nothing was discarded" in talk, talk
    record = consumed(TOPIC)[0]
    assert chappe("dlq", "discard", TOPIC, place(record), "--group", "other", "--yes")[0] == 1
    assert not [letter for letter in shown("--all", "--group", "other", topic=TOPIC, code=1) if letter["settled"]]


def test_what_is_no_dead_letter_is_shown_as_such():
    code, text, talk = chappe("dlq", "show", TOPIC)
    assert code == 1 and text and f"{len(text.splitlines())} of them are no dead letters" in talk, talk


def test_a_stray_record_among_dead_letters_is_discarded_by_name():
    """Nothing else would take it off the list."""
    stage.produce("stray-dlt", "shop/order_accepted.avsc", 1)
    stray = place(shown(topic="stray-dlt", code=1)[0])
    code, _, talk = chappe("dlq", "discard", "stray-dlt", "--yes")
    assert code == 1 and f"stray-dlt[{stray[0]}]@0" in talk and "is no dead letter" in talk, talk
    code, _, talk = chappe("dlq", "discard", "stray-dlt", stray, "--yes")
    assert code == 0 and "1 discarded" in talk, talk
    assert kinds("stray-dlt") == []


def test_what_matches_nothing_is_told():
    count = len(shown())
    for words in (["show"], ["replay", "--again"], ["replay", "--again", "--dry-run"], ["discard", "--yes"], ["discard", "--dry-run"]):
        code, _, talk = chappe("dlq", words[0], DEAD, "--where", "nosuch=1", *words[1:])
        assert code == 1 and "no dead letter that was looked at has the field nosuch" in talk, (words, talk)
        code, _, talk = chappe("dlq", words[0], DEAD, "--where", "order_id=nobody", "--where", "lines.0.nosuch=1", *words[1:])
        assert code == 1 and "has the field lines.0.nosuch" in talk, (words, talk)
        code, _, talk = chappe("dlq", words[0], DEAD, "--error", "nonsense", *words[1:])
        assert code == 1 and "no dead letter that was looked at died of nonsense" in talk, (words, talk)
        for nothing in (["--where", "order_id=nobody"], ["--error", "E2101"]):
            code, _, talk = chappe("dlq", words[0], DEAD, *nothing, *words[1:])
            assert code == 0 and "looked at" not in talk, "an answer: none of them is"
    assert len(shown()) == count


def test_a_topic_of_another_name_wants_a_target():
    """Its headers do not say where a record came from."""
    code, _, talk = chappe("dlq", "replay", TOPIC, "--group", "other", "-n", 1)
    assert code == 1 and "name the topic" in talk, talk
    code, _, talk = chappe("dlq", "replay", TOPIC, "--group", "other", "-n", 2, "--to", "elsewhere")
    assert code == 0 and "2 replayed" in talk, talk
    assert len(consumed("elsewhere")) == 2
    code, _, talk = chappe("dlq", "replay", TOPIC, "--group", "another", "-n", 1, "--to", "nowhere")
    assert code == 1 and "E3003" in talk and "nowhere" in talk, talk


def test_wrong_usage_is_told():
    for words in (["show"], ["show", DEAD, "1"], ["show", DEAD, "1@x"], ["replay", DEAD, "--rate", "fast"], ["replay", DEAD, "--rate", "nan"], ["replay", DEAD, "--count", "0"],
                  ["discard", DEAD, "--where", "x"], ["show", DEAD, "--error", "2103"], ["show", DEAD, "--error", "e2103"], ["replay", DEAD, "--error", "E21x3"],
                  ["discard", DEAD, "--error", ""], ["show", DEAD, "--error", "no code"]):
        code, _, talk = chappe("dlq", *words)
        assert code == 2, (words, talk)
    code, _, talk = chappe("dlq", "show", "nowhere-dlt")
    assert code == 1 and "E3003" in talk, talk


def test_a_resets_plan_does_not_count_what_is_finished_beyond_the_commit():
    """The notes of dlq are commits as a service makes them: a letter behind open ones is a run in the metadata."""
    letter = next(letter for letter in reversed(consumed(DEAD)) if letter["offset"] >= 1)
    code, _, talk = chappe("dlq", "discard", DEAD, place(letter), "--group", "apart", "--yes")
    assert code == 0, talk
    for to, finished in (("latest", 1), (str(letter["offset"]), 0), (str(letter["offset"] + 1), 1)):
        code, text, talk = chappe("group", "reset", "apart", "--topic", DEAD, "-p", letter["partition"], "--to", to, "-o", "json")
        assert code == 0, talk
        row = json.loads(text)[0]
        assert row["committed"] < letter["offset"] and row["skipped"] == row["new"] - row["committed"] - finished, (to, row)


with stage:
    main(globals())
