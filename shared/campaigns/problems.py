"""A campaign file's mistakes: where each stands and which text tells how to mend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.base.i18n import Locale, spoken, text

Path = tuple[str | int, ...]
Lines = dict[Path, int]
"""The line of every key and item of a file."""


@dataclass(frozen=True)
class Problem:
    """One mistake in a file: where, and which text tells how to mend it."""

    line: int
    path: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)

    def words(self, locale: Locale) -> str:
        """`line 12, clauses[0].amount: …` in the reader's language."""
        return text(
            locale,
            "campaign.file.at",
            line=self.line,
            path=self.path or "—",
            remedy=self.remedy(locale),
        )

    def remedy(self, locale: Locale) -> str:
        """What to write instead, in the reader's language."""
        return text(locale, f"campaign.file.{self.code}", **spoken(locale, self.params))


class CampaignFileError(Exception):
    """A campaign file that cannot be applied, with every problem found, by line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.path))
        super().__init__("\n".join(problem.words(Locale.EN) for problem in self.problems))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # C where built
    """YAML whose days stay text, so that a day that does not exist is reported, not raised."""


_Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(source: str) -> tuple[Any, Lines]:
    """A file's plain content and its lines; CampaignFileError when it is no mapping in YAML."""
    loader = _Loader(source)
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise CampaignFileError([Problem(1, "", "empty")])
        lines: Lines = {}
        doubles: list[Problem] = []
        _walk(node, (), lines, doubles)
        if doubles:
            raise CampaignFileError(doubles)
        return loader.construct_document(node), lines
    except yaml.YAMLError as broken:
        mark = getattr(broken, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        raise CampaignFileError([Problem(line, "", "syntax")]) from None
    finally:
        loader.dispose()


def explain(wrong: ValidationError, lines: Lines) -> CampaignFileError:
    """What pydantic found, as problems with lines and remedies."""
    errors = wrong.errors()
    deep = [each["loc"] for each in errors if each["type"] != "too_short"]
    return CampaignFileError(
        [
            _problem(each, lines)
            for each in errors  # a list whose items are wrong also counts as too short
            if each["type"] != "too_short"
            or not any(loc[: len(each["loc"])] == each["loc"] for loc in deep)
        ]
    )


def _walk(node: yaml.Node, at: Path, lines: Lines, doubles: list[Problem]) -> None:
    """Note the line of every key and item; find keys written twice, which YAML lets pass."""
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*at, str(key.value))
            if inner in lines:
                doubles.append(Problem(key.start_mark.line + 1, written_path(inner), "twice"))
            lines[inner] = key.start_mark.line + 1
            _walk(value, inner, lines, doubles)
    elif isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            _walk(item, (*at, place), lines, doubles)


_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "literal_error": "choice",
    "enum": "choice",
    "union_tag_invalid": "choice",
    "union_tag_not_found": "kind",
    "string_pattern_mismatch": "pattern",
    "string_too_short": "text",
    "string_type": "text",
    "greater_than_equal": "at_least",
    "greater_than": "not_positive",
    "less_than_equal": "at_most",
    "too_short": "too_few",
    "tuple_type": "list",
    "model_type": "mapping",
}
_OWN = {
    "money",
    "not_positive",
    "trigger",
    "trigger_terms",
    "purchase_terms",
    "purchase_only",
    "approved_days",
    "ladder_order",
    "same_clause",
    "no_qualifies",
    "claw_back",
    "no_token",
    "same_budget",
    "cap_unit",
    "zone",
    "ends_first",
    "prize",
    "pick",
    "donation_unit",
    "held_days",
    "multiplier",
    "season",
    "not_divisible",
    "ladder_highest",
    "bands",
    "unknown_prize",
    "cap_small",
    "budget_small",
    "risk_watch",
    "risk_circumstances",
    "reserve_large",
}


def _problem(error: ErrorDetails, lines: Lines) -> Problem:
    kind, context = error["type"], dict(error.get("ctx", {}))
    named = str(context.pop("at", "")).split(".")
    loc: Path = (*error["loc"], *(int(step) if step.isdecimal() else step for step in named))
    at = _place(loc, lines)
    if kind in _OWN:
        return Problem(lines[at], written_path(at), kind, context)
    last = str(error["loc"][-1]) if error["loc"] else ""
    if kind in ("missing", "extra_forbidden"):
        if kind == "missing":
            language = last in {locale.value for locale in Locale}
            code = "language" if language else "missing"
            return Problem(lines[at], written_path((*at, last)), code, {"name": last})
        return Problem(lines[at], written_path(at), "unknown", {"name": last})
    code = _CODES.get(kind) or _family(kind)
    allowed = context.get("expected") or context.get("expected_tags") or context.get("pattern")
    bound = context.get("ge", context.get("le", context.get("min_length", 1)))
    found = error["input"] if isinstance(error["input"], (str, int, float, date)) else "…"
    params = {"allowed": allowed or "", "bound": bound, "found": str(found)}
    return Problem(lines[at], written_path(at), code, params)


def _place(loc: Path, lines: Lines) -> Path:
    """Where a path of pydantic's stands in the file: union tags are not there, a trigger's name
    stands between the trigger and its terms, and what is picked from is called so."""
    at: Path = ()
    for step in loc:
        named: Path = (*at, "pick" if step == "options" else step)
        inside = [each for each in lines if each[:-1] == at and each != at]
        if named in lines:
            at = named
        elif len(inside) == 1 and (*inside[0], step) in lines:
            at = (*inside[0], step)
    return at


def _family(kind: str) -> str:
    """The sort of value that pydantic's finer error kinds ask for."""
    for family in ("int", "bool", "date"):
        if kind.startswith(family):
            return family
    return "wrong"


def written_path(path: Path) -> str:
    """A place in a file as people write it: `clauses[0].amount`."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(parts).lstrip(".")
