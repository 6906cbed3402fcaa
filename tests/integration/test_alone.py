#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Services started by hand, in an unkind order, scaled and stopped one by one: nothing needs the others to be there.

usage: test_alone.py BUILD"""

import subprocess
import sys

from fleet import ROOT, Fleet, wait_until
from tap import main


class ByHand(Fleet):
    """The same folder, topics and books as a fleet, but each process is started and stopped alone, as a dynamic member."""

    def __init__(self, build):
        super().__init__(build)
        self.processes = {}

    def start(self):
        pass

    def stop(self):
        for name in list(self.processes):
            service, number = name.rsplit("-", 1)
            assert self.stop_one(service, int(number)) == 0, name

    def start_one(self, service, number=1):
        name = f"{service}-{number}"
        command = [self.programs / service / service, f"--config={ROOT}/services/{service}/{service}.cfg",
                   f"--brokers={self.brokers}", f"--topic_prefix={self.prefix}", f"--instance={name}",
                   f"--database={self.folder}/{service}.db", "--synchronous=normal", f"--run_file={self.folder}/{name}.run"]
        if service == "gateway":
            command += ["--http_port=0", f"--http_port_file={self.folder}/{name}.port"]
        with open(self.log, "ab") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(lambda: self.is_ready(service, number), 30, f"{name} is ready")

    def stop_one(self, service, number=1):
        process = self.processes.pop(f"{service}-{number}")
        process.terminate()
        return process.wait(30)


def test_services_start_scale_and_stop_one_by_one():
    with ByHand(sys.argv[1]) as fleet:
        fleet.start_one("gateway")  # orders are taken while nobody is there to work on them
        assert fleet.play(100)["taken"] == 100
        fleet.start_one("shipping")
        fleet.start_one("orders")  # whom it calls is not there yet
        fleet.start_one("notifications")
        fleet.start_one("payments")
        fleet.start_one("inventory")
        balanced, _, faults = fleet.audit(60)
        assert balanced, faults

        player = fleet.play(1200, seed=2, rate=80, wait=False)
        for service in ("orders", "inventory", "payments", "shipping", "notifications"):
            fleet.start_one(service, 2)
        for service in ("orders", "inventory", "payments", "shipping", "notifications"):
            assert fleet.stop_one(service, 1) == 0, service
        assert player.wait(60) == 0
        balanced, figures, faults = fleet.audit(60)
        assert balanced, faults
        assert figures["dead_letters"] == 0, figures


main(globals())
