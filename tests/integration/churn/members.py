# SPDX-License-Identifier: Apache-2.0
"""Members of the group, each a process with a user of its own where that is possible, so that its packets can be told apart."""

import json
import os
import signal
import subprocess
import time

FIRST_UID = 42001
STARTS, STARTED, GAINED, REVOKED, LOST, SPLIT = "L7001", "L7002", "L4010", "L4011", "L4012", "L4006"  # ids of log lines (src/observe/log_events.h)
SESSION_MS = 6000


class Member:
    """One instance, started again when it ends; its exit codes after a SIGTERM are kept."""

    def __init__(self, run, number, static):
        self.run, self.name, self.static = run, f"member-{number}", static
        self.uid = FIRST_UID + number if run.can_cut else None
        self.log = run.folder / f"{self.name}.log"
        self.process = None
        self.wanted = self.asked = False
        self.stops, self.early = [], []  # exit codes after a SIGTERM, of one that had started and of one that had not
        self.more = []

    def start(self):
        self.wanted = True
        command = [self.run.worker, f"--brokers={self.run.brokers}", f"--topic_prefix={self.run.prefix}", f"--instance={self.name}",
                   f"--member={self.name}", f"--instance_static={'true' if self.static else 'false'}", f"--session.timeout.ms={SESSION_MS}",
                   "--heartbeat.interval.ms=300", "--log_format=json", "--admin=false", "--start_timeout_ms=60000",
                   # Who takes over when all good items are finished has only failing ones left, and that looks like an outage.
                   "--breaker_wait_ms=200",
                   f"--group_protocol={self.run.options.protocol}", *self.more]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, user=self.uid, cwd=self.run.folder)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def supervise(self):
        """Notes its end, and starts it again when it is wanted."""
        if self.process is None or self.running():
            return
        if self.asked and self.has_started():
            self.stops.append(self.process.returncode)
        elif self.asked:
            self.early.append(self.process.returncode)
        else:
            self.run.restarts += 1
        self.process, self.asked = None, False
        if self.wanted:
            self.start()

    def signal(self, number):
        if self.running():
            os.kill(self.process.pid, number)

    def ask_to_stop(self, wanted=False):
        """SIGTERM, once; wanted: it is to start again afterwards."""
        self.wanted = wanted
        if not self.asked and self.running():
            self.asked = True
            self.signal(signal.SIGTERM)

    def stop(self, seconds=60):
        """Waits for its end; its exit code, None when it had to be killed."""
        self.ask_to_stop()
        if self.process is None:
            return None
        try:
            self.process.wait(seconds)
            self.supervise()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.stops.append(None)
            self.process = None
        return (self.stops + self.early)[-1]

    def has_started(self):
        started = False
        for line in self.lines():
            started = line["id"] == STARTED or (started and line["id"] != STARTS)
        return started

    def lines(self):
        for line in self.log.read_text(errors="replace").splitlines():
            if line.startswith("{"):
                yield json.loads(line)

    def count(self, identifier):
        return sum(line["id"] == identifier for line in self.lines())


def now_ms():
    return int(time.time() * 1000)
