"""A page rendered once, with holes where each reader's own parts go.

Rendering costs a hundred times what filling does; what differs between readers of one
campaign version and language is a handful of short texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup

_HOLE = re.compile("\x02([a-z_]+)\x03")


def hole(name: str) -> Markup:
    """What a template is given in place of a reader's own part."""
    return Markup(f"\x02{name}\x03")  # noqa: S704 (two control characters and a fixed name)


class Mould:
    """A rendered page cut at its holes."""

    def __init__(self, rendered: str) -> None:
        pieces = _HOLE.split(rendered)
        self._fixed = pieces[::2]
        self._names = pieces[1::2]

    def fill(self, parts: Mapping[str, str]) -> str:
        """The page with `parts` (already escaped) in its holes; KeyError names a missing one."""
        page = [self._fixed[0]]
        for name, fixed in zip(self._names, self._fixed[1:], strict=True):
            page += (parts[name], fixed)
        return "".join(page)
