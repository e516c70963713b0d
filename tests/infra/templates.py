"""Templates as plain data: `!GetAtt a.b` reads as `{"Fn::GetAtt": "a.b"}`."""

import copy
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from infra.package import Reader

Template: TypeAlias = dict[str, Any]


def load(path: Path) -> Template:
    """A copy for whoever asks: each text is read once, because every bed asks."""
    return copy.deepcopy(_read(path.read_text()))


@cache
def _read(text: str) -> Template:
    template: Template = yaml.load(text, Loader=_TemplateLoader)
    return template


class _TemplateLoader(Reader):
    """Knows CloudFormation's short forms; apart from the reader of plain ones, which it leaves as it is."""


def _intrinsic(loader: _TemplateLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_TemplateLoader.add_multi_constructor("!", _intrinsic)
