# SPDX-License-Identifier: Apache-2.0
"""A topic as plain librdkafka reads it."""

import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

PATIENCE_S = 30


class Log:
    """A topic read from its beginning, as far as it goes at the moment of asking."""

    def __init__(self, brokers, topic, partitions):
        self.consumer = Consumer({"bootstrap.servers": brokers, "group.id": "an-auditor", "enable.auto.commit": False,
                                  "isolation.level": "read_uncommitted"})
        self.topic = topic
        self.parts = [TopicPartition(topic, n, OFFSET_BEGINNING) for n in range(partitions)]
        self.next = [0] * partitions
        self.consumer.assign(self.parts)

    def read(self, wait_s=0.2):
        """What has come since; may be less than there is."""
        for message in self.consumer.consume(5000, wait_s):
            if message.error():
                continue
            self.next[message.partition()] = message.offset() + 1
            yield message

    def watermarks(self, part):
        """Asked again while leaders change."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self.consumer.get_watermark_offsets(part, timeout=10)
            except KafkaException:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.2)

    def read_to_end(self):
        ends = [self.watermarks(part) for part in self.parts]
        deadline = time.monotonic() + PATIENCE_S
        while any(self.next[n] < high and low < high for n, (low, high) in enumerate(ends)):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{self.topic} was read to {self.next} of {ends}")
            for message in self.read():
                deadline = time.monotonic() + PATIENCE_S
                yield message

    def close(self):
        self.consumer.close()
