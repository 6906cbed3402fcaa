#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the container files beside it, with fastavro (PyPI; cramjam for snappy, zstandard): what others write, we read.

usage: make.py
"""

import io
import pathlib

import fastavro

HERE = pathlib.Path(__file__).resolve().parent
SCHEMA = {"type": "record", "name": "Reading", "namespace": "cases", "fields": [
    {"name": "sensor", "type": "string"},
    {"name": "at", "type": "long"},
    {"name": "values", "type": {"type": "array", "items": "double"}},
    {"name": "note", "type": ["null", "string"], "default": None},
]}
READINGS = [{"sensor": f"sensor-{n % 7}", "at": 1700000000000 + 1000 * n, "values": [n / 4, -n / 2][:n % 3],
             "note": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" if n % 5 == 0 else None} for n in range(500)]

for codec in ("null", "deflate", "snappy", "zstandard"):
    file = io.BytesIO()
    fastavro.writer(file, fastavro.parse_schema(SCHEMA), READINGS, codec=codec, sync_interval=4000, sync_marker=b"0123456789abcdef",
                    metadata={"made.by": "fastavro"})
    (HERE / f"{codec}.avro").write_bytes(file.getvalue())
