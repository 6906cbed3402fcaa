#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fleet on Apache Kafka, and a stranger in Python at its topics: his own report is this test's.

usage: test_python.py BUILD"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from fleet import ROOT, Fleet

with Fleet(sys.argv[1]) as fleet:
    stranger = subprocess.run([HERE / "python/run", HERE / "python/shop.py", "--brokers", fleet.brokers, "--prefix", fleet.prefix,
                               "--schemas", ROOT / "schemas"], timeout=150)
    status = fleet.stop()
sys.exit(stranger.returncode or status)
