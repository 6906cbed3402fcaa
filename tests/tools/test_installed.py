#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An installed Chappe, used by a project outside: found by pkg-config, generated, built, run.

usage: test_installed.py BUILD_FOLDER SOURCE_ROOT
"""

import json
import os
import pathlib
import shutil
import sys
import tempfile

from tap import main, run

BUILD, ROOT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="chappe-installed-"))
STAGE = FOLDER / "stage"


def prefix():
    return next(path.parent.parent.parent for path in STAGE.rglob("include/chappe/chappe.h"))


def environment():
    library = next(prefix().rglob("libchappe.so")).parent
    return os.environ | {"PKG_CONFIG_PATH": str(library / "pkgconfig"), "LD_LIBRARY_PATH": str(library),
                         "PATH": f"{prefix() / 'bin'}:{os.environ['PATH']}"}


def test_install_puts_everything_in_its_place():
    code, _, talk = run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", STAGE)
    assert code == 0, talk
    names = {path.name for path in STAGE.rglob("*")}
    assert {"libchappe.so", "libchappe.a", "chappe.pc", "libchappe-avro-c.so", "chappe-avro-c.pc", "chappe-gen", "chappe", "chappe.h", "client.h"} <= names, names
    # A staged copy is moved by its prefix alone, as a package would be.
    for file in STAGE.rglob("chappe*.pc"):
        file.write_text("".join(f"prefix={prefix()}\n" if line.startswith("prefix=") else line
                                for line in file.read_text().splitlines(keepends=True)))


def test_a_project_outside_builds_and_runs():
    outside, build = FOLDER / "outside", FOLDER / "build"
    shutil.copytree(ROOT / "tests/tools/outside", outside)
    code, text, talk = run("meson", "setup", build, outside, environment=environment())
    assert code == 0, text + talk
    code, text, talk = run("meson", "compile", "-C", build, environment=environment())
    assert code == 0, text + talk
    code, text, talk = run(build / "outside", "--check", "--offline", environment=environment())
    assert code == 0, text + talk
    code, text, talk = run(build / "outside", "--describe", environment=environment())
    assert code == 0 and json.loads(text)["asyncapi"].startswith("3.") and "greet.hellos" in text, text + talk


def test_the_static_library_links_too():
    needed = run("pkg-config", "--print-requires-private", "chappe", environment=environment())[1].split()
    code, flags, talk = run("pkg-config", "--cflags", "--libs", "chappe", *needed, environment=environment())
    assert code == 0 and "rdkafka" in needed, talk
    source = FOLDER / "static.c"
    source.write_text("#include <stdio.h>\n#include <chappe/chappe.h>\nint main(void) { return puts(chappe_version()) < 0; }\n")
    flags = flags.replace("-lchappe", str(next(STAGE.rglob("libchappe.a")))).split()
    code, text, talk = run("cc", source, "-o", FOLDER / "static", *flags, "-pthread")
    assert code == 0, talk
    assert run(FOLDER / "static")[1].strip() == run(prefix() / "bin/chappe", "--version", environment=environment())[1].split()[1]


def test_only_who_asks_for_the_bridge_needs_avro_c():
    needed = run("pkg-config", "--print-requires", "--print-requires-private", "chappe", environment=environment())[1]
    assert "avro" not in needed, needed
    code, flags, talk = run("pkg-config", "--cflags", "--libs", "chappe-avro-c", environment=environment())
    assert code == 0 and "-lchappe-avro-c" in flags and "-lavro" in flags, flags + talk
    source = FOLDER / "bridge.c"
    source.write_text("""#include <stdio.h>
#include <chappe/avro_c.h>
int main(void)
{
        struct chappe_schema *schema;
        avro_schema_t theirs;
        struct chappe_error error = { 0 };
        if (chappe_schema_parse("s", chappe_text("\\"long\\""), &schema, &error) < 0 || chappe_avro_schema(schema, &theirs, &error) < 0)
                return 1;
        puts(avro_schema_type_name(theirs));
        avro_schema_decref(theirs);
        chappe_schema_unref(schema);
        return 0;
}
""")
    code, text, talk = run("cc", source, "-o", FOLDER / "bridge", *flags.split())
    assert code == 0, talk
    assert run(FOLDER / "bridge", environment=environment())[1].strip() == "long"


try:
    main(globals())
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
