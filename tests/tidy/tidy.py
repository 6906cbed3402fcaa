#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The house rules that a program can check: floors, doors, sizes, conditional compilation. Prints TAP.

usage: tidy.py ROOT [--exports LIBRARY LIST …]
"""

import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1]).resolve()

FLOORS = {"base": 0, "avro": 1, "config": 1, "observe": 1, "wire": 2, "broker": 3, "registry": 3, "flow": 4, "rpc": 5, "store": 5,
          "service": 6, "testkit": 7}
PUBLIC = {"text": 0, "error": 0, "error_codes": 0, "arena": 0, "buffer": 0, "log_level": 0, "header": 0, "dead_letter": 0, "type": 1, "schema": 1, "codec": 1, "straight": 1, "value": 1, "container": 1, "logical": 1, "avro_c": 1,
          "context": 4, "operation": 4, "publish": 4, "call": 5, "store": 5, "service": 6, "client": 6, "group": 6, "letters": 6, "control": 6, "chappe": 6, "testkit": 7}
# A foreign header and the folders that alone may include it.
DOORS = {
    "pthread.h": ["src/base", "bench", "tests"],
    "ucontext.h": ["src/base"],
    "xxhash.h": ["src/base"],
    "avro.h": ["src/avro/bridge", "include/chappe/avro_c.h", "tools/shop", "bench", "tests"],
    "libconfig.h": ["src/config", "tools/chappe", "tests"],
    "librdkafka/rdkafka.h": ["src/broker/kafka", "tools/chappe/command-dev.c", "tools/shop", "bench", "tests"],
    "librdkafka/rdkafka_mock.h": ["tools/chappe/command-dev.c", "tests"],
    "curl/curl.h": ["src/registry", "tools/shop", "tests"],
    "sqlite3.h": ["src/store", "src/testkit", "services", "examples", "tests"],
    "libpq-fe.h": ["src/store", "tests"],
    "microhttpd.h": ["src/service", "services/gateway", "tests"],
    "cmocka.h": ["tests"],
    "jansson.h": ["src/registry", "src/service", "services/gateway", "tools", "tests"],
    "zlib.h": ["src/avro", "tools", "tests"],
    "zstd.h": ["src/avro/zstandard.c"],
}
# Reading time, sleeping, threads, unseeded chance: only base may.
SEAMS = re.compile(r"\b(clock_gettime|gettimeofday|time|nanosleep|usleep|sleep|pthread_create|rand|random|srand|getrandom|drand48)\s*\(")
# May fall, may not rise.
RATCHET = {"functions over 70 lines, in 1,000": 10, "median lines of a .c file": 250, "#if outside base": 0, "lines of the longest file": 800}

count = failed = 0


def check(what, complaints):
    global count, failed
    count += 1
    complaints = list(complaints)
    failed += bool(complaints)
    print(f"{'not ok' if complaints else 'ok'} {count} - {what}")
    for complaint in complaints[:20]:
        print(f"#   {complaint}")


def sources(*folders, suffixes=(".c", ".h")):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in suffixes:
                yield path, str(path.relative_to(ROOT))


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
        if found:
            yield number, found[1], found[2]


def room_of(name):
    parts = name.split("/")
    return parts[1] if parts[0] == "src" else None


def wrong_arrows():
    for path, name in sources("src"):
        room = room_of(name)
        for number, quote, target in includes(path):
            first = target.split("/")[0]
            if first == "chappe" and quote == "<":
                header = target.split("/")[1].removesuffix(".h")
                if header not in PUBLIC:
                    yield f"{name}:{number}: <{target}> is on no floor: add it to tests/tidy"
                elif PUBLIC[header] > FLOORS[room]:
                    yield f"{name}:{number}: {room} includes <{target}> of a higher floor"
            elif quote == '"' and first not in FLOORS:
                yield f"{name}:{number}: \"{target}\" does not name its floor"
            elif quote == '"' and first != room and FLOORS[first] >= FLOORS[room]:
                yield f"{name}:{number}: {room} includes \"{target}\" of floor {FLOORS[first]}"
    if (ROOT / "src/broker/sim").exists():
        for path, name in sources("src/broker"):
            for number, _, target in includes(path):
                for mine, other in (("broker/kafka", "broker/sim"), ("broker/sim", "broker/kafka")):
                    if name.startswith(f"src/{mine}/") and target.startswith(other):
                        yield f"{name}:{number}: one broker includes the other"


def programs_looking_inside():
    allowed = {"tools/chappe-gen": ("avro", "base"), "tools/schema": ("avro", "base", "config"), "tools/chappe": ("avro", "base", "config", "observe")}
    for path, name in sources("services", "tools", "examples", "bench"):
        for number, quote, target in includes(path):
            first = target.split("/")[0]
            folder = "/".join(name.split("/")[:2])
            if quote == '"' and first in FLOORS and "/" in target and first not in allowed.get(folder, ()):
                yield f"{name}:{number}: a program includes \"{target}\" from inside the library"


def services_looking_at_each_other():
    names = [path.name for path in (ROOT / "services").iterdir() if path.is_dir()]
    for path, name in sources("services"):
        own = name.split("/")[1]
        for number, _, target in includes(path):
            first = target.split("/")[0]
            if first in names and first not in (own, "sql"):
                yield f"{name}:{number}: {own} includes {target}"


def wrong_doors():
    for path, name in sources("src", "include", "services", "tools", "examples", "bench"):
        for number, _, target in includes(path):
            if target in DOORS and not any(name.startswith(door) for door in DOORS[target]):
                yield f"{name}:{number}: <{target}> belongs behind {', '.join(DOORS[target])}"


def seams_passed_by():
    for path, name in sources("src"):
        if name.startswith("src/base/"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = re.sub(r'"(\\.|[^"\\])*"', '""', line.split("//")[0])
            if not code.lstrip().startswith(("*", "/*")) and SEAMS.search(code):
                yield f"{name}:{number}: passes a seam by: {line.strip()}"


def functions(path):
    """Lengths of function bodies: from a '{' alone in column 0 to the '}' in column 0, as the formatter writes them."""
    begun = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line == "{":
            begun = number
        elif line == "}" and begun:
            yield begun, number - begun - 1
            begun = None


def sizes():
    code = [(path, name) for path, name in sources("src", "tools", "services", "examples", "bench")]
    lines = {name: len(path.read_text().splitlines()) for path, name in code}
    every = [(name, at, length) for path, name in code if path.suffix == ".c" for at, length in functions(path)]
    longest = max(lines.values())
    middle = statistics.median(length for name, length in lines.items() if name.endswith(".c"))
    over = [entry for entry in every if entry[2] > 70]
    share = 1000 * len(over) / len(every)
    print(f"# {len(lines)} files, {sum(lines.values())} lines, .c median {middle:.0f}, longest {longest}; "
          f"{len(every)} functions, median {statistics.median(entry[2] for entry in every):.0f} lines, {share:.1f} in 1,000 over 70")
    if longest > RATCHET["lines of the longest file"]:
        yield f"longest file has {longest} lines"
    if middle > RATCHET["median lines of a .c file"]:
        yield f"median .c file has {middle:.0f} lines"
    if share > RATCHET["functions over 70 lines, in 1,000"]:
        yield from (f"{name}:{at}: {length} lines" for name, at, length in over)


def conditionals():
    found = [f"{name}:{number}" for path, name in sources("src", suffixes=(".c",)) if not name.startswith("src/base/")
             for number, line in enumerate(path.read_text().splitlines(), 1) if re.match(r"\s*#\s*if", line)]
    return found if len(found) > RATCHET["#if outside base"] else []


def first_lines():
    for path, name in sources("src", "include", "tools", "services", "examples", "bench", "tests"):
        if "SPDX-License-Identifier: Apache-2.0" not in "".join(path.read_text().splitlines(True)[:2]):
            yield f"{name}: no SPDX line at its top"


def include_cycles():
    """Headers that include each other, directly or through others."""
    edges = {name: [f"src/{target}" for _, quote, target in includes(path) if quote == '"'] for path, name in sources("src")}
    state = {}

    def visit(name, trail):
        state[name] = "open"
        for target in edges.get(name, ()):
            if state.get(target) == "open":
                yield " -> ".join([*trail, name, target])
            elif target not in state:
                yield from visit(target, [*trail, name])
        state[name] = "done"

    for name in edges:
        if name not in state:
            yield from visit(name, [])


def exports():
    """Pairs of a shared library and the list of what it exports."""
    pairs = sys.argv[sys.argv.index("--exports") + 1:] if "--exports" in sys.argv else []
    for library, listed in zip(pairs[::2], pairs[1::2]):
        text = pathlib.Path(listed).read_text()
        symbols = subprocess.run(["nm", "-D", "--defined-only", "--format=posix", library], check=True, capture_output=True, text=True)
        exported = {line.split()[0].split("@")[0] for line in symbols.stdout.splitlines()} - {text.split()[0]}
        declared = set(re.findall(r"^\s*(chappe_[a-z0-9_]+);", text, re.M))
        yield from (f"{name} is exported but not listed" for name in sorted(exported - declared))
        yield from (f"{name} is listed but not exported" for name in sorted(declared - exported))


check("every include points to a lower floor and names it", wrong_arrows())
check("programs see the public headers only", programs_looking_inside())
check("no service includes another's headers", services_looking_at_each_other())
check("foreign headers stay behind their doors", wrong_doors())
check("nothing outside base reads a clock, sleeps, starts a thread or draws an unseeded number", seams_passed_by())
check("no header includes itself by a detour", include_cycles())
check("files and functions fit", sizes())
check("no #if in .c outside base", conditionals())
check("every file names its licence", first_lines())
def readme_code():
    """The service that the README shows is the one that is built and tested."""
    shown = re.search(r"```c\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    if not shown or shown[1] not in (ROOT / "examples/loyalty/main.c").read_text():
        yield "README.md: its C is not that of examples/loyalty/main.c"


check("the README shows code that is built", readme_code())
check("the shared libraries export what their lists say", exports())
print(f"1..{count}")
sys.exit(1 if failed else 0)
