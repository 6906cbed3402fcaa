#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demonstration as an impatient user sees it: from another folder, with wrong input, interrupted.

usage: test_demo.py BUILD_FOLDER
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/tools"))

from tap import main  # noqa: E402

HEADING = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
FOLDER = tempfile.TemporaryDirectory(prefix="a folder with spaces ")
ENVIRONMENT = os.environ | {"DEMO_BUILD": str(pathlib.Path(sys.argv[1]).resolve()), "TMPDIR": FOLDER.name}


def start(*options):
    return subprocess.Popen([ROOT / "tools/demo", *options], cwd=FOLDER.name, env=ENVIRONMENT, text=True, start_new_session=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


def demo(*options):
    process = start(*options)
    text, talk = process.communicate(timeout=120)
    return process.returncode, text, talk


def leftovers():
    """Processes that work in the folder of this test, and folders that were not taken away."""
    found = [str(path) for path in pathlib.Path(FOLDER.name).glob("chappe-demo-*")]
    for words in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"TMPDIR={FOLDER.name}".encode() in words.read_bytes().split(b"\0"):
                found.append((words.parent / "cmdline").read_text().replace("\0", " "))
        except OSError:
            pass
    return [one for one in found if "test_demo" not in one]


def test_rows_that_are_no_order_are_told_and_the_rest_goes_on():
    path = pathlib.Path(FOLDER.name) / "some orders.csv"
    path.write_text(HEADING + "1,A,Tea,2,12/1/2010 8:26,2.55,7,France\nnonsense\n2,B,Cup,x,12/1/2010 8:26,1,7,France\n"
                    "C3,A,Tea,-1,12/1/2010 8:26,2.55,7,France\n")
    code, text, talk = demo("--orders", path.name, "-o", "json")
    assert code == 0, talk
    assert f"{path}:3: not an order line" in talk and f"{path}:4: not an order line" in talk, talk
    figures = json.loads(text)
    assert figures["player"]["bad_rows"] == 2 and figures["books"]["balanced"], figures
    assert figures["books"]["orders"]["intended"] == 2 and figures["books"]["orders"]["returned"] == 1, figures
    assert leftovers() == []


def test_a_file_without_an_order_is_told_before_anything_is_started():
    for content in ("", HEADING, "a,b\n1,2\n", "\0\1\2" * 1000):
        path = pathlib.Path(FOLDER.name) / "nothing.csv"
        path.write_text(content)
        code, text, talk = demo(f"--orders={path}")
        assert code == 65 and text == "" and str(path) in talk and "starting" not in talk, (content[:20], code, talk)
    assert leftovers() == []


def test_wrong_options_are_told_at_once():
    for options in (["--ordres", "x"], ["--orders"], ["--orders", "nowhere.csv"], ["--rate", "0"], ["--rate", "x"], ["--seed", "-1"], ["-o", "xml"],
                    ["--brokers", "nonsense"], ["--instances", "65"], ["surprise"]):
        code, text, talk = demo(*options)
        assert code == 2 and text == "" and talk.startswith("tools/demo: "), (options, code, talk)
    code, text, talk = demo("--brokers", "127.0.0.1:1")
    assert code == 1 and text == "" and "127.0.0.1:1" in talk, (code, talk)


def test_an_interrupt_ends_everything_and_says_nothing_of_the_books():
    for signal_number, to_all, when in ((signal.SIGINT, True, "starting the services"), (signal.SIGINT, True, "placing orders"),
                                        (signal.SIGTERM, False, "waiting for")):
        process = start("--count", "5000")
        talk = ""
        while when not in talk:
            line = process.stderr.readline()
            assert line, talk
            talk += line
        if to_all:  # as a terminal does it
            os.killpg(process.pid, signal_number)
        else:
            process.send_signal(signal_number)
        text, rest = process.communicate(timeout=40)
        assert process.returncode == 128 + signal_number and text == "" and "balance" not in rest, (when, process.returncode, rest)
        assert leftovers() == [], when


main(globals())
