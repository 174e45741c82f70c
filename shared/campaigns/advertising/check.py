"""The check: a text in, what it may not say out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.campaigns.advertising.absolutes import ABSOLUTES
from shared.campaigns.advertising.conduct import CONDUCT
from shared.campaigns.advertising.disclosure import rate_alone, states_terms, undisclosed
from shared.campaigns.advertising.english import ENGLISH
from shared.campaigns.advertising.folding import spellings
from shared.campaigns.advertising.promises import PROMISES, UNCONDITIONAL
from shared.campaigns.advertising.rules import Ban, Channel, Finding, Rule, compiled
from shared.campaigns.advertising.sharing import RULES as SHARING_RULES
from shared.campaigns.advertising.sharing import SHARING, channels_of

_BANS = (*ABSOLUTES, *PROMISES, *CONDUCT, *ENGLISH, *SHARING)
_CLAUSE_ENDS = ",.!?;:。、()\n"
_SENTENCE_ENDS = "!?。\n"
_PROMISES = (Rule.APPROVAL, Rule.RETURNS)
_WINDOW, _OVERLAP = 1000, 100
"""A long text is read piece by piece, so that its cost grows with its length only."""
_ABOUT_WORDS = compiled(
    "(?:不要|不得|请勿|勿|不能|不可|避免|禁止|不宜)(?:写|使用|用|出现|包含|含有"
    "|说)[^,。!?\n]*(?:用语|字样|字眼|的?词|的?话|说法|表述|承诺|批卡)"
    r"|\b(?:do not|dont|never|please do not|avoid) (?:use|write|writing|using"
    r"|say)\b[^.!?\n]*\b(?:words?|terms?|phrases?|approval|claims?|such as|like)\b"
)
_SWINDLE_BEFORE = compiled(
    "警惕|谨防|不要(?:轻)?(?:相)?信|勿(?:轻)?(?:相)?信|防范|遇到|遇有|凡是|\\bbeware\\b"
    "|\\b(?:do not|dont) trust\\b|\\breport anyone\\b"
)
_SWINDLE_AFTER = compiled(
    "请[^,。!?]{0,4}举报|(?:都是|均是|(?<!不)是|属于|即为?)(?:骗局|诈骗|违法|虚假|陷阱)"
    "|\\bis a (?:scam"
    "|fraud)\\b"
)
_NO_PROMISE = compiled(
    "(?:不|无法|没有|未)(?:能|会|作|做)?(?:任何)?(?:保证|承诺|担保|代表|意味着?"
    "|等于)[^,。!?]{0,10}$"
)
_WARNING_BEFORE = compiled(
    "(?:勿|禁止|严禁|不得|不能|不可|不要|切莫|避免)(?!错过|犹豫|担心|怕|等|放过|浪费|小看)"
    "|从不|从未|拒绝|谨防|警惕|远离|打击|抵制|防范|举报|涉嫌|杜绝|不支持|不提供|不接受|不参与"
    "|不向|不面向|不建议|理性|不鼓励|取消|有权|查实|一经|如有|若|经核实|排除"
    r"|\b(?:not|cannot|cant|never|dont|doesnt|isnt|arent|avoid)\b"
    r"(?! (?:miss|worry|wait|hesitate|let))|\b(?:nobody|no one|beware)\b"
)
_WARNING_AFTER = compiled(
    "违法|违规|犯罪|禁止|不计入|不算|无效|不予|除外|追回|取消资格|将被|举报|不得|不符|骗局|陷阱"
    "|不能|不可以|须由|须经|书面同意|会影响"
    r"|\b(?:illegal|forbidden|prohibited|not (?:allowed|accepted|permitted|eligible)|excluded"
    r"|cannot|may not|must not|does not count|do not count|not count)\b"
)


def check_copy(published: str, *, names_a_thing: bool = False) -> tuple[Finding, ...]:
    """Every breach in a text that is to be published, by place; empty when it may be.

    `names_a_thing`: the text is the name of a product, a gift or a privilege, whose terms stand
    in the clause that gives it.
    """
    spans: set[tuple[Rule, int, int]] = set()
    channels: tuple[Channel, ...] = ()
    for folded in spellings(published):
        channels = channels or channels_of(folded.text)
        for rule, start, end in _hits(folded.text, names_a_thing):
            spans.add((rule, *folded.span(start, end)))
    found = [
        Finding(rule, published[start:end], start, end, channels if rule in SHARING_RULES else ())
        for rule, start, end in _apart(spans)
    ]
    return tuple(sorted(found, key=lambda each: (each.start, each.rule)))


def _hits(folded: str, names_a_thing: bool) -> Iterator[tuple[Rule, int, int]]:
    bans = _BANS if states_terms(folded) else (*_BANS, *UNCONDITIONAL)
    for offset in range(0, max(len(folded) - _OVERLAP, 1), _WINDOW - _OVERLAP):
        window = folded[offset : offset + _WINDOW]
        for ban in bans:
            for start, end in _broken(window, ban):
                yield ban.rule, offset + start, offset + end
    lone = () if names_a_thing else ((Rule.TERMS, undisclosed), (Rule.RATE, rate_alone))
    for rule, look in lone:
        hit = look(folded)
        if hit is not None:
            yield rule, *hit.span()


def _broken(folded: str, ban: Ban) -> Iterator[tuple[int, int]]:
    for hit in compiled(ban.pattern).finditer(folded):
        if hit.end() > hit.start() and not _excused(folded, hit, ban):
            yield hit.start(), hit.end()


def _excused(folded: str, hit: re.Match[str], ban: Ban) -> bool:
    """Whether what stands around the words makes them fine."""
    before, sentence, rest = _around(folded, hit.start(), hit.end())
    ahead = sentence[: len(sentence) - len(rest)]
    if (
        _ABOUT_WORDS.search(sentence)
        or _SWINDLE_BEFORE.search(ahead)
        or _SWINDLE_AFTER.search(rest)
    ):
        return True
    if ban.unless_before and compiled(f"(?:{ban.unless_before})").search(before):
        return True
    if ban.unless_sentence and compiled(ban.unless_sentence).search(sentence):
        return True
    if ban.unless_around and compiled(ban.unless_around).search(rest):
        return True
    if ban.rule in _PROMISES and _NO_PROMISE.search(before):
        return True
    if not ban.warns:
        return False
    return bool(_WARNING_BEFORE.search(ahead) or _WARNING_AFTER.search(rest))


def _around(folded: str, start: int, end: int) -> tuple[str, str, str]:
    """What goes before in the clause, the sentence, and the sentence from the hit on."""
    clause = max(folded.rfind(mark, 0, start) for mark in _CLAUSE_ENDS) + 1
    opens = max(folded.rfind(mark, 0, start) for mark in _SENTENCE_ENDS) + 1
    ends = [place for mark in _SENTENCE_ENDS if (place := folded.find(mark, end)) >= 0]
    closes = min(ends, default=len(folded))
    return folded[clause:start], folded[opens:closes], folded[start:closes]


def _apart(spans: set[tuple[Rule, int, int]]) -> list[tuple[Rule, int, int]]:
    """Of what a rule says about overlapping words, the longest only."""
    kept: list[tuple[Rule, int, int]] = []
    for rule, start, end in sorted(spans):
        if kept and kept[-1][0] is rule and start < kept[-1][2]:
            if end - start > kept[-1][2] - kept[-1][1]:
                kept[-1] = (rule, start, end)
        else:
            kept.append((rule, start, end))
    return kept
