#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How schemas travel, on Apache Kafka: through a topic of the fleet's own, through a registry, and from one to the other.

usage: test_schemas.py BUILD"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import urllib.request

from fleet import ROOT, Fleet
from tap import main

REGISTRY = os.environ["CHAPPE_TEST_REGISTRY"]
NOWHERE = "no-such-schema-topic"


def subjects():
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{REGISTRY}/subjects") as answer:
        return json.load(answer)


def test_schemas_travel_through_a_compacted_topic():
    topic = f"schemas-{secrets.token_hex(4)}"
    with Fleet(sys.argv[1], settings=[f"schema_topic={topic}"]) as fleet:
        assert fleet.play(300)["taken"] == 300
        balanced, _, faults = fleet.audit(60, "--schema-topic", topic)
        assert balanced, faults
        assert fleet.stop() == 0, fleet.talk()


def test_schemas_travel_through_a_registry():
    with Fleet(sys.argv[1], settings=[f"registry={REGISTRY}", "schemas_register=true"]) as fleet:
        assert fleet.play(500)["taken"] == 500
        # The auditor knows of no schema topic: every frame that it understands has an id of the registry.
        balanced, _, faults = fleet.audit(60, "--registry", REGISTRY, "--schema-topic", NOWHERE)
        assert balanced, faults
        enrolled = [subject for subject in subjects() if subject.startswith(fleet.prefix)]
        assert f"{fleet.prefix}shop.orders.placed-value" in enrolled, enrolled
        assert fleet.stop() == 0, fleet.talk()


def test_a_fleet_that_changes_to_a_registry_still_reads_what_it_wrote_before():
    with Fleet(sys.argv[1]) as fleet:
        player = fleet.play(1500, rate=400, wait=False)
        fleet.after_records("orders", 100)
        assert fleet.stop() == 0, fleet.talk()
        assert player.poll() is None, "it was not under load"
        fleet.settings += [f"registry={REGISTRY}", "schemas_register=true"]
        fleet.start()
        assert player.wait(120) == 0
        balanced, figures, faults = fleet.audit(60, "--registry", REGISTRY)
        assert balanced, faults
        assert figures["dead_letters"] == 0, figures


def test_schemas_that_nobody_registered_stop_the_start():
    with tempfile.TemporaryDirectory() as folder:
        shipping = subprocess.run([f"{sys.argv[1]}/services/shipping/shipping", f"--config={ROOT}/services/shipping/shipping.cfg",
                                   f"--brokers={os.environ['CHAPPE_TEST_BROKERS']}", f"--database={folder}/shipping.db",
                                   f"--topic_prefix=i{secrets.token_hex(4)}.", f"--registry={REGISTRY}", "--log_format=json"],
                                  capture_output=True, text=True, timeout=60)
    errors = [line for line in map(json.loads, shipping.stderr.splitlines()) if line["level"] == "error"]
    assert shipping.returncode == 1, shipping.returncode
    assert len(errors) == 1 and "shop.orders.shipped-value" in errors[0]["message"], errors


main(globals())
