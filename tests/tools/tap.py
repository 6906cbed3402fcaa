# SPDX-License-Identifier: Apache-2.0
"""Tests as functions, reported as TAP: every function of the caller that begins with test_ is one."""

import subprocess
import sys
import traceback


def run(*command, stdin=None, environment=None, folder=None, timeout=120):
    """Exit code, standard output, standard error."""
    done = subprocess.run([str(word) for word in command], input=stdin, capture_output=True, text=True, env=environment, cwd=folder,
                          timeout=timeout)
    return done.returncode, done.stdout, done.stderr


def main(functions):
    tests = [(name, function) for name, function in functions.items() if name.startswith("test_")]
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # a failed test must not keep the others from running
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
    sys.exit(1 if failed else 0)
