"""Simplified forms of a font that draws Traditional ones unless asked, for fpdf.

They are chosen by the font's own `locl` table, as Pillow does it for posters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fpdf.fonts import TTFFont


def simplify(font: TTFFont) -> None:
    """Have the font draw Simplified forms, punctuation included: its `locl` for ZHS."""
    table = font.ttfont["GSUB"].table
    forms: dict[str, str] = {}
    for script in table.ScriptList.ScriptRecord:
        for system in script.Script.LangSysRecord if script.ScriptTag == "hani" else ():
            if system.LangSysTag != "ZHS ":
                continue
            features = (table.FeatureList.FeatureRecord[n] for n in system.LangSys.FeatureIndex)
            for feature in features:
                if feature.FeatureTag == "locl":
                    forms |= _replaced(table, feature.Feature.LookupListIndex)
    for char, name in font.cmap.items():
        if name in forms:
            font.cmap[char] = forms[name]
            font.glyph_ids[char] = font.ttfont.getGlyphID(forms[name])


def _replaced(table: Any, lookups: Sequence[int]) -> dict[str, str]:
    forms: dict[str, str] = {}
    for number in lookups:
        for part in table.LookupList.Lookup[number].SubTable:
            forms |= getattr(part, "ExtSubTable", part).mapping
    return forms
