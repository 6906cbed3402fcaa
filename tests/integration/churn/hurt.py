# SPDX-License-Identifier: Apache-2.0
"""What is done to members and brokers, each for some seconds; which ones, when and to whom a seed decides."""

import os
import pathlib
import signal
import subprocess
import time

from members import SESSION_MS, now_ms

OUT_S = SESSION_MS / 1000 + 3  # longer than a session, so that the partitions go to others


class Fault:
    """Begins when made; heal() once due is over. kind, victim, began and healed go into the report."""

    def __init__(self, kind, victim, seconds):
        self.kind, self.victim, self.began_ms, self.healed_ms = kind, victim, now_ms(), None
        self.due = time.monotonic() + seconds

    def heal(self):
        self.healed_ms = now_ms()


class Killed(Fault):
    def __init__(self, member):
        super().__init__("kill -9", member.name, 0)
        member.signal(signal.SIGKILL)
        if member.process:
            member.process.wait()


class Frozen(Fault):
    def __init__(self, member):
        super().__init__("SIGSTOP", member.name, OUT_S)
        self.process = member.process
        self.signal(signal.SIGSTOP)

    def signal(self, number):
        if self.process and self.process.poll() is None:
            os.kill(self.process.pid, number)

    def heal(self):
        self.signal(signal.SIGCONT)
        super().heal()


class CutOff(Fault):
    """Whatever the member's user sends is dropped."""

    def __init__(self, member):
        super().__init__("cut network", member.name, OUT_S)
        self.table = f"cut{member.uid}"
        subprocess.run(["nft", f"add table inet {self.table}; add chain inet {self.table} out {{ type filter hook output priority 0; }};"
                        f" add rule inet {self.table} out meta skuid {member.uid} drop"], check=True)

    def heal(self):
        subprocess.run(["nft", f"delete table inet {self.table}"], check=True)
        super().heal()


class Restarted(Fault):
    def __init__(self, member):
        super().__init__("SIGTERM under load", member.name, 0)
        member.ask_to_stop(wanted=True)


class BrokerKilled(Fault):
    """A node's command line is read before, so that the same node can be started again on its own files."""

    def __init__(self, pid, log):
        super().__init__("kill -9 of a broker", f"broker {pid}", 8)
        self.log = log
        self.command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        self.process = None
        os.kill(pid, signal.SIGKILL)

    def heal(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        super().heal()
