#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""chappe-gen: what it writes compiles, and what it refuses is told with its place.

usage: test_generator.py CHAPPE_GEN SOURCE_ROOT C_COMPILER
"""

import pathlib
import shutil
import sys
import tempfile

from tap import main, run

GENERATOR, ROOT, COMPILER = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3].split()
SCHEMAS = ROOT / "tests/tools/schemas"
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers"]


def generate(folder, schema, include=SCHEMAS):
    folder.mkdir(parents=True, exist_ok=True)
    return run(GENERATOR, "-I", include, "-o", folder, schema)


def zoo(folder):
    for schema in sorted(SCHEMAS.rglob("*.av*")):
        code, _, talk = generate(folder / schema.relative_to(SCHEMAS).parent, schema)
        assert code == 0, talk


def refusal(text, name="wrong.avsc"):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / name
        path.write_text(text)
        code, _, talk = run(GENERATOR, "-o", folder, path)
        assert code == 1, (code, talk)
        assert sorted(p.name for p in pathlib.Path(folder).iterdir()) == [name], "a refused schema leaves files"
        return talk


def compile_table(folder, handler, language="c", batch="on_trees"):
    compiler = COMPILER if language == "c" else [shutil.which("c++")]
    source = folder / f"table.{language}"
    source.write_text("""
#include <chappe/chappe.h>
#include "zoo/tree.h"
#include "zoo/keeper.h"
static enum chappe_decision on_tree(struct chappe_context *ctx, const struct zoo_tree *tree) { (void)ctx; (void)tree; return CHAPPE_DONE; }
__attribute__((unused)) static enum chappe_decision on_trees(struct chappe_context *ctx, const struct zoo_tree *trees, size_t count)
{ for (size_t i = 0; i < count; i++) { chappe_context_select(ctx, i); (void)trees[i]; } return CHAPPE_DONE; }
__attribute__((unused)) static enum chappe_decision on_keepers(struct chappe_context *ctx, const struct zoo_tree **trees, size_t count) { (void)ctx; (void)trees; (void)count; return CHAPPE_DONE; }
static int feed(struct chappe_context *ctx, const struct zoo_feed_request *request, struct zoo_feed_reply *reply)
{ (void)ctx; (void)request; reply->asleep.until = 7; return ZOO_ASLEEP; }
static int count(struct chappe_context *ctx, const struct zoo_count_all_request *request, struct zoo_count_all_reply *reply)
{ (void)ctx; (void)request; reply->response = 3; return 0; }
extern const struct chappe_operation table[];
const struct chappe_operation table[] = {
        ZOO_TREE_CONSUMES("zoo.trees", on_tree, .order = CHAPPE_ORDER_PARTITION),
        ZOO_TREE_CONSUMES_BATCH("zoo.felled", %s, .order = CHAPPE_ORDER_NONE, .batch_records = 50, .batch_wait_ms = 20),
        ZOO_TREE_PRODUCES("zoo.trees"),
        ZOO_KEEPER_FEED_CALLS("zoo.keeper", .timeout_ms = 5),
        ZOO_KEEPER_FEED_ANSWERS("zoo.keeper", %s, .partitions = 2),
        ZOO_KEEPER_COUNT_ALL_ANSWERS("zoo.keeper", count),
        { .kind = CHAPPE_END },
};
""" % (batch, handler))
    return run(*compiler, *(WARNINGS + ["-std=c11", "-pedantic"] if language == "c" else ["-std=c++20"]), f"-I{ROOT}/include", f"-I{folder}",
               "-fsyntax-only", source)


def test_every_form_of_avro_compiles_without_a_warning():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        zoo(folder)
        for source in sorted(folder.rglob("*.c")):
            code, _, talk = run(*COMPILER, *WARNINGS, "-std=c11", f"-I{ROOT}/include", f"-I{folder}", "-fsyntax-only", source)
            assert code == 0, talk


def test_headers_compile_as_cpp():
    if not shutil.which("c++"):
        return
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        zoo(folder)
        code, _, talk = compile_table(folder, "feed", "cc")
        assert code == 0, talk


def test_a_handler_of_the_wrong_type_does_not_compile():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        zoo(folder)
        code, _, talk = compile_table(folder, "feed")
        assert code == 0, talk
        code, _, talk = compile_table(folder, "count")
        assert code != 0 and "table.c" in talk, talk
        code, _, talk = compile_table(folder, "on_tree")
        assert code != 0, talk


def test_a_handler_of_several_of_the_wrong_type_does_not_compile():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        zoo(folder)
        for wrong in "on_tree", "on_keepers", "count":
            code, _, talk = compile_table(folder, "feed", batch=wrong)
            assert code != 0 and "table.c" in talk, (wrong, talk)
        if shutil.which("c++"):
            code, _, talk = compile_table(folder, "feed", "cc", batch="on_tree")
            assert code != 0, talk


def test_the_same_input_gives_the_same_bytes():
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        zoo(pathlib.Path(one))
        zoo(pathlib.Path(two))
        for path in sorted(pathlib.Path(one).rglob("*.[ch]")):
            assert path.read_bytes() == (pathlib.Path(two) / path.relative_to(one)).read_bytes(), path


def test_a_mistake_is_told_with_file_line_and_path():
    talk = refusal('{"type":"record","name":"X","fields":[\n {"name":"a","type":"int"},\n {"name":"b","type":"strin"}\n]}')
    assert "wrong.avsc:3:21: $.fields[1].type:" in talk and "strin" in talk, talk
    talk = refusal('{"type":"record","name":"X","fields":[\n\n {"name":"a","type":"int","default":"x"}]}')
    assert "wrong.avsc:3:" in talk and "$.fields[0].default" in talk, talk
    assert "wrong.avsc:1:17:" in refusal('{"type":"record"')


def test_a_comment_moves_nothing():
    talk = refusal('/* one\n two */ {"type":"record", // three\n /* e */ "name":"X","fields":[{"name":"a","type":"strin"}]}')
    assert "wrong.avsc:3:50: $.fields[0].type:" in talk, talk
    assert "wrong.avsc:1:" in refusal('{"type":"record" /* without an end')


def test_a_mistake_in_a_protocol_is_told_by_its_line():
    talk = refusal('{"protocol":"P","types":[\n\n{"type":"record","name":"X","fields":[\n {"name":"a","type":"int","default":"x"}]}],'
                   '"messages":{}}', "wrong.avpr")
    assert "wrong.avpr:4:" in talk and "$.fields[0].default" in talk, talk
    assert '"request"' in refusal('{"protocol":"P","messages":{"m":{"response":"null"}}}', "wrong.avpr")
    assert "wrong.avpr:2:" in refusal('{"protocol":"P","messages":{"m":{"request":[],\n"response":"Nope"}}}', "wrong.avpr")


def test_a_one_way_message_has_no_response_and_no_errors():
    errors = '"types":[{"type":"error","name":"E","fields":[]}],'
    for message in ('{"request":[],"response":"int","one-way":true}', '{"request":[],"one-way":true,"errors":["E"]}'):
        talk = refusal('{"protocol":"P",%s"messages":{"m":%s}}' % (errors, message), "wrong.avpr")
        assert "wrong.avpr:1:" in talk and '"one-way" has no response but "null", and no errors' in talk, talk


def test_keys_and_idempotency_name_string_fields():
    talk = refusal('{"type":"record","name":"X",\n "chappe.key":"n","fields":[{"name":"n","type":"int"}]}')
    assert "wrong.avsc:2:15: $.chappe.key:" in talk, talk
    talk = refusal('{"type":"record","name":"X",\n "chappe.key":["n"],"fields":[{"name":"n","type":"string"}]}')
    assert "wrong.avsc:2:15: $.chappe.key:" in talk and "name of a string field" in talk, talk
    assert "string field" in refusal('{"protocol":"P","messages":{"m":{"request":[],"response":"null","chappe.idempotency":"id"}}}',
                                     "wrong.avpr")


def test_an_unequal_redefinition_is_refused():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "b.avsc").write_text('{"type":"record","name":"B","fields":[{"name":"e","type":'
                                       '{"type":"enum","name":"E","symbols":["x"]}}]}')
        a = '{"type":"record","name":"A","fields":[{"name":"e","type":{"type": "enum","name":"E","symbols":["%s"]}},{"name":"b","type":"B"}]}'
        (folder / "a.avsc").write_text(a % "y")
        code, _, talk = run(GENERATOR, "-I", folder, "-o", folder, folder / "a.avsc")
        assert code == 1 and "defined otherwise" in talk, talk
        (folder / "a.avsc").write_text(a % "x")
        code, _, talk = run(GENERATOR, "-I", folder, "-o", folder, folder / "a.avsc")
        assert code == 0, talk


def test_unequal_headers_do_not_compile_together():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file, symbol in (("a", "x"), ("b", "x"), ("c", "y")):
            (folder / f"{file}.avsc").write_text('{"type":"record","name":"%s","fields":[{"name":"e","type":{"type":"enum","name":"E",'
                                                 '"symbols":["%s"]}}]}' % (file.upper(), symbol))
            assert generate(folder, folder / f"{file}.avsc")[0] == 0
        for second, right in (("b", True), ("c", False)):
            (folder / "both.c").write_text(f'#include "a.h"\n#include "{second}.h"\n')
            code, _, talk = run(*COMPILER, f"-I{ROOT}/include", "-fsyntax-only", folder / "both.c")
            assert (code == 0) == right and (right or "a schema file of its own" in talk), talk


def test_migrations_are_numbered_without_gaps():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name) / "orders" / "migrations"
        folder.mkdir(parents=True)
        (folder / "001-first.sql").write_text('CREATE TABLE "a" (b);\n-- ??/ \\\n')
        (folder / "002-second.sql").write_text("SELECT 1;")
        code, header, talk = run(GENERATOR, "migrations", folder)
        assert code == 0 and "orders_migrations[]" in header and '{ 2, "second"' in header, talk + header
        (folder.parent / "m.c").write_text("#include <stddef.h>\n" + header.replace("#pragma once", "") +
                                           "int main(void) { return orders_migrations[0].number - 1; }")
        code, _, talk = run(*COMPILER, *WARNINGS, f"-I{ROOT}/include", folder.parent / "m.c", "-o", folder.parent / "m")
        assert code == 0 and run(folder.parent / "m")[0] == 0, talk
        (folder / "004-late.sql").write_text("SELECT 1;")
        code, _, talk = run(GENERATOR, "migrations", folder)
        assert code == 1 and "number 003 comes next" in talk, talk


def test_what_is_no_schema_file_is_refused_and_leaves_nothing():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "binary.avsc").write_bytes(b"Obj\x01\xff\x00\x80" * 100)
        (folder / "good.avsc").write_text('{"type":"record","name":"Good","fields":[]}')
        for path, reason in ((folder, "directory"), (folder / "none.avsc", "No such file"), (folder / "binary.avsc", "binary.avsc:1:1")):
            code, text, talk = run(GENERATOR, "-o", folder, path)
            assert code == 1 and text == "" and reason in talk, (path, code, talk)
        code, _, talk = run(GENERATOR, "-o", folder, "--depfile", folder / "no" / "good.d", folder / "good.avsc")
        assert code == 1 and "good.d" in talk, talk
        assert sorted(p.name for p in folder.iterdir()) == ["binary.avsc", "good.avsc"]


def test_a_schema_without_a_name_is_named_after_its_file():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "2-events.v1.avsc").write_text('["null","int",{"type":"record","name":"shop.Order","fields":[]}]')
        code, _, talk = generate(folder, folder / "2-events.v1.avsc")
        header = (folder / "2-events.v1.h").read_text()
        assert code == 0 and "struct schema_2_events_v1 {" in header and "schema_2_events_v1_decode" in header, talk + header


def test_a_folder_that_is_not_there_is_told_with_what_to_do():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "a.avsc"
        path.write_text('"int"')
        code, _, talk = run(GENERATOR, "-o", f"{folder}/missing", path)
        assert code == 1 and f"E1005 {folder}/missing/a.h: there is no folder {folder}/missing: make it first" in talk, talk


def test_wrong_usage_is_exit_code_2():
    assert run(GENERATOR)[0] == 2
    assert run(GENERATOR, "--nonsense")[0] == 2
    assert run(GENERATOR, "-", stdin='"int"')[0] == 2
    code, text, _ = run(GENERATOR, "--help")
    assert code == 0 and all(len(line) <= 80 for line in text.splitlines()), text


main(globals())
