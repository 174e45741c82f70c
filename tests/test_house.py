"""The house's own rules: words in three languages, floors, README, nothing of this machine."""

from __future__ import annotations

import ast
import re
import string
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from shared.base.i18n import LOCALE_ROOT, Locale, catalogue
from shared.base.settings import Settings
from shared.cli import jianka

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
CODE = [
    path for room in ("shared", "bot", "webapp") for path in sorted((ROOT / room).rglob("*.py"))
]
TEMPLATES = [path for room in ("bot", "webapp") for path in sorted((ROOT / room).rglob("*.html"))]
KEYS = {locale: catalogue(locale) for locale in Locale}

SPEAKERS = (
    # (files, name of the function, place of the key, what goes before it)
    ("", "text", 1, ""),
    ("", "markup", 1, ""),
    ("bot/flows/", "say", 0, ""),
    ("bot/flows/", "label", 0, ""),
    ("bot/flows/", "button", 0, ""),
    ("bot/notices.py", "say", 0, "notice."),
    ("webapp/", "t", 0, ""),
    ("shared/jobs/", "say", 0, "command."),
    ("shared/jobs/", "words", 0, "command."),
    ("shared/cli.py", "words", 0, "command."),
    ("shared/", "Refusal", 0, "error."),
    ("webapp/", "Refusal", 0, "error."),
    ("shared/", "Unfit", 0, "import.bad."),
)
LANGUAGE_SWITCHES = {"bot.command.language"}
"""Read by people who do not read the language around it."""
CHINESE_IN_CODE = {
    "shared/base/i18n.py": "how dates are set",
    "shared/base/privacy.py": "where Han characters begin and end",
    "shared/campaigns/advertising/absolutes.py": "the advertising law's words",
    "shared/campaigns/advertising/check.py": "how warnings are worded",
    "shared/campaigns/advertising/conduct.py": "the advertising law's words",
    "shared/campaigns/advertising/disclosure.py": "how benefits and conditions are worded",
    "shared/campaigns/advertising/folding.py": "which characters are one",
    "shared/campaigns/advertising/promises.py": "the advertising law's words",
    "shared/campaigns/advertising/sharing.py": "the channels' forbidden words",
    "shared/campaigns/prizes.py": "how a campaign file writes amounts",
    "shared/pictures/typeset.py": "where lines may break",
}
"""Nobody is spoken to there."""
TEST_SWITCHES = {"STRICT", "NIGHTLY", "TEST_POSTGRES"}
"""JIANKA_… variables that the tests read, not the programs."""


def _heads(node: ast.expr) -> Iterator[tuple[str, bool]]:
    """The keys an expression may come to: (key, whole), or (its beginning, not whole)."""
    match node:
        case ast.Constant(value=str(key)):
            yield key, True
        case ast.IfExp(body=body, orelse=orelse):
            yield from _heads(body)
            yield from _heads(orelse)
        case ast.JoinedStr(values=[ast.Constant(value=str(head)), *_]):
            yield head, False


def _spoken_in_code() -> Iterator[tuple[str, bool, str]]:
    for path in CODE:
        name = path.relative_to(ROOT).as_posix()
        speakers = {
            speaker: (place, before)
            for files, speaker, place, before in SPEAKERS
            if name.startswith(files) and not name.startswith("bot/sandbox/")
        }
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            called = node.func.id if isinstance(node.func, ast.Name) else called
            if called not in speakers or len(node.args) <= speakers[called][0]:
                continue
            place, before = speakers[called]
            for head, whole in _heads(node.args[place]):
                yield before + head, whole, f"{name}:{node.lineno}"


def _spoken_in_templates() -> Iterator[tuple[str, bool, str]]:
    for path in TEMPLATES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for key, follows in re.findall(r"""\bt\(["']([\w.]+)["']\s*([,)~])""", line):
                yield key, follows != "~", f"{path.relative_to(ROOT)}:{number}"


def test_every_text_that_code_and_templates_name_is_in_the_catalogues() -> None:
    spoken = [*_spoken_in_code(), *_spoken_in_templates()]
    assert len(spoken) > 300
    keys = KEYS[Locale.EN]
    unknown = [
        f"{where}: {key}"
        for key, whole, where in spoken
        if (key not in keys if whole else not any(known.startswith(key) for known in keys))
    ]
    assert unknown == []


@pytest.mark.parametrize("locale", [Locale.ZH_HANT, Locale.EN])
def test_the_catalogues_have_the_same_texts_with_the_same_placeholders(locale: Locale) -> None:
    def shape(words: str | tuple[str, ...]) -> set[str]:
        forms = (words,) if isinstance(words, str) else words
        return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name}

    first = {key: shape(words) for key, words in KEYS[Locale.ZH_HANS].items()}
    other = {key: shape(words) for key, words in KEYS[locale].items()}
    # The number that chooses a plural may be left out of a form.
    differing = {key for key in first.keys() | other.keys() if first.get(key) != other.get(key)}
    assert sorted(differing) == []


@pytest.mark.parametrize("locale", list(Locale))
def test_no_text_is_empty_or_written_twice(locale: Locale) -> None:
    empty = [key for key, words in KEYS[locale].items() if not words or not all(words)]
    assert empty == []
    written = Counter(
        key
        for path in (LOCALE_ROOT / locale.value).glob("*.po")
        for key in re.findall(r'^msgid "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert [key for key, times in written.items() if times > 1] == []


@pytest.mark.parametrize(
    ("locale", "charset"), [(Locale.ZH_HANS, "gb2312"), (Locale.ZH_HANT, "big5")]
)
def test_each_chinese_is_written_in_its_own_characters(locale: Locale, charset: str) -> None:
    def foreign(words: str) -> set[str]:
        han = {character for character in words if "\u4e00" <= character <= "\u9fff"}
        return {character for character in han if not _writes(character, charset)}

    mixed = {
        key: found
        for key, words in KEYS[locale].items()
        if key not in LANGUAGE_SWITCHES
        and not key.startswith(("language.", "layout.language."))  # each names itself
        and (found := foreign("".join(words)))
    }
    assert mixed == {}


def _writes(character: str, charset: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def test_no_chinese_stands_in_code() -> None:
    speaking = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in CODE
        for node in _text_nodes(ast.parse(path.read_text(encoding="utf-8")))
        if re.search(r"[\u4e00-\u9fff]", node.value)
        and path.relative_to(ROOT).as_posix() not in CHINESE_IN_CODE
    ]
    assert speaking == []


def _text_nodes(tree: ast.AST) -> Iterator[ast.Constant]:
    """Texts of the code that are no docstrings."""
    quiet = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quiet:
            yield node


def test_the_floors_hold() -> None:
    checked = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert checked.returncode == 0, checked.stdout


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT)
    if listed.returncode:  # an archive without its history
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def test_nothing_names_a_package_index_or_a_place_on_somebodys_machine() -> None:
    patterns = ("pypi" + r"\.", "python" + "hosted", r"--(extra-)?index-url\b", "find-" + "links")
    names = re.compile("|".join(patterns) + r"|/(home|Users)/\w|/work" + r"/\w")
    found = []
    for path in _tracked():
        text = path.read_bytes().decode("utf-8", "ignore") if path.stat().st_size < 2e6 else ""
        found += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in names.finditer(text)]
    assert found == []


def test_every_requirement_of_the_lock_is_pinned_with_its_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = lock.replace("\\\n", " ").splitlines()
    assert len(entries) > 50
    loose = [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]
    assert loose == []
    assert "://" not in lock


def _commands(group: click.Group, before: str = "") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield before + name


def _code_of_readme() -> list[str]:
    """What README sets as code: spans, and the lines of blocks."""
    text = README.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", rest) + [
        line for block in blocks for line in block.split("\n")
    ]


def test_readme_names_every_command_and_no_other() -> None:
    commands = set(_commands(jianka))
    named = set()
    for code in _code_of_readme():
        for words in re.findall(r"\bjianka((?: [a-z]+)+)", code):
            parts = words.split()
            named.add(" ".join(parts[:2]) if " ".join(parts[:2]) in commands else parts[0])
    assert commands - named == set()
    assert named - commands == set()


def test_readme_names_every_setting_and_no_other() -> None:
    settings = {name.upper() for name in Settings.model_fields}
    named = set(re.findall(r"JIANKA_([A-Z_]+[A-Z])", README.read_text(encoding="utf-8")))
    named |= {code for code in _code_of_readme() if code in settings}
    assert settings - named == set()
    assert named - settings - TEST_SWITCHES == set()


def test_readme_names_only_targets_that_make_has() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {word for code in _code_of_readme() for word in re.findall(r"\bmake ([a-z]+)", code)}
    assert {"run", "test"} <= named <= targets
