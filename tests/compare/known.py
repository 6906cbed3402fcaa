# SPDX-License-Identifier: Apache-2.0
"""Disagreements that are known, each with its reason. Whatever is not here fails the comparison."""

import json
import re

from avro_json import KINDS, Shape
from libraries import Refused


# What Java says when it fails at what it should do.
JAVA_FAILS = {
    "Invalid default for field": "Java renames by aliases, and then finds a default invalid that names the record",
    "Schema fields not set yet": "Java cannot judge a default that holds a record which is still being read",
    "Not an array: [": "Java cannot give an empty array as the default of a union",
}


def java_fails(said):
    """Why Java failed, or None when it had a reason to refuse."""
    return next((reason for words, reason in JAVA_FAILS.items() if words in said), None)


def without_signed_zeros(text):
    return json.dumps(json.loads(re.sub(r"-0\.0(?![0-9eE])", "0.0", text)), sort_keys=True)


def java(what, chappe, other, given):
    said = str(other) if isinstance(other, Refused) else ""
    if what == "decoding" and other == "" and not isinstance(chappe, Refused):
        return "Java prints nothing for a value without any leaf"
    if what == "decoding" and isinstance(chappe, Refused) and "UTF-8" in str(chappe) and "\ufffd" in str(other):
        return "bytes read as a string must be UTF-8; Java replaces what is not"
    if what == "decoding" and '"float"' in given["reader"] and "-0.0" in str(chappe) and not said and \
            without_signed_zeros(chappe) == without_signed_zeros(other):
        return "Java prints a float of -0.0 as 0.0"
    if what == "encoding" and said and any(f'"{each}"' in given["json"] for each in ("NaN", "Infinity", "-Infinity")):
        return "Java does not read the NaN and infinities that it prints"
    if what == "compatibility" and chappe and '"aliases":[".' in given["reader"]:
        return "Java's check overlooks aliases without a namespace; its reader follows them"
    return java_fails(said)


def renamed(writer, reader):
    """Named types of other full names: where aliases and unqualified names come in, which fastavro sees differently."""
    return set(Shape(writer).names) != set(Shape(reader).names)


def parts(schema):
    """Every object and union in it."""
    if isinstance(schema, list):
        yield schema
    elif isinstance(schema, dict):
        yield schema
        schema = [schema.get("type"), schema.get("items"), schema.get("values"), *(schema.get("fields") or ())]
    else:
        return
    for inner in schema:
        yield from parts(inner)


def promotes_within_a_union(reader):
    """A union with a branch that another one's value can be promoted to."""
    for part in parts(json.loads(reader)):
        kinds = {branch if isinstance(branch, str) else branch["type"] for branch in part} if isinstance(part, list) else set()
        if len(kinds & {"int", "long", "float", "double"}) > 1 or len(kinds & {"bytes", "string"}) > 1:
            return True
    return False


def refers(schema):
    """Whether a type is referred to by its name."""
    return any(name not in KINDS for part in parts(json.loads(schema))
               for name in (part if isinstance(part, list) else (part.get("type"), part.get("items"), part.get("values")))
               if isinstance(name, str) and name not in ("record", "enum", "fixed", "array", "map"))


def refusal(chappe, other, names, given):
    said = str(other) if isinstance(other, Refused) else ""
    if names:
        return "fastavro matches other names than Java: aliases, unqualified names, records in unions"
    if promotes_within_a_union(given["reader"]):
        return "fastavro takes the first branch that a value can be promoted to, Java that of the same type"
    if said and (refers(given["writer"]) or refers(given["reader"])):
        return "fastavro compares a definition with a name, and finds them different"
    if said.startswith("SchemaResolutionError: ") and any(f"'type': '{kind}'" in said for kind in ("array", "map")):
        return "fastavro refuses empty arrays and maps, too, when their items would not fit"
    return None


def fastavro(what, chappe, other, given):
    if what == "encoding" and isinstance(chappe, Refused) and re.search(r"(^|[ \[])(NaN|-?Infinity)\b", given["json"]):
        return "fastavro prints NaN and infinities bare, which is no JSON"
    if what != "decoding":
        return None
    names = renamed(given["writer"], given["reader"])
    if isinstance(other, Refused) != isinstance(chappe, Refused):
        return refusal(chappe, other, names, given)
    if names and '"aliases"' in given["reader"]:
        return "fastavro follows a field's aliases in records of another name, Java does not"
    if promotes_within_a_union(given["reader"]):
        return "fastavro takes the first branch that a value can be promoted to, Java that of the same type"
    return None


def explained(library, what, chappe, other, **given):
    return {"Java": java, "Fastavro": fastavro}[library](what, chappe, other, given)
