#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The small forms of churn/run: members hurt in every way on one Kafka node and on three, one after the other, each with a cluster of
its own. CHAPPE_TEST_CHURN_ITEMS=200000 makes the large forms of them.

usage: test_churn.py WORKER BATCH_WORKER"""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))

from tap import main

RUN = pathlib.Path(__file__).resolve().parent / "churn/run"
MANY = os.environ.get("CHAPPE_TEST_CHURN_ITEMS")


def assert_audited(*words):
    large = MANY is not None and "churn" in words
    command = [RUN, sys.argv[2 if "--batches" in words else 1], "--scenario", *words] + (["--items", MANY] if large else [])
    status = subprocess.run(list(map(str, command)), timeout=3600 if large else 240).returncode
    assert status == 0, f"exit code {status}"


def test_what_was_finished_beyond_a_parked_item_is_not_done_again_after_kill_9():
    assert_audited("parked", "--items", 10000)


def test_a_rolling_restart_of_static_members_disturbs_nobody():
    assert_audited("rolling", "--static", 4, "--items", 6000, "--rate", 500)


def test_a_member_goes_through_changes_of_its_log_strangers_in_its_group_and_brokers_that_go_away():
    assert_audited("changes")


def test_members_hurt_on_one_node_do_everything_once_and_in_order():
    assert_audited("churn", "--items", 20000, "--rate", 1000)


def test_members_hurt_that_take_several_items_at_a_time_do_everything_once_and_in_order():
    assert_audited("churn", "--batches", "--items", 10000, "--rate", 1000)


def test_members_and_brokers_hurt_on_three_nodes_do_everything_once_and_in_order():
    assert_audited("churn", "--nodes", 3, "--items", 20000, "--rate", 1000)


main(globals())
