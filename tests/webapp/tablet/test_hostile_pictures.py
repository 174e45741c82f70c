"""Every hostile upload at the tablet's doors for pictures: an answer in words, never an error."""

from __future__ import annotations

import io

import pytest
from counter import Counter, words
from hostile_pictures import uploads

import webapp.tablet.show
import webapp.tablet.walk_in
from webapp.tablet.face import MOST_PICTURE_BYTES

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


@pytest.mark.parametrize(
    ("door", "step", "sizes"),
    [
        ("/tablet/show/code", "/tablet/show", range(12 * 2**20 + 1)),
        ("/tablet/register", "/tablet/register", range(3_000)),  # the same reader behind it
    ],
)
def test_no_hostile_picture_breaks_the_door(
    mei: Counter, monkeypatch: pytest.MonkeyPatch, door: str, step: str, sizes: range
) -> None:
    monkeypatch.setattr(webapp.tablet.show, "_SEARCHES_PER_MINUTE", 10_000)
    monkeypatch.setattr(webapp.tablet.walk_in, "_PER_MINUTE", 10_000)
    tried = [each for each in uploads(7) if len(each.raw) in sizes]
    assert len(tried) > 100
    mei.opens(step)
    for upload in tried:
        page = mei.posts(door, code="", picture=(io.BytesIO(upload.raw), "photo.jpg"))
        if len(upload.raw) >= 10 * 2**20:  # with the form around it
            assert page.status == 413, upload.name
            mei.opens(step)
            continue
        assert page.status == 422, upload.name
        if len(upload.raw) > MOST_PICTURE_BYTES:
            assert words("error.scan.large") in page.html, upload.name
        elif upload.picture:
            assert words("error.scan.nothing") in page.html, upload.name
        elif upload.picture is False:
            assert words("error.scan.picture") in page.html or (
                words("error.scan.large") in page.html
            ), upload.name
