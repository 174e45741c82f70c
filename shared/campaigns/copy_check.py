"""Words a published text may not hold (advertising law): superlatives and promises of approval.

First cut for members' own greetings; 第一步, 最后一天 and 首刷 are fine.
"""

from __future__ import annotations

import re

_FORBIDDEN = (
    re.compile(r"最(?!后|近|多|少|高|低|晚|早|终|迟|初|長|长|短|後|終)"),
    re.compile(r"(全国|全網|全网|全球|行业|行業|业内|業內|世界)?第一(?![步次个個位笔筆张張天季])"),
    re.compile(r"国家级|國家級|世界级|世界級|顶级|頂級|极致|極致|绝对|絕對|唯一|首选|首選|王牌"),
    re.compile(r"(包|必|保证|保證|百分百|100%|一定)(下卡|批|过|過|核准|通过|通過|批准)"),
    re.compile(r"稳赚|穩賺|零风险|零風險|无风险|無風險"),
    re.compile(r"\b(guaranteed?|risk[- ]free|no\.? ?1|number one|the best|best ever)\b", re.I),
)


def forbidden_words(published: str) -> list[str]:
    """The parts of a text that may not be published, in their order; empty when it is fine."""
    found = [
        (match.start(), match.group()) for rule in _FORBIDDEN for match in rule.finditer(published)
    ]
    return [words for _, words in sorted(found)]
