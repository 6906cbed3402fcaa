# SPDX-License-Identifier: Apache-2.0
"""The works of bench/run beside call, pipeline and codec. Each takes a Bench (bench/run) and yields rows of the table."""

import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time


def median(values):
    return statistics.median(list(values))


def instructions(command):
    counted = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600)
    found = re.search(r"Collected : (\d+)", counted.stderr)
    if counted.returncode or not found:
        sys.exit(f"bench: exit {counted.returncode}: {' '.join(command)}\n{counted.stderr}")
    return int(found.group(1))


def per_record(command, few, many):
    """What one record costs: the difference between two counts, so that the start does not count."""
    return (instructions(command(many)) - instructions(command(few))) / (many - few)


def publish(bench):
    """Instructions of the whole client process for one typed event, acks=all, idempotent; the same linger on both sides."""
    few, many = bench.options.counted // 5, bench.options.counted
    bench.figures(bench.chappe("fill", 100))
    topic = f"{bench.run}.bench.placed"
    raw = per_record(lambda count: bench.raw("publish", topic, 200, count), few, many)
    ours = per_record(lambda count: bench.chappe("fill", count, "linger_ms=200"), few, many)
    yield {"work": "publish", "unit": "instr.", "target": 1.2, "ours": ours, "raw": raw, "ratio": ours / raw}


def consume(bench):
    """Instructions for one record drained in a group, committed at least once; ours decodes and keeps keys in order."""
    few, many = bench.options.counted // 5, bench.options.counted
    prefixes = {count: f"{bench.run}.{count}." for count in (few, many)}
    for count, prefix in prefixes.items():
        bench.figures(bench.chappe("fill", count, f"topic_prefix={prefix}"))
    ours = per_record(lambda count: bench.chappe("consume", count, f"topic_prefix={prefixes[count]}", "start_from=earliest", "workers=2"),
                      few, many)
    for how, what, target in (("batch", "consume", 1.4), ("poll", "consume, raw polls", None), ("avro", "consume, raw polls and avro-c", 0.25)):
        raw = per_record(lambda count: bench.raw("consume", f"{prefixes[count]}bench.placed", f"raw-{how}", how, count), few, many)
        yield {"work": what, "unit": "instr.", "target": target, "ours": ours, "raw": raw, "ratio": ours / raw}


def keyed(bench):
    """Records a second through 100 workers in key order, beside a bare pool that only sleeps, or a raw drain at 0 ms."""
    records = bench.options.records
    bench.figures(bench.chappe("fill", records, "keys=10000"))

    def ours(sleep_us, count):
        bench.round += 1
        return bench.figures(bench.chappe("consume", count, f"group={bench.run}.k{bench.round}", "start_from=earliest", "workers=100",
                                          f"sleep_us={sleep_us}", "check_order=1"))

    def theirs(sleep_us, count):
        bench.round += 1
        if sleep_us:
            return bench.figures([str(bench.build / "bench/raw"), "pool", "100", str(sleep_us), str(count)])
        return bench.figures(bench.raw("consume", f"{bench.run}.bench.placed", f"{bench.run}.r{bench.round}", "batch", count))

    # A broker that has just been started compiles itself while it answers, for two or three drains of the topic.
    for _ in range(3):
        ours(0, records), theirs(0, records)
    disordered = 0
    for sleep_us, count, target in ((0, records, 0.75), (1000, records, 0.9), (10000, 25000, 0.97), (100000, 5000, 0.97)):
        count = min(count, records)
        measured = bench.paired(lambda: ours(sleep_us, count), lambda: theirs(sleep_us, count))
        disordered += sum(a["disordered"] for a, _ in measured)
        yield {"work": f"keyed, {sleep_us // 1000} ms", "unit": "k/s", "target": target, "more": True,
               "ours": median(count / a["work_s"] for a, _ in measured) / 1e3,
               "raw": median(count / b["work_s"] for _, b in measured) / 1e3,
               "ratio": median(b["work_s"] / a["work_s"] for a, b in measured)}
    yield {"work": "keyed, out of order", "unit": "", "target": 0, "absolute": True, "ours": disordered, "raw": None, "ratio": None}


BUDGET_MIB = 64  # in_flight_bytes, as it is by default
UNBOUNDED = ("queued.min.messages=10000000", "queued.max.messages.kbytes=2000000", "fetch.message.max.bytes=1048576")


def within_budget(found):
    """What the process grew by, as a share of the budget."""
    return (found["private_peak_kb"] - found["private_idle_kb"]) / 1024 / BUDGET_MIB


def bounded_throughput(bench, records):
    """The better part of a topic at full speed, so that no partition ends, beside a client that may fetch all of it."""
    part = records * 6 // 10

    def command(*settings):
        bench.round += 1
        return bench.chappe("consume", part, f"group={bench.run}.b{bench.round}", "start_from=earliest", "workers=2", *settings)

    measured = bench.pairs(command, lambda: command(*UNBOUNDED))
    yield {"work": "bounded: throughput beside no bounds", "unit": "records/s", "target": 0.95, "more": True,
           "ours": part / median(a["work_s"] for a, _ in measured), "raw": part / median(b["work_s"] for _, b in measured),
           "ratio": median(b["work_s"] / a["work_s"] for a, b in measured)}
    yield {"work": "bounded: memory at full speed", "unit": "of budget", "target": 1.1, "absolute": True,
           "ours": max(within_budget(a) for a, _ in measured), "raw": max(within_budget(b) for _, b in measured), "ratio": None}


def bounded(bench):
    """A handler far too slow for 20 s, then fast: is it kept busy, what memory is used, how soon is full speed back?"""
    workers, sleep_us, slow_ms, records = 8, 2000, bench.options.slow_ms, max(1000000, bench.options.records)
    slow = ("start_from=earliest", f"workers={workers}", f"sleep_us={sleep_us}", f"slow_ms={slow_ms}")
    bench.figures(bench.chappe("fill", records))
    yield from bounded_throughput(bench, records)
    found = bench.figures(bench.chappe("consume", records, f"group={bench.run}.slow", *slow))
    yield {"work": "bounded: workers busy while slow", "unit": "share", "target": 0.95, "absolute": True, "more": True,
           "ours": found["slow_busy_s"] / (workers * slow_ms / 1e3), "raw": None, "ratio": None}
    yield {"work": "bounded: memory, slow", "unit": "of budget", "target": 1.1, "absolute": True, "ours": within_budget(found), "raw": None,
           "ratio": None}
    yield {"work": "bounded: until half of full speed", "unit": "ms", "target": 200, "absolute": True, "ours": found["recovery_ms"],
           "raw": None, "ratio": None}
    yield {"work": "bounded: longest gap afterwards", "unit": "ms", "target": None, "ours": found["stall_ms"], "raw": None, "ratio": None}
    large = f"topic_prefix={bench.run}.large."  # 10 kB each, and more than the budget of them
    count = records // 20
    bench.figures(bench.chappe("fill", count, large, "lines=500"))
    found = bench.figures(bench.chappe("consume", count, large, f"group={bench.run}.large", *slow))
    yield {"work": "bounded: memory, slow, records of 10 kB", "unit": "of budget", "target": 1.1, "absolute": True,
           "ours": within_budget(found), "raw": None, "ratio": None}


def restart(bench):
    """One record of 80,000 is never done; killed when all others are: how many run again?"""
    prefix = f"topic_prefix={bench.run}.restart."
    bench.figures(bench.chappe("fill", 80000, prefix))
    finished = []
    for count in (79999, 0):
        process = subprocess.Popen(bench.chappe("restart", count, prefix, "start_from=earliest", "log_level=error"), stdout=subprocess.PIPE, text=True)
        try:
            finished.append(int(re.search(r"\d+", process.stdout.readline()).group()))
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()
    yield {"work": "restart: finished records that run again", "unit": "", "target": 0, "absolute": True, "ours": finished[1], "raw": None,
           "ratio": None}


def memory(pid):
    """(private, resident) in MiB."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return tuple(int(re.search(rf"^{name}:\s+(\d+)", text, re.M).group(1)) / 1024 for name in ("Anonymous", "Rss"))


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start_idle(bench, place):
    """An idle service of the shop, store and admin pages included: (its process, ms until it is ready)."""
    ready = pathlib.Path(place, "run")
    begun = time.monotonic()
    service = subprocess.Popen([str(bench.build / "services/orders/orders"), f"--brokers={bench.brokers}",
                                f"--topic_prefix={bench.run}.idle.", f"--database={place}/orders.db", f"--run_file={ready}",
                                "--log_level=warning", "--workers=8"])
    while not ready.exists() and time.monotonic() < begun + 30:
        time.sleep(0.002)
    return service, (time.monotonic() - begun) * 1e3


def end_idle(service):
    service.terminate()
    if service.wait(timeout=60):
        sys.exit("bench: the idle service did not stop cleanly")


def footprint(bench):
    """Such a service beside a raw consumer; and how long it takes to start where it has run before."""
    with tempfile.TemporaryDirectory() as place:
        service, first_ms = start_idle(bench, place)
        raw = subprocess.Popen(bench.raw("consume", f"{bench.run}.idle.shop.orders.placed", f"{bench.run}.idle", "poll", 1))
        time.sleep(5)
        before = cpu_seconds(service.pid)
        time.sleep(5)
        busy = (cpu_seconds(service.pid) - before) / 5 * 100
        ours, theirs = memory(service.pid), memory(raw.pid)
        raw.kill()
        raw.wait()
        end_idle(service)
        again_ms = []
        for _ in range(bench.options.pairs):
            service, ms = start_idle(bench, place)
            end_idle(service)
            again_ms.append(ms)
    yield {"work": "idle: private memory", "unit": "MiB", "target": 5, "absolute": True, "ours": ours[0], "raw": theirs[0], "ratio": None}
    yield {"work": "idle: resident memory", "unit": "MiB", "target": None, "ours": ours[1], "raw": theirs[1], "ratio": None}
    yield {"work": "idle: CPU", "unit": "%", "target": 0.5, "absolute": True, "ours": busy, "raw": None, "ratio": None}
    yield {"work": "start to ready, topics made too", "unit": "ms", "target": None, "ours": first_ms, "raw": None, "ratio": None}
    yield {"work": "start to ready, group joined", "unit": "ms", "target": 100, "absolute": True, "ours": median(again_ms),
           "raw": None, "ratio": None}


WORKS = {work.__name__: work for work in (publish, consume, keyed, bounded, restart, footprint)}
