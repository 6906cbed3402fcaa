# SPDX-License-Identifier: Apache-2.0
"""An embedded broker, services on it, and `chappe` pointed at it."""

import contextlib
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from tap import run


class Stage:
    """A context manager that ends all it started. brokers: there are some already."""

    def __init__(self, chappe, root, brokers=None):
        self.program, self.root = chappe, root
        self.folder = tempfile.TemporaryDirectory(prefix="chappe-stage-")
        self.broker = None
        if brokers:
            self.environment = os.environ | {"CHAPPE_BROKERS": brokers}
            return
        self.broker = subprocess.Popen([chappe, "dev", "--exit-with-parent"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.environment = os.environ | {"CHAPPE_BROKERS": self.broker.stdout.readline().strip()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.broker:
            self.broker.send_signal(signal.SIGTERM)
            self.broker.wait(timeout=30)
        self.folder.cleanup()

    def chappe(self, *words, stdin=""):
        return run(self.program, *words, stdin=stdin, environment=self.environment)

    def produce(self, topic, schema, count, *words):
        schemas = self.root / "schemas"
        code, _, talk = self.chappe("produce", topic, "-S", schemas / schema, "-I", schemas, "--fake", count, "--create", *words)
        assert code == 0, talk

    @contextlib.contextmanager
    def service(self, program, *settings):
        """Runs beside the tests, and is stopped in order."""
        log = pathlib.Path(self.folder.name, "service.log").open("w")
        process = subprocess.Popen([program, "--admin=false", *settings], stdout=log, stderr=log, env=self.environment, cwd=self.folder.name)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(timeout=60)
        assert code == 0, pathlib.Path(log.name).read_text()

    @staticmethod
    def wait_until(condition, seconds=60):
        """Polls, because what is waited for is done by another process."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come about"
            time.sleep(0.1)
