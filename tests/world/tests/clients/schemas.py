"""Holds answers against the vendors' own descriptions: swagger 2.0 (TiDB Cloud) and OpenAPI 3.0 (Confluent).

Beside what jsonschema checks, a member that no description has is a mistake of ours: most of the descriptions
require nothing, so that a misspelt member would pass.
"""

import copy
import json
import pathlib
import re

import yaml
from jsonschema import Draft4Validator

# Recorded answers have this before a kind; the description has not (terraform-provider-confluent, internal/testdata).
KIND_PREFIX = "networking.v1."


class Description:
    """One file, and where its answers come from."""

    def __init__(self, host, path):
        text = path.read_text()
        self.host = host
        self.document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        self.base = self.document.get("basePath", "")
        loosen(self.document)
        self.operations = [
            (method.upper(), re.compile(pattern(self.base + template)), operation)
            for template, methods in self.document["paths"].items()
            for method, operation in methods.items()
            if method != "parameters"
        ]

    def operation(self, method, path):
        for known, template, operation in self.operations:
            if known == method and template.fullmatch(path):
                return operation
        return None

    def resolve(self, node):
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def check(self, operation, answer):
        """Fails unless the answer is one that the operation describes."""
        responses = operation["responses"]
        status = str(answer.status_code)
        assert status in responses or "default" in responses, f"{status} is not described"
        response = self.resolve(responses.get(status) or responses["default"])
        for name in response.get("headers", {}):
            optional = name == "Location" and status == "409"
            assert optional or name in answer.headers, f"the header {name} is missing"
        schema = response.get("schema") or response.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            assert not answer.content, "no body is described"
            return
        body = without_prefixes(answer.json())
        root = {key: self.document[key] for key in ("definitions", "components") if key in self.document}
        problems = [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
            for error in Draft4Validator({**root, "allOf": [schema]}).iter_errors(body)
        ]
        problems += self.strangers(schema, body, "")
        assert not problems, "\n".join(problems)

    def strangers(self, schema, value, where):
        """The members that the description does not have."""
        shapes = list(self.shapes(schema))
        if isinstance(value, list):
            items = [shape["items"] for shape in shapes if "items" in shape]
            merged = {"allOf": items}
            return [found for n, item in enumerate(value) for found in self.strangers(merged, item, f"{where}/{n}")]
        if not isinstance(value, dict):
            return []
        known, free = {}, False
        for shape in shapes:
            for name, member in shape.get("properties", {}).items():
                known.setdefault(name, []).append(member)
            free = free or bool(shape.get("additionalProperties"))
        found = []
        for name, member in value.items():
            if name in known:
                found += self.strangers({"allOf": known[name]}, member, f"{where}/{name}")
            elif not free:
                found.append(f"{where}/{name} is not described")
        return found

    def shapes(self, schema):
        schema = self.resolve(schema)
        yield schema
        for key in ("allOf", "oneOf", "anyOf"):
            for part in schema.get(key, []):
                yield from self.shapes(part)


def pattern(template):
    """A path's template as a regular expression. A parameter ends at a slash or at a verb's colon."""
    return re.sub(r"\\\{.*?\\\}", "[^/:]+", re.escape(template))


def loosen(node):
    """Rewrites what JSON Schema has not: nullable members, and protobuf's int64, which JSON has as a string."""
    if isinstance(node, list):
        for item in node:
            loosen(item)
    if not isinstance(node, dict):
        return
    for member in node.values():
        loosen(member)
    if not isinstance(node.get("type"), str):
        return
    if node.get("format") == "int64":
        node["type"] = ["integer", "string"]
    if node.get("x-nullable") is True or node.get("nullable") is True:
        node["type"] = [*([node["type"]] if isinstance(node["type"], str) else node["type"]), "null"]


def without_prefixes(value):
    value = copy.deepcopy(value)
    if isinstance(value, list):
        return [without_prefixes(item) for item in value]
    if isinstance(value, dict):
        kind = value.get("kind")
        if isinstance(kind, str):
            value["kind"] = kind.removeprefix(KIND_PREFIX)
        return {name: without_prefixes(member) for name, member in value.items()}
    return value


class Descriptions:
    """All that are needed, and how many answers were held against them."""

    def __init__(self, directory):
        directory = pathlib.Path(directory)
        self.checked = 0
        self.all = [
            Description("dedicated.tidbapi.com", directory / "tidb/dedicated.swagger.json"),
            Description("serverless.tidbapi.com", directory / "tidb/cluster.swagger.json"),
            Description("serverless.tidbapi.com", directory / "tidb/privatelink.swagger.json"),
            Description("api.confluent.cloud", directory / "confluent/networking.openapi.yaml"),
        ]

    def check(self, host, method, path, answer):
        for description in self.all:
            operation = description.operation(method, path) if description.host == host else None
            if operation is not None:
                try:
                    description.check(operation, answer)
                except AssertionError as error:
                    raise AssertionError(f"{method} {path} {answer.status_code}: {error}\n{answer.text}") from None
                self.checked += 1
                return
        raise AssertionError(f"no description has {method} {path}")
