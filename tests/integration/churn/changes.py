# SPDX-License-Identifier: Apache-2.0
"""A log that changes under its reader, strangers in its group, brokers that go away: one member goes through all of it."""

import os
import signal
import time

import ledger
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic
from hurt import BrokerKilled
from log import Log
from members import GAINED

RECORDS_GONE, COMPLAINT = "L4018", "L4015"
OUT_S = 8


class Changes:
    def __init__(self, run, wait_until):
        self.run, self.wait_until = run, wait_until
        self.member = run.members[0]
        self.member.more = ["--topic.metadata.refresh.interval.ms=1000"]
        self.topic = f"{run.prefix}churn.items"
        self.admin = AdminClient({"bootstrap.servers": run.brokers})
        self.effects = None
        self.seen, self.numbers, self.steps = set(), 0, {}

    def send(self, count, partition=None):
        """Items with a key each; the keys."""
        producer = Producer({"bootstrap.servers": self.run.brokers, "enable.idempotence": True})
        keys = []
        for _ in range(count):
            keys.append(f"item-{self.numbers}")
            self.numbers += 1
            where = {} if partition is None else {"partition": partition}
            producer.produce(self.topic, key=keys[-1], value=ledger.put_item(keys[-1].encode(), 0, 0), **where)
        assert producer.flush(60) == 0
        return keys

    def done(self, keys, what):
        def all_there():
            self.seen.update(message.key().decode() for message in self.effects.read(0.1))
            return all(key in self.seen for key in keys)

        began = time.monotonic()
        self.wait_until(all_there, 60, f"effects after: {what}")
        self.steps[what] = f"{time.monotonic() - began:.1f} s"

    def begin(self):
        self.run.topics()
        self.effects = Log(self.run.brokers, f"{self.run.prefix}churn.effects", self.run.options.partitions)
        self.member.start()
        self.done(self.send(100), "start")
        self.pid = self.member.process.pid

    def grow(self):
        count = self.run.options.partitions + 2
        for future in self.admin.create_partitions([NewPartitions(self.topic, count)]).values():
            future.result(30)
        self.done(self.send(20, count - 1) + self.send(100), "the topic grew")

    def delete_records(self):
        assert self.stop() == 0
        gone = self.send(40, 0)
        kept = self.send(5, 0)
        end = Consumer({"bootstrap.servers": self.run.brokers, "group.id": "x"})
        _, high = end.get_watermark_offsets(TopicPartition(self.topic, 0), timeout=20)
        end.close()
        for future in self.admin.delete_records([TopicPartition(self.topic, 0, high - 5)]).values():
            future.result(30)
        self.start()
        self.done(kept, "records were deleted")
        assert not self.seen.intersection(gone), "deleted records took effect"
        assert self.member.count(RECORDS_GONE) == 1, "nothing was said of the deleted records"

    def stop(self):
        return self.member.stop()

    def start(self):
        self.member.start()
        self.pid = self.member.process.pid

    def stranger(self):
        """Of the other kind than ours: there first, then gone."""
        assert self.stop() == 0
        stranger = Consumer({"bootstrap.servers": self.run.brokers, "group.id": f"{self.run.prefix}churn",
                             "partition.assignment.strategy": "cooperative-sticky", "session.timeout.ms": 6000})
        stranger.subscribe([self.topic])
        self.wait_until(lambda: (stranger.poll(0.1), stranger.assignment())[1], 30, "the stranger's partitions")
        gained = self.member.count(GAINED)
        self.start()

        def refused():
            stranger.poll(0.1)
            return any(line.get("code") == "E3014" for line in self.member.lines())

        self.wait_until(refused, 30, "word of the stranger")
        assert self.member.count(GAINED) == gained, "it got in"
        stranger.close()
        self.done(self.send(50), "a stranger left the group")

    def delete_topic(self):
        for future in self.admin.delete_topics([self.topic]).values():
            future.result(30)
        time.sleep(3)  # the reader finds out
        for future in self.admin.create_topics([NewTopic(self.topic, 2, self.run.options.nodes)]).values():
            future.result(30)
        self.wait_until(lambda: len(self.admin.list_topics(self.topic, 10).topics[self.topic].partitions) == 2, 30, "the new topic")
        self.done(self.send(50), "the topic was deleted and made anew")

    def silent_broker(self):
        os.kill(self.run.nodes[0], signal.SIGSTOP)
        time.sleep(OUT_S)
        os.kill(self.run.nodes[0], signal.SIGCONT)
        self.done(self.send(50), "the broker stood still")

    def dead_broker(self):
        fault = BrokerKilled(self.run.nodes[0], self.run.folder / "broker.log")
        time.sleep(OUT_S)
        fault.heal()
        self.run.brokers_started.append(fault.process)
        self.done(self.send(50), "the broker was killed and came back")


def changes(run, wait_until):
    del run.members[1:]
    story = Changes(run, wait_until)
    faults = []
    for step in (story.begin, story.grow, story.delete_records, story.stranger, story.delete_topic, story.silent_broker,
                 story.dead_broker):
        try:
            step()
            if not story.member.running() or story.member.process.pid != story.pid:
                faults.append(f"{step.__name__}: the member is another one now")
        except (TimeoutError, AssertionError) as error:
            faults.append(f"{step.__name__}: {error}")
            break
    # 4: librdkafka 2.0.2 may keep a connection that was just made anew from ending; nothing is lost by it.
    if story.stop() not in (0, 4):
        faults.append(f"exit codes {story.member.stops}")
    story.effects.close()
    complaints = story.member.count(COMPLAINT)
    if complaints > 40:
        faults.append(f"{complaints} complaints in the log")
    return {**story.steps, "complaints in the log": complaints}, faults
