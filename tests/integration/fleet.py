# SPDX-License-Identifier: Apache-2.0
"""The shop's fleet on a real Kafka: started, fed, hurt, audited and stopped. Every run has topics of its own."""

import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))

SERVICES = ("gateway", "orders", "inventory", "payments", "shipping", "notifications")
ROOT = pathlib.Path(__file__).resolve().parents[2]


def wait_until(condition, seconds, what):
    """Polls, because what is waited for is a file or a process of someone else."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() >= deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)
    return value


class Fleet:
    """`chappe run` over services/fleet.cfg; a context manager that ends all it started."""

    def __init__(self, build, instances=1, settings=(), programs=None, brokers=None):
        self.build = pathlib.Path(build)
        self.brokers = brokers or os.environ["CHAPPE_TEST_BROKERS"]
        self.run = "i" + secrets.token_hex(4)
        self.prefix = self.run + "."
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chappe-fleet-"))
        self.instances = instances
        self.settings = ["gateway:http_port=0", *settings]
        self.programs = programs or self.build / "services"
        self.log = self.folder / "fleet.log"
        self.process = None
        self.plays = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is None and "CHAPPE_TEST_KEEP" not in os.environ:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print(f"# logs, databases and intents: {self.folder}", flush=True)

    def start(self):
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        command = [self.build / "tools/chappe/chappe", "run", ROOT / "services/fleet.cfg", "--brokers", self.brokers,
                   "--topic-prefix", self.prefix, "--run-folder", self.folder, "--programs", self.programs,
                   "--ready-file", ready, "--instances", str(self.instances)]
        for setting in self.settings:
            command += ["--set", setting]
        with open(self.log, "ab") as log, open(self.folder / "fleet.talk", "ab") as talk:
            self.process = subprocess.Popen(command, stdout=log, stderr=talk, start_new_session=True)
        wait_until(lambda: ready.exists() or self.process.poll() is not None, 60, "the fleet's start")
        if self.process.poll() is not None:
            raise RuntimeError(f"the fleet ended at its start: {self.talk()[-2000:]}")

    def stop(self):
        """Asks the fleet to stop; its exit code, or None when it had to be killed."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = None
        self.process = None
        return status

    def talk(self):
        return (self.folder / "fleet.talk").read_text(errors="replace")

    def lines(self, level):
        """The services' log lines of one level."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            start = line.find('{"')
            if start >= 0 and f'"level":"{level}"' in line:
                found.append(json.loads(line[start:]))
        return found

    def run_file(self, service, number=1):
        """What a ready instance says of itself, or None while it is not ready."""
        try:
            return json.loads((self.folder / f"{service}-{number}.run").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def is_ready(self, service, number=1):
        return self.run_file(service, number) is not None

    def pid(self, service, number=1):
        """Of an instance, ready or not; None while it is not running."""
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().split(b"\0")
                parent = int((path.parent / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == self.process.pid and f"--instance={service}-{number}".encode() in words:
                return int(path.parent.name)
        return None

    def kill(self, service, number=1, signal_number=signal.SIGKILL):
        """The pid that was hit, or None when the instance was not ready."""
        about = self.run_file(service, number)
        if not about:
            return None
        try:
            os.kill(about["pid"], signal_number)
        except ProcessLookupError:
            return None
        return about["pid"]

    def terminate(self, service, number=1):
        return self.kill(service, number, signal.SIGTERM)

    def metrics(self, service, number=1):
        """Unlabelled sums of the Prometheus metrics of one instance."""
        port = self.run_file(service, number)["admin_port"]
        sums = {}
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{port}/metrics") as answer:
            for line in answer.read().decode().splitlines():
                if not line.startswith("#"):
                    name, value = line.rsplit(" ", 1)
                    name = name.split("{")[0]
                    sums[name] = sums.get(name, 0) + float(value)
        return sums

    def after_records(self, service, count):
        """Returns once an instance has handled so many records."""
        wait_until(lambda: self.metrics(service).get("chappe_records_handled_total", 0) > count, 30,
                   f"{count} records of {service}")

    def play(self, count, seed=1, rate=None, orders=None, wait=True):
        """Orders through the gateway; the player's figures, or its process."""
        self.plays += 1
        command = [self.build / "tools/shop/shop-player", "--run", f"{self.run}p{self.plays}", "--intents", self.folder / "intents",
                   "--count", str(count), "--seed", str(seed), "--patience", "60"]
        for number in range(1, self.instances + 1):
            command += ["--gateway", self.folder / f"gateway-{number}.port"]
        if rate:
            command += ["--rate", str(rate)]
        if orders:
            command += ["--orders", orders]
        player = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=open(self.folder / "player.talk", "ab"))
        return json.loads(player.communicate()[0]) if wait else player

    def audit(self, timeout, *options, killer=None):
        """(balanced, figures, faults): what the auditor read from the topics; the killer goes on meanwhile."""
        auditor = subprocess.Popen([self.build / "tools/shop/shop-auditor", "--brokers", self.brokers, "--prefix", self.prefix,
                                    "--intents", self.folder / "intents", "--timeout", str(timeout), "-o", "json", *options],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if killer:
            killer.until(auditor, timeout + 30)
        figures, faults = auditor.communicate()
        return auditor.returncode == 0, json.loads(figures or "{}"), faults


class Killer:
    """kill -9 of one service after the other, while a process runs."""

    def __init__(self, fleet, every, services=SERVICES):
        self.fleet, self.every = fleet, every
        self.turns = [(service, number) for number in range(1, fleet.instances + 1) for service in services]
        self.hit = []
        self.next = 0
        self.due = time.monotonic() + every

    def turn(self):
        """Kills whoever is next, once it is time and it is there."""
        if time.monotonic() < self.due:
            return
        service, number = self.turns[self.next % len(self.turns)]
        if self.fleet.kill(service, number):
            self.hit.append(f"{service}-{number}")
            self.next += 1
            self.due += self.every

    def until(self, process, seconds):
        deadline = time.monotonic() + seconds
        while process.poll() is None:
            if time.monotonic() >= deadline:
                process.kill()
                raise TimeoutError(f"not over within {seconds} s")
            self.turn()
            time.sleep(0.02)
