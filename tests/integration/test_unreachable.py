#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Services whose brokers are not there: one line says so, and the exit code is the stable one.

usage: test_unreachable.py BUILD"""

import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

from fleet import ROOT, SERVICES
from tap import main

FAILED = 1
BUDGET_S = 5


def start(service, folder, address):
    return subprocess.Popen([f"{sys.argv[1]}/services/{service}/{service}", f"--config={ROOT}/services/{service}/{service}.cfg",
                             f"--brokers={address}", f"--database={folder}/{service}.db", "--broker_timeout_ms=2000",
                             *(["--http_port=0"] if service == "gateway" else []), "--log_format=json"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def test_every_service_says_in_one_line_that_no_broker_answers():
    with socket.socket() as nobody, tempfile.TemporaryDirectory() as folder:
        nobody.bind(("127.0.0.1", 0))  # bound, never listening: whoever connects is refused
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        began = time.monotonic()
        processes = {service: start(service, pathlib.Path(folder), address) for service in SERVICES}
        for service, process in processes.items():
            output = process.communicate(timeout=60)[1]
            lines = [json.loads(line) for line in output.splitlines()]
            complaints = [line for line in lines if line["level"] in ("error", "warning")]
            assert process.returncode == FAILED, (service, process.returncode)
            assert len(complaints) == 1 and complaints[0]["code"] == "E3001", (service, complaints)
            assert address in complaints[0]["message"], (service, complaints)
            assert time.monotonic() - began < BUDGET_S, f"{service} took {time.monotonic() - began:.1f} s"


main(globals())
