#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two instances of every service on Apache Kafka, killed under load: the books balance all the same.

usage: test_killed.py BUILD [--orders FILE] [--every SECONDS]"""

import argparse
import os
import signal

from fleet import SERVICES, Fleet, Killer, wait_until
from tap import main

arguments = argparse.ArgumentParser()
arguments.add_argument("build")
arguments.add_argument("--orders", help="order lines, instead of 4,800 made-up orders")
arguments.add_argument("--every", type=float, default=2)
options = arguments.parse_args()


def assert_balanced(fleet, killer=None):
    balanced, figures, faults = fleet.audit(90, killer=killer)
    assert balanced, faults
    assert figures["dead_letters"] == 0, figures
    return figures


def test_each_service_killed_in_turn_loses_and_repeats_nothing():
    with Fleet(options.build, instances=2) as fleet:
        killer = Killer(fleet, options.every)
        player = fleet.play(4800, rate=200, orders=options.orders, wait=False)
        killer.until(player, 300)
        figures = assert_balanced(fleet, killer)
        assert {name.split("-")[0] for name in killer.hit} == set(SERVICES), killer.hit
        print(f"# {len(killer.hit)} kills, {figures['records']} records, {figures['repeated']} delivered again", flush=True)
        assert fleet.stop() == 0, fleet.talk()


def test_all_services_killed_at_once_come_back_and_go_on():
    with Fleet(options.build, instances=1) as fleet:
        player = fleet.play(1500, rate=250, wait=False)
        fleet.after_records("orders", 200)
        assert all([fleet.kill(service) for service in SERVICES])
        assert player.wait(120) == 0
        assert_balanced(fleet)
        assert fleet.stop() == 0, fleet.talk()


def test_a_service_killed_at_every_start_does_not_end_the_others():
    with Fleet(options.build) as fleet:
        for _ in range(7):
            pid = wait_until(lambda: fleet.pid("shipping"), 10, "a start of shipping")
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: fleet.pid("shipping") != pid, 10, "its end")
        player = fleet.play(100)
        assert player["taken"] == 100, player
        assert_balanced(fleet)
        assert fleet.stop() == 0, fleet.talk()


main(globals())
