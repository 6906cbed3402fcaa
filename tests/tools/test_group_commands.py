#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`chappe group` and `chappe lag` against an embedded broker with a service at work.

usage: test_group_commands.py CHAPPE SOURCE_ROOT LOYALTY
"""

import contextlib
import json
import pathlib
import sqlite3
import subprocess
import sys

from stage import Stage
from tap import main

CHAPPE, ROOT, LOYALTY = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
stage = Stage(CHAPPE, ROOT)
chappe = stage.chappe
TOPIC = "shop.orders.accepted"


def shown(group="loyalty"):
    code, text, talk = chappe("group", "show", group, "-o", "json")
    assert code == 0, talk
    return json.loads(text)


def reset(*words, group="fresh"):
    """Of a group that no member has been in: the embedded broker would not let go of one."""
    code, text, talk = chappe("group", "reset", group, "-o", "json", *words)
    return code, json.loads(text) if text else [], talk


def test_nobodys_group_has_committed_nothing():
    code, text, talk = chappe("group", "show", "nobody")
    assert code == 1 and text == "" and "nobody" in talk, talk
    for words in ((), ("-o", "json")):
        code, text, talk = chappe("lag", "nobody", *words)
        assert code == 1 and text == "", text
    assert chappe("group", "reset", "nobody", "--to", "earliest")[0] == 1


def test_a_group_that_has_done_its_work_has_no_lag():
    stage.produce(TOPIC, "shop/order_accepted.avsc", 20)
    with stage.service(LOYALTY):
        stage.wait_until(lambda: (rows := json.loads(chappe("lag", "loyalty", "-o", "json")[1] or "[]")) and rows[0]["lag"] == 0)
    rows = shown()
    assert [row["partition"] for row in rows] == [0, 1, 2, 3] and {row["topic"] for row in rows} == {TOPIC}
    assert sum(row["committed"] for row in rows) == sum(row["end"] for row in rows) == 20
    assert all(row["lag"] == row["finished"] == row["failing"] == row["behind"] == 0 for row in rows), rows


def test_lag_is_told_in_records_and_in_time():
    stage.produce(TOPIC, "shop/order_accepted.avsc", 8)
    rows = shown()
    assert sum(row["lag"] for row in rows) == 8, rows
    assert all((row["oldest"] == "-") == (row["lag"] == 0) for row in rows), rows
    code, text, _ = chappe("lag", "loyalty", "-o", "json")
    assert code == 0 and json.loads(text)[0]["lag"] == 8
    for words in (["group", "show", "loyalty"], ["lag", "loyalty"], ["group", "reset", "loyalty", "--to", "earliest"]):
        assert max(map(len, chappe(*words)[1].splitlines())) <= 80, chappe(*words)[1]


def test_a_group_begins_where_it_is_told():
    code, _, talk = reset("--to", "earliest", "--execute")
    assert code == 1 and "name a topic" in talk, talk
    assert reset("--to", "earliest", "--topic", "nowhere", "--execute")[0] == 1
    code, rows, talk = reset("--to", "latest", "--topic", TOPIC, "--execute")
    assert code == 0 and "4 partitions are reset" in talk and {row["committed"] for row in rows} == {-1}, talk
    assert all(row["committed"] == row["end"] for row in shown("fresh"))


def test_a_reset_is_only_shown_until_it_is_executed():
    before = shown("fresh")
    for words in ((), ("--dry-run",)):
        code, rows, talk = reset("--to", "earliest", *words)
        assert code == 0 and "nothing is changed" in talk, talk
        assert sum(row["again"] for row in rows) == 28 and all(row["new"] == 0 for row in rows), rows
    assert [row["committed"] for row in shown("fresh")] == [row["committed"] for row in before]


def test_a_group_goes_where_it_is_told():
    for words, offset in ((["--to", "earliest"], lambda row: 0), (["--to", "latest"], lambda row: row["end"]),
                          (["--to", "2"], lambda row: min(2, row["end"])), (["--shift", "-1"], lambda row: min(2, row["end"]) - 1),
                          (["--shift", "1000000"], lambda row: row["end"]), (["--shift", "-9223372036854775808"], lambda row: 0)):
        code, _, talk = reset(*words, "--execute")
        assert code == 0 and "4 partitions are reset" in talk, talk
        for row in shown("fresh"):
            assert row["committed"] == offset(row), (words, row)


def test_a_reset_can_be_confined():
    assert reset("--to", "latest", "--execute")[0] == 0
    code, rows, _ = reset("--to", "earliest", "--topic", "shop.*", "--partition", "2", "--execute")
    assert code == 0 and [row["partition"] for row in rows] == [2]
    assert [row["committed"] == 0 for row in shown("fresh")] == [False, False, True, False]
    code, _, talk = reset("--to", "earliest", "--topic", "other", "--execute")
    assert code == 1 and "nothing there" in talk, talk


def test_a_group_at_work_is_not_moved():
    before = {row["partition"]: row["end"] for row in shown()}
    with stage.service(LOYALTY):
        stage.wait_until(lambda: all(row["committed"] == before[row["partition"]] for row in shown()))
        code, _, talk = reset("--to", "earliest", "--execute", group="loyalty")
        assert code == 1 and "E3013" in talk, talk
    assert all(row["committed"] == before[row["partition"]] for row in shown())


def points():
    with contextlib.closing(sqlite3.connect(pathlib.Path(stage.folder.name, "loyalty.db"))) as database:
        return database.execute("SELECT sum(points) FROM points").fetchone()[0]


def replay(name):
    """Its exit code, what it tells, and its log."""
    ended = subprocess.run([LOYALTY, "--admin_port=1", "--run_file=live.json", f"--replay={name}"], capture_output=True,
                           env=stage.environment, cwd=stage.folder.name, text=True, timeout=120)
    return ended.returncode, ended.stdout, ended.stderr


def test_a_window_is_only_shown_until_it_is_prepared():
    code, text, talk = chappe("group", "replay", "loyalty", "some", "--topic", TOPIC, "--from", "1", "--to", "3", "-o", "json")
    assert code == 0 and "nothing is prepared" in talk, talk
    assert [(row["from"], row["until"]) for row in json.loads(text)] == [(min(1, row["end"]), min(3, row["end"])) for row in shown()]
    code, _, log = replay("some")
    assert code == 1 and "E4020" in log, log
    code, _, talk = chappe("group", "replay", "loyalty", "none", "--topic", TOPIC, "--from", "latest", "--execute")
    assert code == 1 and "nothing in this window" in talk, talk
    code, _, talk = chappe("group", "replay", "loyalty", "a b", "--topic", TOPIC, "--from", "earliest", "--execute")
    assert code == 2 and "E1102" in talk, talk
    code, text, talk = chappe("group", "replay", "loyalty", "a b", "--topic", TOPIC, "--from", "earliest")
    assert code == 2 and text == "" and "E1102" in talk, (text, talk)
    for words in (["--from", "earliest"], ["--topic", TOPIC], ["--topic", TOPIC, "--from", "soon"], ["--topic", TOPIC, "--from", "1", "--to", "-"]):
        assert chappe("group", "replay", "loyalty", "some", *words)[0] == 2, words
    code, text, talk = chappe("group", "replay", "loyalty", "some", "--topic", "nowhere", "--from", "1")
    assert code == 1 and text == "" and "nowhere" in talk, (text, talk)


def test_a_window_that_is_none_is_told_by_its_reason():
    for words in (["--from", "100", "--to", "50"], ["--from", "3", "--to", "3"], ["--from", "1", "--to", "earliest"], ["--from", "-10m", "--to", "-20m"],
                  ["--from", "2026-11-24", "--to", "2026-11-23"]):
        code, text, talk = chappe("group", "replay", "loyalty", "some", "--topic", TOPIC, *words)
        assert code == 2 and text == "" and "does not come before" in talk, (words, text, talk)
    code, _, talk = chappe("group", "replay", "loyalty", "some", "--topic", TOPIC, "--from", "earliest", "-p", "9")
    assert code == 1 and "E3003" in talk and "partitions 0 to 3, not 9" in talk, talk
    for group in ("fresh", "newer"):
        code, _, talk = reset("--to", "earliest", "--topic", TOPIC, "-p", "9", group=group)
        assert code == 1 and "partitions 0 to 3, not 9" in talk, talk


def test_a_replay_for_a_group_that_has_committed_nothing_is_warned_of():
    for words in ((), ("--execute",)):
        code, _, talk = chappe("group", "replay", "loyatly", "some", "--topic", TOPIC, "--from", "earliest", *words)
        assert code == 0 and "group loyatly has committed nothing" in talk, talk
    code, _, talk = chappe("group", "replay", "loyalty", "other", "--topic", TOPIC, "--from", "earliest")
    assert code == 0 and "has committed nothing" not in talk, talk


def test_a_service_runs_a_window_once_more_and_ends():
    """The whole log: its effects are there twice then, in the store too, and the live group is where it was."""
    live, before = shown(), points()
    code, _, talk = chappe("group", "replay", "loyalty", "all", "--topic", TOPIC, "--from", "earliest", "--execute")
    assert code == 0 and "--replay=all" in talk, talk
    code, _, talk = chappe("group", "replay", "loyalty", "all", "--topic", TOPIC, "--from", "1", "--execute")
    assert code == 1 and "E4021" in talk, talk
    stage.produce("elsewhere", "shop/order_accepted.avsc", 8)
    code, _, talk = chappe("group", "replay", "loyalty", "all", "--topic", "elsewhere", "--from", "earliest", "--execute")
    assert code == 1 and "E4021" in talk, talk
    rows = shown("loyalty-replay-all")
    assert all(row["committed"] == row["ran"] == 0 and row["until"] == row["lag"] == row["end"] for row in rows), rows
    count = sum(row["end"] for row in live)
    stage.produce(TOPIC, "shop/order_accepted.avsc", 8)
    code, text, log = replay("all")
    assert code == 0 and text == f"replay all: {count} records ran once more, 0 of them were given up, 0 offsets are left\n", (code, text, log)
    assert points() == 2 * before
    rows = shown("loyalty-replay-all")
    assert all(row["committed"] == row["ran"] == row["until"] and row["lag"] == row["given_up"] == 0 for row in rows), rows
    assert sum(row["ran"] for row in rows) == count
    text = chappe("group", "show", "loyalty-replay-all")[1]
    assert "until" in text and max(map(len, text.splitlines())) <= 80, text
    assert [row["committed"] for row in shown()] == [row["committed"] for row in live]
    code, text, log = replay("all")
    assert code == 0 and f" {count} records" in text and points() == 2 * before, (text, log)


def test_a_replay_of_the_same_events_by_another_name_is_another_one():
    before = points()
    assert chappe("group", "replay", "loyalty", "first", "--topic", TOPIC, "--from", "0", "--to", "1", "--execute")[0] == 0
    assert replay("first")[0] == 0
    assert points() > before


def test_wrong_usage_is_told():
    for words in (["--to", "soon"], ["--to", "2026-11-24T10:00:00.Z"], ["--to", "2026-11-24T10:00:00.1x"], [], ["--to", "earliest", "--shift", "1"], ["--shift", "x"], ["--to", "-"],
                  ["--to", "earliest", "--dry-run", "--execute"], ["--to", "earliest", "--partition", "-1"]):
        code, _, talk = reset(*words)
        assert code == 2, (words, talk)
    code, _, talk = reset("--to", "-3")
    assert code == 2 and "-10m (ms, s, m, h, d), not '-3'" in talk, talk
    code, _, talk = chappe("consume", TOPIC, "--from", "-3", "--exit")
    assert code == 2 and "-10m (ms, s, m, h, d), not '-3'" in talk, talk


def test_what_the_embedded_broker_cannot_tell_is_said():
    code, _, talk = chappe("group", "ls")
    assert code == 1 and "E3011" in talk, talk
    code, _, talk = chappe("group", "delete", "loyalty")
    assert code == 0 and "nothing is changed" in talk, talk
    code, _, talk = chappe("group", "delete", "nosuch")
    assert code == 1 and "there is no group nosuch that has committed anything" in talk, talk
    code, _, talk = chappe("group", "delete", "loyalty", "--execute")
    assert code == 1 and "E3011" in talk, talk


def test_the_embedded_broker_cannot_look_up_by_time_and_says_so():
    """Its end in place of a time would skip what is there."""
    before = [row["committed"] for row in shown("fresh")]
    for words in (["reset", "fresh", "--to", "-10m", "--execute"], ["replay", "loyalty", "by-time", "--topic", TOPIC, "--from", "-10m"],
                  ["replay", "loyalty", "by-time", "--topic", TOPIC, "--from", "0", "--to", "2030-01-01", "--execute"]):
        code, _, talk = chappe("group", *words)
        assert code == 1 and "E3011" in talk and "by time" in talk, (words, talk)
    assert [row["committed"] for row in shown("fresh")] == before
    code, text, talk = chappe("consume", TOPIC, "--from", "-10m", "--exit")
    assert code == 0 and len(text.splitlines()) == sum(row["end"] for row in shown("fresh")), talk


with stage:
    main(globals())
