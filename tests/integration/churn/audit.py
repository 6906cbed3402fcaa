# SPDX-License-Identifier: Apache-2.0
"""The verdict: what was sent, what came of it, and what was committed when."""

import ledger

POISON = b"poison "


class Audit:
    """Reads a run's topics as they grow; judges them at the end. open_log(topic, partitions) gives what has read_to_end, read, close."""

    def __init__(self, open_log, prefix, partitions):
        self.group, self.partitions = f"{prefix}churn", partitions
        self.items_topic = f"{prefix}churn.items"
        self.items_log = open_log(self.items_topic, partitions)
        self.effects_log = open_log(f"{prefix}churn.effects", partitions)
        self.dead_log = open_log(f"{prefix}churn.items-dlt", partitions)
        self.commits_log = open_log("__consumer_offsets", 4)
        self.items = [[] for _ in range(partitions)]  # by offset: (key, number), number None for poison
        self.poison = {}  # value: (partition, offset)
        self.done_ms = [{} for _ in range(partitions)]  # offset: when its first effect or dead letter was appended
        self.expected = {}  # key: its numbers, in order, without poison
        self.reached = {}  # key: how many of them have taken effect
        self.again = []  # effects that were not the first: (partition, offset, began, member)
        self.commits = []  # (partition, offset, metadata, time)
        self.effects = self.dead = self.dead_again = 0
        self.faults = []

    def fault(self, text):
        if len(self.faults) < 200:
            self.faults.append(text)

    def read_items(self):
        for message in self.items_log.read_to_end():
            place = (message.partition(), message.offset())
            at = self.items[place[0]]
            assert len(at) == place[1], f"offset {place[1]} of partition {place[0]} is not the next"
            value, key = message.value(), message.key().decode()
            if value.startswith(POISON):
                self.poison[value] = place
                at.append((key, None))
            else:
                _, after = ledger.get_text(value, 10)
                number, _ = ledger.get_long(value, after)
                at.append((key, number))
                self.expected.setdefault(key, []).append(number)

    def take_effects(self, messages):
        for message in messages:
            key, number, partition, offset, began, member = ledger.get_effect(message.value())
            self.effects += 1
            if self.items[partition][offset] != (key, number):
                self.fault(f"effect of {key} {number} names {partition}/{offset}, where another item lies")
            if offset in self.done_ms[partition]:
                self.again.append((partition, offset, began, member))
                continue
            self.done_ms[partition][offset] = message.timestamp()[1]
            reached = self.reached.get(key, 0)
            if self.expected[key][reached] != number:
                self.fault(f"{key}: {number} took effect where {self.expected[key][reached]} was the next")
            self.reached[key] = reached + 1

    def take_dead(self, messages):
        for message in messages:
            place = self.poison.get(message.value())
            self.dead += 1
            if not place:
                self.fault(f"a dead letter that is no poison: {message.value()[:60]!r}")
            elif place[1] in self.done_ms[place[0]]:
                self.dead_again += 1
            else:
                self.done_ms[place[0]][place[1]] = message.timestamp()[1]

    def follow(self):
        """Reads what came of the items; how many have come to their end."""
        self.take_effects(self.effects_log.read(0.1))
        self.take_dead(self.dead_log.read(0.1))
        return sum(len(done) for done in self.done_ms)

    def take_commits(self, messages):
        for message in messages:
            commit = ledger.get_commit(message.key(), message.value()) if message.key() else None
            if commit and commit[0] == self.group and commit[1] == self.items_topic:
                self.commits.append(commit[2:])

    def beyond(self, partition):
        """How many finished offsets the last commit of a partition names beyond its own; its offset."""
        self.take_commits(self.commits_log.read(0.1))
        last = next((commit for commit in reversed(self.commits) if commit[0] == partition), None)
        return (0, -1) if not last else (sum(to - start + 1 for start, to in ledger.finished_beyond(last[2], last[1])), last[1])

    def covered(self):
        """Per partition, offset: when a commit first said that it was finished. Checks each commit against the effects."""
        first = [{} for _ in range(self.partitions)]
        watermark = [0] * self.partitions
        went_back = 0
        for partition, offset, metadata, time_ms in self.commits:
            went_back += offset < watermark[partition]
            told = [(watermark[partition], offset - 1)] if offset > watermark[partition] else []
            watermark[partition] = max(watermark[partition], offset)
            for start, to in told + ledger.finished_beyond(metadata, offset):
                for place in range(start, to + 1):
                    if place in first[partition]:
                        continue
                    first[partition][place] = time_ms
                    done = self.done_ms[partition].get(place)
                    if done is None or done > time_ms:
                        self.fault(f"the commit of {partition}/{offset} at {time_ms} says that {place} is finished; it was at {done}")
        for partition, items in enumerate(self.items):
            if watermark[partition] != len(items):
                self.fault(f"partition {partition} was committed to {watermark[partition]} of {len(items)} in the end")
        return first, went_back

    def judge(self, excuses):
        """excuses: (member, from, to): when it could not know that its partitions were no longer its own."""
        self.take_effects(self.effects_log.read_to_end())
        self.take_dead(self.dead_log.read_to_end())
        self.take_commits(self.commits_log.read_to_end())
        for partition, items in enumerate(self.items):
            missing = [offset for offset in range(len(items)) if offset not in self.done_ms[partition]]
            if missing:
                self.fault(f"partition {partition}: {len(missing)} items without effect, the first at {missing[0]}")
        first, went_back = self.covered()
        late = redone = 0
        for partition, offset, began, member in self.again:
            covered = first[partition].get(offset)
            if covered is None or began <= covered:
                redone += 1
            elif any(name == member and start <= began <= end for name, start, end in excuses):
                late += 1
            else:
                self.fault(f"{member} began {partition}/{offset} at {began}, {began - covered} ms after it was committed as finished")
        return {"items": sum(map(len, self.items)), "effects": self.effects, "dead letters": self.dead, "unfinished work redone": redone,
                "by members that did not know": late, "dead letters repeated": self.dead_again, "commits": len(self.commits),
                "commits that went back": went_back}

    def close(self):
        for log in (self.items_log, self.effects_log, self.dead_log, self.commits_log):
            log.close()
