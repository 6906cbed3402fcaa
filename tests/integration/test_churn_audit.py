#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The audit of churn/run finds what it is there to find: each promise broken once, in a log made by hand. Without any broker."""

import base64
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "churn"))

import ledger
from audit import Audit
from tap import main

KEY = b"k"


class Message:
    def __init__(self, offset, key, value, time_ms=0, partition=0):
        self.fields = offset, key, value, time_ms, partition

    def offset(self):
        return self.fields[0]

    def key(self):
        return self.fields[1]

    def value(self):
        return self.fields[2]

    def timestamp(self):
        return 1, self.fields[3]

    def partition(self):
        return self.fields[4]


class Made:
    """A log made by hand."""

    def __init__(self, messages):
        self.messages = messages

    def read_to_end(self):
        messages, self.messages = self.messages, []
        yield from messages

    def close(self):
        pass


def effect(number, offset, began, appended, member="m"):
    text = member.encode()
    value = (ledger.ITEM_FRAME + ledger.put_long(1) + KEY + ledger.put_long(number) + ledger.put_long(0) + ledger.put_long(offset)
             + ledger.put_long(began) + ledger.put_long(len(text)) + text)
    return Message(0, KEY, value, appended)


def commit(offset, time_ms, metadata=b""):
    group, topic = b"p.churn", b"p.churn.items"
    key = struct.pack(">hh", 1, len(group)) + group + struct.pack(">h", len(topic)) + topic + struct.pack(">i", 0)
    value = struct.pack(">hqi", 3, offset, -1) + struct.pack(">h", len(metadata)) + metadata + struct.pack(">q", time_ms)
    return Message(0, key, value)


ITEMS = [Message(n, KEY, ledger.put_item(KEY, n, 0)) for n in range(3)] + [Message(3, KEY, b"poison 3 of k")]
EFFECTS = [effect(n, n, 100 + n, 200 + n) for n in range(3)]
DEAD = [Message(0, KEY, b"poison 3 of k", 210)]
COMMITS = [commit(1, 201), commit(4, 300)]


def faults(items=ITEMS, effects=EFFECTS, dead=DEAD, commits=COMMITS, excuses=()):
    logs = {"p.churn.items": items, "p.churn.effects": effects, "p.churn.items-dlt": dead, "__consumer_offsets": commits}
    audit = Audit(lambda topic, _: Made(list(logs[topic])), "p.", 1)
    audit.read_items()
    audit.judge(excuses)
    return audit.faults


def assert_found(found, what):
    assert len(found) >= 1 and any(what in fault for fault in found), found


def test_what_is_right_is_found_right():
    assert faults() == [], faults()


def test_an_item_without_effect_is_found():
    assert_found(faults(effects=EFFECTS[:2]), "1 items without effect, the first at 2")


def test_a_poison_without_dead_letter_is_found():
    assert_found(faults(dead=[]), "without effect, the first at 3")


def test_an_item_that_overtakes_another_of_its_key_is_found():
    assert_found(faults(effects=[EFFECTS[0], EFFECTS[2], EFFECTS[1]]), "2 took effect where 1 was the next")


def test_a_commit_beyond_an_unfinished_item_is_found():
    assert_found(faults(commits=[commit(2, 200), commit(4, 300)]), "says that 1 is finished; it was at 201")


def test_metadata_that_claims_an_unfinished_item_is_found():
    # Offset 0 committed, one run: 1 to 2 finished; FNV-1a in front is not looked at.
    told = b"chappe1:" + base64.urlsafe_b64encode(b"\0\0\0\0" + bytes([0, 0, 0, 1, 2])).rstrip(b"=")
    assert_found(faults(commits=[commit(0, 201, told), commit(4, 300)]), "says that 2 is finished; it was at 202")


def test_metadata_is_read_in_every_form():
    for body in ([0, 0, 0, 1, 2], [0, 1, 0, 3, 30, 0, 1, 2], [0, 0, 2, 1, 0, 1, 2], [0, 0, 2, 3, 1, 5, 1, 2], [0, 0, 1, 3], [0, 0, 3, 1, 0, 3],
                 [0, 1, 0, 3, 30, 4, 200, 1, 1, 2], [0, 1, 0, 3, 30, 7, 1, 0, 200, 1, 3]):
        told = "chappe1:" + base64.urlsafe_b64encode(b"\0\0\0\0" + bytes(body)).decode().rstrip("=")
        assert ledger.finished_beyond(told, 0) == [(1, 2)], body
    assert ledger.finished_beyond("another tool's", 0) == []


def test_a_commit_that_never_came_is_found():
    assert_found(faults(commits=COMMITS[:1]), "was committed to 1 of 4 in the end")


def test_finished_work_that_is_done_again_is_found():
    again = EFFECTS + [effect(0, 0, 250, 260)]
    assert_found(faults(effects=again), "began 0/0 at 250, 49 ms after it was committed as finished")
    assert faults(effects=again, excuses=[("m", 240, 255)]) == []


def test_unfinished_work_that_is_done_again_is_no_fault():
    assert faults(effects=EFFECTS + [effect(1, 1, 250, 260)]) == []


def test_a_dead_letter_that_is_no_poison_is_found():
    assert_found(faults(dead=DEAD + [Message(1, KEY, ITEMS[0].value(), 220)]), "a dead letter that is no poison")


main(globals())
