#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""chappe-gen and schemas of others: what it writes compiles without a warning as C11 and as C++17, and data goes through it unchanged.

usage: test_generator_random.py CHAPPE_GEN ROUND_TRIP SOURCE_ROOT C_COMPILER

CHAPPE_TEST_SEED repeats a run; CHAPPE_TEST_SEEDS asks for more of them.
"""

import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import time

from random_schema import Schemas
from tap import main, run

GENERATOR, ROUND_TRIP, ROOT = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
COMPILER = sys.argv[4].split()
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-Wno-overlength-strings", f"-I{ROOT}/include"]
CASES = ROOT / "tests/cases/generator"
SEED = int(os.environ.get("CHAPPE_TEST_SEED", time.time_ns() // 1000 % 10**9))
SEEDS = int(os.environ.get("CHAPPE_TEST_SEEDS", 12))


def table(header):
    """A C file that lists all types of a header."""
    text = header.read_text()
    types = [f"&{name}" for name in re.findall(r"^extern const struct chappe_type (\w+);", text, re.M)]
    for name in re.findall(r"^extern const struct chappe_message (\w+);", text, re.M):
        types += [f"{name}.request", f"{name}.response"]
    return (f'#include "{header.name}"\n#include "types.h"\nconst struct chappe_type *type_at(size_t n)\n{{\n' +
            "".join(f"        if (n == {n})\n                return {name};\n" for n, name in enumerate(types)) +
            "        return n > 0 ? NULL : NULL;\n}\n")


def prove(folder, contract, seed):
    code, text, talk = run(GENERATOR, "-I", folder, "-o", folder, contract)
    assert (code, text, talk) == (0, "", ""), f"{contract.name}: {talk}"
    stem = contract.name.rpartition(".")[0]
    header, source, library = folder / f"{stem}.h", folder / f"{stem}.c", folder / "types.so"
    (folder / "types.h").write_text("const struct chappe_type *type_at(size_t n);\n")
    (folder / "table.c").write_text(table(header))
    if shutil.which("c++"):
        code, _, talk = run("c++", "-std=c++17", *WARNINGS, "-fsyntax-only", "-x", "c++", source)
        assert code == 0, f"{contract.name} as C++17: {talk}"
    code, _, talk = run(*COMPILER, "-std=c11", *WARNINGS, "-shared", "-fPIC", f"-I{folder}", source, folder / "table.c", "-o", library)
    assert code == 0, f"{contract.name} as C11: {talk}"
    code, text, talk = run(ROUND_TRIP, library, str(seed))
    assert code == 0, f"{contract.name}: {text}{talk}"


def prove_again(name, text, seed):
    with tempfile.TemporaryDirectory() as folder:
        contract = pathlib.Path(folder) / name
        contract.write_text(text)
        try:
            prove(pathlib.Path(folder), contract, seed)
        except AssertionError as error:
            raise AssertionError(f"seed {seed} (CHAPPE_TEST_SEED={seed} CHAPPE_TEST_SEEDS=1): {error}\n{text}")


def test_nasty_contracts_compile_and_carry_data():
    for case in sorted(CASES.iterdir()):
        prove_again(case.name, case.read_text(), SEED)


def test_random_schemas_compile_and_carry_data():
    print(f"# seed {SEED}", flush=True)
    for seed in range(SEED, SEED + SEEDS):
        prove_again("random-schema.avsc", json.dumps(Schemas(seed).schema(), indent=1), seed)


def test_random_protocols_compile_and_carry_data():
    print(f"# seed {SEED}", flush=True)
    for seed in range(SEED, SEED + SEEDS // 3 + 1):
        prove_again("random.avpr", json.dumps(Schemas(seed).protocol(), indent=1), seed)


main(globals())
