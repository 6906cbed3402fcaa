# SPDX-License-Identifier: Apache-2.0
"""Values of Avro's JSON encoding, compared with each other and with values of Python."""

import json
import math
import re
import struct

KINDS = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")


class Shape:
    """A schema's names resolved, to walk values by."""

    def __init__(self, schema):
        self.root, self.names = json.loads(schema), {}
        self.collect(self.root, "")

    def collect(self, schema, space):
        if isinstance(schema, list):
            for branch in schema:
                self.collect(branch, space)
        if not isinstance(schema, dict):
            return
        if "name" in schema:
            name = schema["name"] if "." in schema["name"] or not schema.get("namespace", space) \
                else f"{schema.get('namespace', space)}.{schema['name']}"
            space = name.rpartition(".")[0]
            self.names[name] = dict(schema, full=name)
        for field in schema.get("fields", ()):
            self.collect(field["type"], space)
        for key in ("items", "values", "type"):
            if isinstance(schema.get(key), (dict, list)):
                self.collect(schema[key], space)

    def find(self, schema, space):
        """The definition, and the namespace that holds inside it."""
        if isinstance(schema, str) and schema not in KINDS:
            schema = self.names.get(f"{space}.{schema}" if space and "." not in schema else schema) or self.names[schema]
        elif isinstance(schema, dict) and "name" in schema:
            name = schema["name"]
            schema = self.names.get(name if "." in name or not schema.get("namespace", space)
                                    else f"{schema.get('namespace', space)}.{name}")
        if isinstance(schema, dict) and isinstance(schema["type"], (dict, list)):
            return self.find(schema["type"], space)
        return (schema, schema["full"].rpartition(".")[0]) if isinstance(schema, dict) and "full" in schema else (schema, space)


def kind_of(schema):
    return "union" if isinstance(schema, list) else schema if isinstance(schema, str) else schema["type"]


def number_of(kind, value):
    """Equal for equal bits, but for what kind of NaN."""
    value = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}.get(value, value) if isinstance(value, str) else value
    return "nan" if value != value else struct.pack("<f" if kind == "float" else "<d", value).hex()


def branch_of(shape, branches, name, space):
    for branch in branches:
        found, _ = shape.find(branch, space)
        if name == (found["full"] if isinstance(found, dict) and "full" in found else kind_of(found)):
            return branch
    raise ValueError(f"no branch {name} in {branches}")


def comparable(shape, schema, value, space=""):
    """As a tree that is equal to another exactly if the data are, whatever the digits and the order of entries."""
    schema, space = shape.find(schema, space)
    kind = kind_of(schema)
    if kind == "union":
        if value is None:
            return None
        (name, inner), = value.items()
        return {name: comparable(shape, branch_of(shape, schema, name, space), inner, space)}
    if kind in ("float", "double"):
        return number_of(kind, value)
    if kind == "array":
        return [comparable(shape, schema["items"], item, space) for item in value]
    if kind == "map":
        return {key: comparable(shape, schema["values"], item, space) for key, item in value.items()}
    if kind in ("record", "error"):
        return {field["name"]: comparable(shape, field["type"], value[field["name"]], space) for field in schema["fields"]}
    return value


PYTHON = {"null": type(None), "boolean": bool, "int": int, "long": int, "float": float, "double": float, "bytes": bytes, "string": str,
          "fixed": bytes, "enum": str, "array": list, "map": dict, "record": dict, "error": dict}
AS_DEFAULT = {("float", int), ("double", int), ("bytes", str), ("fixed", str)}


def agrees(shape, schema, value, other, space=""):
    """Whether a value of Python is what the JSON says; which branch of a union it is of, the JSON says alone. Where fastavro filled in a
    default it is still as in the schema: text for bytes, records without those fields that have a default of their own."""
    schema, space = shape.find(schema, space)
    kind = kind_of(schema)
    if kind == "union":
        (name, inner), = value.items() if value is not None else [("null", None)]
        return agrees(shape, branch_of(shape, schema, name, space), inner, other, space)
    if type(other) is not PYTHON[kind] and (kind, type(other)) not in AS_DEFAULT:
        return False
    if kind in ("float", "double"):
        return number_of(kind, value) == number_of(kind, other)
    if kind in ("bytes", "fixed"):
        return other in (value, value.encode("latin-1"))
    if kind == "array":
        return len(value) == len(other) and all(agrees(shape, schema["items"], a, b, space) for a, b in zip(value, other))
    if kind == "map":
        return set(value) == set(other) and all(agrees(shape, schema["values"], value[key], other[key], space) for key in value)
    if kind in ("record", "error"):
        return set(value) >= set(other) and all(
            agrees(shape, field["type"], value[field["name"]], other[field["name"]], space) if field["name"] in other
            else "default" in field for field in schema["fields"])
    return value == other


def read_json(text):
    """Of a key that stands twice the last counts, as for whoever decodes into a dict."""
    return json.loads(text)


LONG_NUMBER = re.compile(r"-?[0-9]+\.[0-9]+(E-?[0-9]+)?")


def shortest(text):
    """Java before 19 prints some numbers with a digit too many."""
    return all(len(re.sub(r"E.*|[-.]", "", match.group()).strip("0")) <= len(re.sub(r"e.*|[-.]", "", repr(float(match.group()))).strip("0"))
               for match in LONG_NUMBER.finditer(text))
