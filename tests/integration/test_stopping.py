#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM under load on Apache Kafka: what was begun is finished, the exit code is 0, and nothing is lost.

usage: test_stopping.py BUILD"""

import sys

from fleet import SERVICES, Fleet, wait_until
from tap import main


def test_a_fleet_stopped_under_load_ends_cleanly_and_goes_on_after_its_next_start():
    with Fleet(sys.argv[1]) as fleet:
        player = fleet.play(3000, rate=400, wait=False)
        fleet.after_records("orders", 300)
        assert fleet.stop() == 0, fleet.talk()
        assert player.poll() is None, "it was not under load"
        assert not fleet.lines("error"), fleet.lines("error")
        fleet.start()
        assert player.wait(120) == 0
        balanced, figures, faults = fleet.audit(60)
        assert balanced, faults
        assert figures["dead_letters"] == 0, figures


def test_each_service_stopped_alone_under_load_ends_with_exit_code_0():
    with Fleet(sys.argv[1]) as fleet:
        player = fleet.play(2000, rate=300, wait=False)
        for service in SERVICES:
            before = wait_until(lambda: fleet.run_file(service), 30, service)
            fleet.terminate(service)
            wait_until(lambda: (fleet.run_file(service) or before)["pid"] != before["pid"], 30, f"{service} is back")
            assert f"{service}-1 ended with exit code 0" in fleet.talk(), fleet.talk()
        assert player.wait(120) == 0
        balanced, _, faults = fleet.audit(60)
        assert balanced, faults


main(globals())
