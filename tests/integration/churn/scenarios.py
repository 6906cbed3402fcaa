# SPDX-License-Identifier: Apache-2.0
"""The scenarios of churn/run, and what they share: topics, items, members, and the report."""

import datetime
import os
import pathlib
import random
import secrets
import shutil
import signal
import tempfile
import threading
import time

from audit import POISON, Audit
from changes import changes
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from hurt import BrokerKilled, CutOff, Frozen, Killed, Restarted
from ledger import put_item
from log import Log
from members import GAINED, LOST, REVOKED, SPLIT, Member, now_ms


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() >= deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.05)
    return value


class Run:
    def __init__(self, options):
        self.options, self.random = options, random.Random(options.seed)
        self.brokers = os.environ["CHAPPE_TEST_BROKERS"]
        self.nodes = [int(pid) for pid in os.environ["CHAPPE_TEST_KAFKA_PIDS"].split()]
        self.prefix = f"c{secrets.token_hex(3)}."
        self.worker, self.can_cut = options.worker, options.inside == "cut"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chappe-churn-"))
        self.folder.chmod(0o777)
        self.restarts, self.faults, self.brokers_started = 0, [], []
        self.members = [Member(self, number, number < options.static) for number in range(options.members)]
        self.sent, self.began_ms = 0, now_ms()
        self.filled = threading.Event()
        self.broken = None

    def open_log(self, topic, partitions):
        return Log(self.brokers, topic, partitions)

    def topics(self):
        replication, stamped = self.options.nodes, {"message.timestamp.type": "LogAppendTime"}
        wanted = [NewTopic(self.prefix + name, self.options.partitions, replication, config=config)
                  for name, config in (("churn.items", {}), ("churn.effects", stamped), ("churn.items-dlt", stamped))]
        admin = AdminClient({"bootstrap.servers": self.brokers})
        for future in admin.create_topics(wanted).values():
            future.result(30)

    def item(self, numbers):
        """(key, value): 1 in 100 is poison, 2 in 100 fail first."""
        key = b"key-%05d" % self.random.randrange(self.options.keys)
        number = numbers[key] = numbers.get(key, -1) + 1
        if self.random.random() < 0.01:
            return key, POISON + b"%d of %s" % (number, key)
        return key, put_item(key, number, self.random.randint(1, 3) if self.random.random() < 0.02 else 0)

    def fill(self, items, rate):
        """Every item is in the log exactly once, in the order of its key: idempotent, and all reports are looked at."""
        producer = Producer({"bootstrap.servers": self.brokers, "enable.idempotence": True, "partitioner": "murmur2_random",
                             "linger.ms": 5, "delivery.timeout.ms": 120000})

        def reported(error, _):
            if error:
                self.broken = f"an item was not delivered: {error}"

        began = time.monotonic()
        for key, value in items:
            producer.produce(f"{self.prefix}churn.items", key=key, value=value, on_delivery=reported)
            self.sent += 1
            if self.sent % 50 == 0:
                producer.poll(max(0, began + self.sent / rate - time.monotonic()))
        producer.flush(120)
        self.filled.set()

    def supervise(self):
        for member in self.members:
            member.supervise()

    def stop(self):
        """All members at once, as one does at the end of the day."""
        for member in self.members:
            member.ask_to_stop()
        for member in self.members:
            member.stop()

    def excuses(self):
        """When a member could not know that its partitions were another's: while it was held up and some time after; and before it
        heard that it had lost them."""
        found = [(fault.victim, fault.began_ms, fault.healed_ms + 20000) for fault in self.faults if fault.kind in ("SIGSTOP", "cut network")]
        for member in self.members:
            for line in member.lines():
                if line["id"] == LOST:
                    at_ms = int(datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp() * 1000)
                    found.append((member.name, at_ms - 30000, at_ms + 1000))
        return found

    def report(self, figures, faults):
        counted = {}
        for fault in self.faults:
            counted[fault.kind] = counted.get(fault.kind, 0) + 1
        codes = sorted(str(code) for member in self.members for code in member.stops)
        early = sum(len(member.early) for member in self.members)
        print(f"# seed {self.options.seed}, {self.options.nodes} node(s), {len(self.members)} members, protocol {self.options.protocol}"
              + ("" if self.can_cut else "; no network was cut: not permitted here"), flush=True)
        for fault in self.faults:
            print(f"# {(fault.began_ms - self.began_ms) / 1000:6.1f} s: {fault.kind} {fault.victim}", flush=True)
        print("# hurt: " + (", ".join(f"{kind} × {number}" for kind, number in counted.items()) or "nobody"), flush=True)
        print("# " + ", ".join(f"{name}: {value}" for name, value in figures.items()), flush=True)
        print(f"# exit codes after SIGTERM: {', '.join(f'{code} × {codes.count(code)}' for code in sorted(set(codes)))}"
              f"; {early} were asked to end while they were starting", flush=True)
        for fault in faults[:20]:
            print(f"# FAULT {fault}", flush=True)
        print(f"# {len(faults)} faults" + (f"; logs in {self.folder}" if faults else ""), flush=True)
        if not faults and "CHAPPE_TEST_KEEP" not in os.environ:
            shutil.rmtree(self.folder, ignore_errors=True)
        return 1 if faults else 0

    def end(self):
        for member in self.members:
            if member.running():
                member.signal(signal.SIGCONT)
                member.process.kill()
        for process in self.brokers_started:
            process.kill()


def audit_items(run, patience_s):
    """Everything has come to its end; None, or the audit."""
    audit = Audit(run.open_log, run.prefix, run.options.partitions)
    audit.read_items()
    deadline = time.monotonic() + patience_s
    while audit.follow() < run.sent and time.monotonic() < deadline:
        run.supervise()
    return audit


def next_fault(run, kinds):
    """One fault for one member that is not hurt already."""
    hurt = {fault.victim for fault in run.faults if fault.healed_ms is None}
    whole = [member for member in run.members[:run.options.members]
             if member.name not in hurt and member.running() and not member.asked]
    kind = kinds.pop(0)
    kinds.append(kind)
    if kind == "broker":
        if any(fault.healed_ms is None for fault in run.faults if fault.kind == "kill -9 of a broker"):
            return None
        at = run.random.randrange(len(run.nodes))
        fault = BrokerKilled(run.nodes[at], run.folder / "broker.log")
        fault.node = at
        return fault
    if not whole:
        return None
    return {"kill": Killed, "freeze": Frozen, "cut": CutOff, "term": Restarted}[kind](run.random.choice(whole))


def heal(run, fault):
    fault.heal()
    if isinstance(fault, BrokerKilled):
        run.brokers_started.append(fault.process)
        run.nodes[fault.node] = fault.process.pid


def begin(run):
    """All members have their partitions before anything is done to them."""
    for member in run.members[:run.options.members]:
        member.start()
    wait_until(lambda: (run.supervise(), all(member.count(GAINED) for member in run.members[:run.options.members]))[1], 60,
               "every member's partitions")


def churn(run):
    """Faults of every kind in turn, one every three seconds, and a guest that joins and leaves every two, until all items are sent."""
    kinds = ["kill", "freeze", "term"] + (["cut"] if run.can_cut else []) + (["broker"] if run.options.nodes == 3 else [])
    run.random.shuffle(kinds)
    guest = Member(run, run.options.members, False)
    run.members.append(guest)
    begin(run)
    filler = threading.Thread(target=run.fill, args=(items_of(run), run.options.rate))
    filler.start()
    due, turn = time.monotonic() + 1, time.monotonic() + 2
    while not run.filled.is_set() or len(run.faults) < len(kinds):
        run.supervise()
        for fault in run.faults:
            if fault.healed_ms is None and time.monotonic() >= fault.due:
                heal(run, fault)
        if time.monotonic() >= due:
            due = time.monotonic() + 3
            fault = next_fault(run, kinds)
            run.faults += [fault] if fault else []
        if time.monotonic() >= turn:
            turn = time.monotonic() + 2
            guest.ask_to_stop() if guest.running() else guest.start()
        time.sleep(0.02)
    for fault in run.faults:
        if fault.healed_ms is None:
            heal(run, fault)
    filler.join()
    audit = audit_items(run, 120)
    run.stop()
    figures = audit.judge(run.excuses())
    figures["restarts"] = run.restarts
    if run.options.batches:
        figures["batches split"] = sum(member.count(SPLIT) for member in run.members)
        if not figures["batches split"]:
            audit.fault("no batch of several items ever failed")
    for member in run.members:
        if any(code not in (0, 4) for code in member.stops):
            audit.fault(f"{member.name} ended with {member.stops} after SIGTERM")
    audit.close()
    return figures, audit.faults


def items_of(run):
    numbers = {}
    for _ in range(run.options.items):
        yield run.item(numbers)


def parked(run):
    """One item that goes on failing, thousands behind it; then kill -9: nothing of those is done again."""
    behind = run.options.items
    run.options.partitions = 1
    items = [(b"stuck", put_item(b"stuck", 0, 1000000))] + [(b"key-%d" % n, put_item(b"key-%d" % n, 0, 0)) for n in range(behind)]
    run.topics()
    run.fill(items, 10000)
    member = run.members[0]
    del run.members[1:]
    member.start()
    audit = Audit(run.open_log, run.prefix, 1)
    audit.read_items()
    wait_until(lambda: audit.beyond(0)[0] >= behind, 120, f"{behind} finished beyond the item that fails")
    run.faults.append(Killed(member))
    before = sum(1 for _ in audit.effects_log.read_to_end())
    member.start()
    # It has what it needs once it commits again: the failures of its parked item are news every time.
    seen = len(audit.commits)
    wait_until(lambda: audit.beyond(0) and len(audit.commits) >= seen + 3, 60, "commits after the restart")
    again = sum(1 for _ in audit.effects_log.read_to_end())
    beyond, offset = audit.beyond(0)
    member.stop()
    audit.close()
    figures = {"finished beyond the parked item": beyond, "committed": offset, "effects before": before, "redone after kill -9": again}
    faults = [] if again == 0 and beyond >= behind and before == behind and offset == 0 else [str(figures)]
    return figures, faults


def rolling(run):
    """Every member is stopped and started in turn under load; how often the others heard of it."""
    run.topics()
    filler = threading.Thread(target=run.fill, args=(items_of(run), run.options.rate))
    begin(run)
    filler.start()
    quiet_ms = now_ms() + 3000
    wait_until(lambda: now_ms() > quiet_ms, 10, "the group at rest")
    moved = {"gained": 0, "revoked": 0}
    for member in run.members:
        others = [other for other in run.members if other is not member]
        before = [(other.count(GAINED), other.count(REVOKED)) for other in others]
        own = member.count(GAINED)
        run.faults.append(Restarted(member))
        wait_until(lambda: (run.supervise(), member.count(GAINED))[1] > own, 60, f"{member.name} is back")
        for other, (gained, revoked) in zip(others, before):
            moved["gained"] += other.count(GAINED) - gained
            moved["revoked"] += other.count(REVOKED) - revoked
    filler.join()
    audit = audit_items(run, 60)
    run.stop()
    figures = {"times others gained": moved["gained"], "times others gave up": moved["revoked"], **audit.judge(run.excuses())}
    if run.options.static == len(run.members) and (moved["gained"] or moved["revoked"]):
        audit.fault(f"static members disturbed each other: {moved}")
    audit.close()
    return figures, audit.faults


def perform(options):
    run = Run(options)
    try:
        if options.scenario == "churn":
            run.topics()
        figures, faults = {"churn": churn, "parked": parked, "rolling": rolling, "changes": lambda run: changes(run, wait_until)}[options.scenario](run)
        if run.broken:
            faults.append(run.broken)
        return run.report(figures, faults)
    finally:
        run.end()
