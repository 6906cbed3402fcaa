# SPDX-License-Identifier: Apache-2.0
"""The three that are asked the same questions: Apache Avro for Java, fastavro, and Chappe's own tool belt. Java and Chappe answer with
Avro's JSON, fastavro with values of Python; all with Refused when they refuse: raised for schemas, given in its place for a datum."""

import io
import json
import pathlib
import resource
import subprocess
import tempfile

from avro_json import Shape, agrees, comparable, read_json

HERE = pathlib.Path(__file__).resolve().parent
MEMORY = 3 << 30  # a damaged datum may claim any number of items: fastavro makes a list of them, and then refuses


class Refused(Exception):
    pass


class Java:
    """Answers.java in a process of its own."""

    def __init__(self):
        jars = subprocess.run([HERE / "fetch"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        self.process = subprocess.Popen(["java", "-Xss4m", "-Xmx512m", "-XX:+UseSerialGC", "-cp", f"{jars}/*", HERE / "Answers.java"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def ask(self, *words):
        self.process.stdin.write("\t".join(words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer.endswith("\n"):
            raise RuntimeError("Java has ended")
        if answer.startswith("error: "):
            raise Refused(answer[len("error: "):-1])
        return answer[:-1]

    def schema(self, schema):
        return tuple(self.ask("schema", schema).split("\t"))

    def check(self, writer, reader):
        return self.ask("check", writer, reader) == "yes"

    def each(self, questions):
        answers = []
        for question in questions:
            try:
                answers.append(self.ask(*question))
            except Refused as refused:
                answers.append(refused)
        return answers

    def decode(self, writer, reader, data):
        return self.each(("decode", writer, reader, datum.hex()) for datum in data)

    @staticmethod
    def same(schema, chappe, answer):
        shape = Shape(schema)
        return chappe == answer or (answer != "" and comparable(shape, shape.root, read_json(chappe)) ==
                                    comparable(shape, shape.root, read_json(answer)))

    def json(self, schema, data):
        """Of each datum the JSON that Java prints, and the bytes that it makes of that again."""
        texts = [answer for answer in self.decode(schema, schema, data) if answer and not isinstance(answer, Refused)]
        return list(zip(texts, self.each(("encode", schema, text) for text in texts)))

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


class Fastavro:
    """The library of Python, in this process. Logical types are left out: Avro's JSON knows none."""

    def __init__(self):
        import fastavro

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
        self.library = fastavro

    def parse(self, schema):
        try:
            return self.library.parse_schema(plain(json.loads(schema)))
        except Exception as refused:
            raise Refused(f"{type(refused).__name__}: {refused}") from None

    def schema(self, schema):
        try:
            canonical = self.library.schema.to_parsing_canonical_form(plain(json.loads(schema)))
            return canonical, self.library.schema.fingerprint(canonical, "CRC-64-AVRO")
        except Exception as refused:
            raise Refused(f"{type(refused).__name__}: {refused}") from None

    def decode(self, writer, reader, data):
        writer_schema, reader_schema = self.parse(writer), self.parse(reader)
        answers = []
        for datum in data:
            stream = io.BytesIO(datum)
            try:
                value = self.library.schemaless_reader(stream, writer_schema, reader_schema)
                answers.append(value if stream.tell() == len(datum) else Refused("bytes are left over"))
            except Exception as refused:
                answers.append(Refused(f"{type(refused).__name__}: {refused}"))
        return answers

    def json(self, schema, data):
        """Of each datum the JSON that fastavro prints, and the bytes that it makes of the same value."""
        parsed, made = self.parse(schema), []
        for value in self.decode(schema, schema, data):
            if isinstance(value, Refused):
                continue
            text, binary = io.StringIO(), io.BytesIO()
            try:
                self.library.json_writer(text, parsed, [value])
                self.library.schemaless_writer(binary, parsed, value)
            except Exception:  # it fails at printing some records without fields
                continue
            made.append((text.getvalue(), binary.getvalue().hex()))
        return made

    @staticmethod
    def same(schema, chappe, answer):
        shape = Shape(schema)
        return agrees(shape, shape.root, read_json(chappe), answer)

    def close(self):
        pass


class Chappe:
    """chappe schema …, a process for each question."""

    def __init__(self, tool):
        self.tool = tool
        self.folder = tempfile.TemporaryDirectory(prefix="chappe-compare-")

    def run(self, *arguments, lines=()):
        return subprocess.run([self.tool, "schema", *arguments], input="".join(line + "\n" for line in lines).encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)

    def file(self, name, schema):
        path = pathlib.Path(self.folder.name) / f"{name}.avsc"
        path.write_text(schema, encoding="utf-8")
        return path

    def answer(self, *arguments, lines=()):
        done = self.run(*arguments, lines=lines)
        if done.returncode not in (0, 1) or b"Sanitizer" in done.stderr:
            raise RuntimeError(f"chappe schema {arguments[0]} ended with {done.returncode}: {done.stderr.decode()}")
        if done.returncode == 1:
            raise Refused(done.stderr.decode().strip())
        return done.stdout.decode().split("\n")[:-1]

    def schema(self, schema):
        path = self.file("schema", schema)
        return self.answer("canonical", path)[0], self.answer("fingerprint", path)[0]

    def check(self, writer, reader):
        return self.run("check", "--writer", self.file("writer", writer), "--reader", self.file("reader", reader)).returncode == 0

    def each(self, answers):
        return [Refused(answer[len("error: "):]) if answer.startswith("error: ") else answer for answer in answers]

    def decode(self, writer, reader, data):
        return self.each(self.answer("decode", "--writer", self.file("writer", writer), "--reader", self.file("reader", reader), "--hex",
                                     lines=[datum.hex() for datum in data]))

    def encode(self, schema, texts):
        return self.each(self.answer("encode", "--schema", self.file("schema", schema), "--hex", lines=texts))

    def close(self):
        self.folder.cleanup()


def plain(schema):
    """Without logical types, whose values fastavro would convert."""
    if isinstance(schema, list):
        return [plain(branch) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: value for key, value in schema.items() if key not in ("logicalType", "precision", "scale")}
    for key in ("items", "values", "type"):
        if key in made:
            made[key] = plain(made[key])
    if "fields" in made:
        made["fields"] = [plain(field) for field in made["fields"]]
    return made
