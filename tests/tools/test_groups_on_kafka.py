#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`chappe group`, `chappe lag` and a replay on Apache Kafka: members, times, and groups that go, which the embedded broker cannot do.

usage: test_groups_on_kafka.py CHAPPE SOURCE_ROOT LOYALTY
"""

import contextlib
import datetime
import json
import os
import pathlib
import secrets
import sqlite3
import subprocess
import sys
import time

from stage import Stage
from tap import main

CHAPPE, ROOT, LOYALTY = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
PREFIX = f"g{secrets.token_hex(4)}."
TOPIC, GROUP = f"{PREFIX}shop.orders.accepted", f"{PREFIX}loyalty"
stage = Stage(CHAPPE, ROOT, os.environ["CHAPPE_TEST_BROKERS"])


def rows(*words):
    code, text, talk = stage.chappe(*words, "-o", "json")
    assert code == 0, talk
    return json.loads(text)


def produce(count):
    stage.produce(TOPIC, "shop/order_accepted.avsc", count)


def lag():
    return sum(row["lag"] for row in rows("lag", GROUP))


def replay(name, *words):
    return subprocess.run([LOYALTY, "--admin=false", f"--topic_prefix={PREFIX}", f"--replay={name}", *words], capture_output=True,
                          env=stage.environment, cwd=stage.folder.name, text=True, timeout=120)


def points():
    with contextlib.closing(sqlite3.connect(pathlib.Path(stage.folder.name, "loyalty.db"))) as database:
        return database.execute("SELECT sum(points) FROM points").fetchone()[0]


def test_a_group_at_work_is_told_with_its_member_and_its_lag():
    produce(20)
    with stage.service(LOYALTY, f"--topic_prefix={PREFIX}"):
        stage.wait_until(lambda: stage.chappe("lag", GROUP)[0] == 0 and lag() == 0)
        group, = rows("group", "ls", f"{PREFIX}*")
        assert (group["group"], group["state"], group["members"]) == (GROUP, "Stable", 1) and "loyalty" in group["clients"], group
        code, _, talk = stage.chappe("group", "reset", GROUP, "--to", "earliest", "--execute")
        assert code == 1 and "E3013" in talk, talk
        code, _, talk = stage.chappe("group", "delete", GROUP, "--execute")
        assert code == 1 and "E3013" in talk, talk
    group, = rows("group", "ls", GROUP)
    assert (group["state"], group["members"]) == ("Empty", 0), group
    assert sum(row["committed"] for row in rows("group", "show", GROUP)) == 20


def test_a_window_of_time_is_run_once_more_beside_the_live_group():
    before = points()
    time.sleep(0.05)  # the clock of the cluster moves on
    begin = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    produce(30)
    with stage.service(LOYALTY, f"--topic_prefix={PREFIX}"):
        stage.wait_until(lambda: lag() == 0)
        live, once = rows("group", "show", GROUP), points()
        plan = rows("group", "replay", GROUP, "again", "--topic", TOPIC, "--from", begin, "--execute")
        assert sum(row["offsets"] for row in plan) == 30, plan
        ended = replay("again")
        assert ended.returncode == 0 and ended.stdout.startswith("replay again: 30 records ran once more, 0 "), (ended.stdout, ended.stderr)
        assert points() - once == once - before
        assert [row["committed"] for row in rows("group", "show", GROUP)] == [row["committed"] for row in live]
    assert all(row["committed"] == row["until"] == row["end"] for row in rows("group", "show", f"{GROUP}-replay-again"))
    once = points()
    assert replay("again").returncode == 0 and points() == once
    assert stage.chappe("group", "delete", f"{GROUP}-replay-again", "--execute")[0] == 0
    code, _, talk = stage.chappe("group", "delete", f"{GROUP}-replay-again", "--execute")
    assert code == 1 and "there is no group" in talk, talk
    assert stage.chappe("group", "show", f"{GROUP}-replay-again")[0] == 1


def test_a_replay_that_was_stopped_goes_on_where_it_was():
    """Asked to stop at once: whether it had begun or not, all of the window has run once in the end."""
    count = len(rows("group", "replay", GROUP, "halting", "--topic", TOPIC, "--from", "earliest", "--execute")) and 50
    before = points()
    halting = subprocess.Popen([LOYALTY, "--admin=false", f"--topic_prefix={PREFIX}", "--replay=halting"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=stage.environment, cwd=stage.folder.name, text=True)
    for line in halting.stderr:
        if "4053" in line or "once more" in line:
            break
    halting.terminate()
    text, _ = halting.communicate(timeout=60)
    assert halting.returncode == (0 if ", 0 offsets" in text else 4), text
    ended = replay("halting")
    assert ended.returncode == 0 and ended.stdout.startswith(f"replay halting: {count} records ran once more, 0 "), ended.stdout
    assert points() > before


def test_a_group_is_moved_in_time():
    plan = rows("group", "reset", GROUP, "--to", "-1h", "--execute")
    assert all(row["new"] == 0 for row in plan) and lag() == 50, plan
    plan = rows("group", "reset", GROUP, "--to", "2100-01-01", "--execute")
    assert lag() == 0, plan


with stage:
    main(globals())
