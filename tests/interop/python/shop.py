#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stranger in Python at the shop: knows topics and schemas, nothing of Chappe's code.

Places orders, calls inventory, and reads how the orders ended. Speaks Avro's single-object encoding with the schemas on the
topic _chappe-schemas, and Spring's request/reply headers. Prints TAP; exit code 0 when everything held.

usage: shop.py --brokers HOST:PORT --prefix PREFIX --schemas schemas [--orders N] [--timeout SECONDS]
"""

import argparse
import io
import json
import os
import pathlib
import struct
import sys
import time
import uuid

import fastavro
from confluent_kafka import OFFSET_END, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

MARKER = b"\xc3\x01"
FINAL = {"shop.OrderShipped": "shipped", "shop.OrderRejected": "rejected", "shop.OrderReturned": "returned"}


def fingerprint(schema_text):
    """CRC-64-AVRO of the canonical form, as the eight little-endian bytes of a single-object header."""
    empty = 0xC15D213AA4D7A795
    value = empty
    for byte in fastavro.schema.to_parsing_canonical_form(json.loads(schema_text)).encode():
        bits = (value ^ byte) & 0xFF
        for _ in range(8):
            bits = (bits >> 1) ^ (empty if bits & 1 else 0)
        value = (value >> 8) ^ bits
    return struct.pack("<Q", value)


class Contracts:
    """The schemas of the shop, each complete in itself, from the files that the services are generated from."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def inline(self, schema, seen):
        """Puts named types of other files in place of their first use, as a self-contained schema needs it."""
        if isinstance(schema, str):
            short = schema.split(".")[-1]
            path = self.folder / "shop" / ("".join("_" + c.lower() if c.isupper() else c for c in short).lstrip("_") + ".avsc")
            if "." in schema and schema not in seen and path.exists():
                seen.add(schema)
                return self.inline(json.loads(path.read_text()), seen)
            return schema
        if isinstance(schema, list):
            return [self.inline(branch, seen) for branch in schema]
        schema = dict(schema)
        if schema.get("type") == "record":
            seen.add(f"{schema.get('namespace', 'shop')}.{schema['name']}")
            schema["fields"] = [dict(field, type=self.inline(field["type"], seen)) for field in schema["fields"]]
        elif "items" in schema:
            schema["items"] = self.inline(schema["items"], seen)
        elif isinstance(schema.get("type"), (dict, list)):
            schema["type"] = self.inline(schema["type"], seen)
        return schema

    def event(self, file):
        return json.dumps(self.inline(json.loads((self.folder / "shop" / file).read_text()), set()))

    def request(self, protocol_file, message):
        protocol = json.loads((self.folder / "shop" / protocol_file).read_text())
        record = {
            "type": "record",
            "name": message[0].upper() + message[1:] + "Request",
            "namespace": protocol["namespace"],
            "fields": protocol["messages"][message]["request"],
        }
        return json.dumps(self.inline(record, set()))


class Shop:
    def __init__(self, brokers, prefix):
        self.brokers, self.prefix = brokers, prefix
        self.producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "partitioner": "murmur2_random"})
        self.schemas = {}
        self.schema_reader = self.reader("_chappe-schemas", at_end=False)

    def reader(self, topic, at_end):
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": f"stranger-{uuid.uuid4()}",
                             "enable.auto.commit": False, "auto.offset.reset": "earliest"})
        metadata = consumer.list_topics(topic, 10).topics[topic]
        consumer.assign([TopicPartition(topic, p, OFFSET_END if at_end else 0) for p in metadata.partitions])
        if at_end:  # the position must be fixed before anything that it is to see is sent
            for partition in metadata.partitions:
                consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        return consumer

    def announce(self, schema_text):
        """A new schema is acknowledged before the first event that needs it."""
        errors = []
        self.producer.produce("_chappe-schemas", key=fingerprint(schema_text), value=schema_text.encode(),
                              on_delivery=lambda error, _: errors.append(error) if error else None)
        self.producer.flush(20)
        assert not errors, errors

    def encode(self, schema_text, value):
        out = io.BytesIO()
        fastavro.schemaless_writer(out, fastavro.parse_schema(json.loads(schema_text)), value)
        return MARKER + fingerprint(schema_text) + out.getvalue()

    def schema_of(self, mark, deadline):
        while mark not in self.schemas and time.monotonic() < deadline:
            record = self.schema_reader.poll(0.5)
            if record and not record.error() and fingerprint(record.value().decode()) == record.key():
                self.schemas[record.key()] = fastavro.parse_schema(json.loads(record.value()))
        return self.schemas[mark]

    def decode(self, payload, deadline):
        assert payload[:2] == MARKER, payload[:16]
        schema = self.schema_of(payload[2:10], deadline)
        body = io.BytesIO(payload[10:])
        value = fastavro.schemaless_reader(body, schema, None)
        assert body.read() == b"", "bytes left over"
        return schema["name"], value

    def publish(self, topic, key, payload, headers):
        self.producer.produce(self.prefix + topic, key=key.encode(), value=payload, headers=headers)


def order(order_id, kind, lines):
    return {"order_id": order_id, "kind": kind, "customer": "stranger", "country": "France", "currency": "EUR",
            "total": sum(line["quantity"] * line["unit_price"] for line in lines), "placed_at": int(time.time() * 1000),
            "exchange_rate": None, "lines": lines}


def line(sku, quantity):
    return {"sku": sku, "description": "a stranger's choice", "quantity": quantity, "unit_price": 125}


def place_orders(shop, contracts, run, count):
    schema = contracts.event("order_placed.avsc")
    shop.announce(schema)
    expected = {}
    for n in range(count):
        order_id = f"{run}-{n}"
        if n % 5 == 4:
            value, wanted = order(order_id, "return", [line(f"{run}-A", 1)]), "returned"
        elif n % 5 == 3:
            value, wanted = order(order_id, "sale", [line(f"{run}-B", 2_000_000_000)]), "rejected"
        else:
            value, wanted = order(order_id, "sale", [line(f"{run}-C{n}", 1)]), None  # shipped, or declined by the bank
        expected[order_id] = wanted
        shop.publish("shop.orders.placed", order_id, shop.encode(schema, value), [("ce_id", str(uuid.uuid4()).encode())])
    assert shop.producer.flush(20) == 0
    return expected


def final_states(shop, readers, expected, deadline):
    found = {}
    while len(found) < len(expected) and time.monotonic() < deadline:
        for reader in readers:
            record = reader.poll(0.05)
            if record is None or record.error():
                continue
            name, value = shop.decode(record.value(), deadline)
            if value["order_id"] in expected and name in FINAL:
                found.setdefault(value["order_id"], []).append(FINAL[name])
    return found


def call_reserve(shop, contracts, run, quantity, timeout):
    """One request/reply by hand: Spring's headers, a reply partition fixed before the request leaves."""
    replies = f"{shop.prefix}stranger.{run}.replies"
    admin = AdminClient({"bootstrap.servers": shop.brokers})  # its futures fail once it is gone
    for future in admin.create_topics([NewTopic(replies, 1, 1)]).values():
        future.result(20)
    reader = shop.reader(replies, at_end=True)
    schema = contracts.request("inventory.avpr", "reserve")
    shop.announce(schema)
    order_id, correlation = f"{run}-call-{quantity}", uuid.uuid4().bytes
    request = shop.encode(schema, {"order_id": order_id, "lines": [line(f"{run}-D", quantity)]})
    reader.poll(1.0)
    shop.publish("shop.inventory", order_id, request,
                 [("kafka_correlationId", correlation), ("kafka_replyTopic", replies.encode()),
                  ("kafka_replyPartition", struct.pack(">i", 0)), ("chappe_method", b"reserve"),
                  ("chappe_deadline", str(int((time.time() + timeout) * 1000)).encode())])
    shop.producer.flush(20)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        record = reader.poll(0.5)
        if record and not record.error() and dict(record.headers() or []).get("kafka_correlationId") == correlation:
            return (*shop.decode(record.value(), deadline), record.key())
    raise TimeoutError("no reply")


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, what, held, detail=""):
        self.count += 1
        self.failed += not held
        print(f"{'ok' if held else 'not ok'} {self.count} - {what}{'' if held else f' # {detail}'}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--prefix", default="")
    parser.add_argument("--schemas", required=True)
    parser.add_argument("--orders", type=int, default=50)
    parser.add_argument("--timeout", type=float, default=60)
    options = parser.parse_args()
    run = f"py{os.getpid()}-{int(time.time())}"
    tap, contracts, shop = Tap(), Contracts(options.schemas), Shop(options.brokers, options.prefix)
    readers = [shop.reader(options.prefix + topic, at_end=True)
               for topic in ("shop.orders.shipped", "shop.orders.rejected", "shop.orders.returned")]

    tap.check("the fingerprint of \"int\" is the specification's", fingerprint('"int"').hex() == "8f5c393f1ad57572")
    expected = place_orders(shop, contracts, run, options.orders)
    found = final_states(shop, readers, expected, time.monotonic() + options.timeout)
    missing = sorted(set(expected) - set(found))
    tap.check(f"{len(expected)} orders placed from Python have a final state", not missing, f"missing {missing[:5]}")
    tap.check("each has exactly one", all(len(states) == 1 for states in found.values()), found)
    wrong = {i: found[i] for i, wanted in expected.items() if wanted and found.get(i) != [wanted]}
    tap.check("returns are returned, greedy orders rejected", not wrong, wrong)
    tap.check("most others are shipped", sum(states == ["shipped"] for states in found.values()) > options.orders * 0.3, found)

    name, value, key = call_reserve(shop, contracts, run, 1, options.timeout)
    tap.check("inventory answers a call from Python with its reservation", name == "shop.Reservation" and value["pieces"] == 1,
              f"{name} {value}")
    tap.check("the reply keeps the request's key", key == f"{run}-call-1".encode(), key)
    name, value, _ = call_reserve(shop, contracts, run + "x", 2_000_000_000, options.timeout)
    tap.check("and with the contract's own error", name == "shop.OutOfStock" and value["wanted"] == 2_000_000_000,
              f"{name} {value}")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
