#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two versions of a contract side by side on Apache Kafka: OrderAccepted 2 has one field more than 1.

usage: test_contract_versions.py BUILD ORDERS-2 SHIPPING-2"""

import json
import pathlib
import sys
import tempfile

from fleet import SERVICES, Fleet
from tap import main, run

BUILD, ORDERS_2, SHIPPING_2 = (pathlib.Path(word).resolve() for word in sys.argv[1:4])


def programs(folder, **other):
    """A folder of programs as `chappe run` looks for them, with some of them replaced."""
    for service in SERVICES:
        place = pathlib.Path(folder) / service
        place.mkdir()
        (place / service).symlink_to(other.get(service, BUILD / "services" / service / service))
    return folder


def accepted(fleet):
    """What orders published, with the fields of its own version."""
    status, out, talk = run(BUILD / "tools/chappe/chappe", "consume", f"{fleet.prefix}shop.orders.accepted",
                            "--brokers", fleet.brokers, "--exit", "--from", "beginning", "--format", "json")
    assert status == 0, talk
    return [json.loads(line)["value"] for line in out.splitlines()]


def assert_ships(other, has_gift_wrap):
    with tempfile.TemporaryDirectory() as folder, Fleet(BUILD, programs=programs(folder, **other)) as fleet:
        assert fleet.play(300)["taken"] == 300
        balanced, figures, faults = fleet.audit(60)
        assert balanced, faults
        assert figures["dead_letters"] == 0, figures
        events = accepted(fleet)
        assert len(events) > 200 and all(("gift_wrap" in event) == has_gift_wrap for event in events), events[:2]
        assert fleet.stop() == 0, fleet.talk()


def test_shipping_with_version_1_ships_what_orders_with_version_2_accepts():
    assert_ships({"orders": ORDERS_2}, has_gift_wrap=True)


def test_shipping_with_version_2_ships_what_orders_with_version_1_accepts():
    assert_ships({"shipping": SHIPPING_2}, has_gift_wrap=False)


def test_an_upgrade_under_load_loses_nothing():
    """One after the other, the new program takes over where the old one ended."""
    with tempfile.TemporaryDirectory() as folder, Fleet(BUILD, programs=programs(folder)) as fleet:
        player = fleet.play(1500, rate=300, wait=False)
        fleet.after_records("orders", 200)
        for service, program in (("orders", ORDERS_2), ("shipping", SHIPPING_2)):
            link = pathlib.Path(folder) / service / service
            link.unlink()
            link.symlink_to(program)
            fleet.terminate(service)
        assert player.wait(60) == 0
        balanced, _, faults = fleet.audit(60)
        assert balanced, faults
        assert {"gift_wrap" in event for event in accepted(fleet)} == {True, False}
        assert fleet.stop() == 0, fleet.talk()


main(globals())
