"""Checks a bundle against STIX 2.1, and its Attack Flow objects against that schema.

usage: stix.py BUNDLE [ATTACK-FLOW-SCHEMA]

Needs stix2-validator, which carries the schemas of OASIS; the schema of Attack Flow
is stix/attack-flow-schema-2.0.0.json of its repository.
"""

import json
import os
import sys

import stix2validator


def store():
    """The schemas that Attack Flow names by address, from the validator."""
    base = os.path.join(os.path.dirname(stix2validator.__file__), "schemas-2.1")
    found = {}
    for folder, _, files in os.walk(base):
        for name in files:
            if name.endswith(".json"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as f:
                    schema = json.load(f)
                rest = os.path.relpath(path, base).replace(os.sep, "/").split("schemas/")[-1]
                for branch in ("http://raw.githubusercontent.com/oasis-open/cti-stix2-json-schemas/stix2.1",
                               "https://raw.githubusercontent.com/oasis-open/cti-stix2-json-schemas/master"):
                    found[f"{branch}/schemas/{rest}"] = schema
                found[schema.get("$id", rest)] = schema
    return found


def main():
    options = stix2validator.ValidationOptions(version="2.1", strict=False)
    result = stix2validator.validate_file(sys.argv[1], options)
    problems = [str(e) for r in result.object_results for e in (r.errors or [])]
    if not result.is_valid:
        problems.append("the bundle is not valid STIX 2.1")
    checked = 0
    if len(sys.argv) > 2:
        from jsonschema import Draft202012Validator
        from referencing import Registry, Resource
        from referencing.jsonschema import DRAFT202012
        with open(sys.argv[2], encoding="utf-8") as f:
            schema = json.load(f)
        registry = Registry().with_resources(
            (name, Resource.from_contents(s, default_specification=DRAFT202012)) for name, s in store().items())
        validator = Draft202012Validator(schema, registry=registry)
        with open(sys.argv[1], encoding="utf-8") as f:
            objects = json.load(f)["objects"]
        for o in objects:
            if o["type"].startswith("attack-"):
                checked += 1
                problems += [f"{o['id']}: {e.message}" for e in validator.iter_errors(o)]
    for p in problems[:50]:
        print(p)
    if problems:
        sys.exit(1)
    print(f"valid STIX 2.1, {checked} objects of Attack Flow")


main()
