"""Every hostile upload at the desk's doors for files: an answer in words, never an error."""

from __future__ import annotations

import io

import pytest
from desktop import Desk
from hostile_pictures import uploads


@pytest.mark.parametrize(
    ("door", "answers"),
    [("/desk/answers", {422}), ("/desk/drafts", {200, 422})],
)
def test_no_hostile_file_breaks_the_door(tang: Desk, door: str, answers: set[int]) -> None:
    tried = [each for each in uploads(7) if len(each.raw) < 4_000 or "10 MB" in each.name]
    assert len(tried) > 100
    for upload in tried:
        page = tang.posts(door, file=(io.BytesIO(upload.raw), "answer.csv"))
        wanted = {413} if len(upload.raw) > 10_000_000 else answers
        assert page.status in wanted, (upload.name, page.status)
        assert b"<script>alert('CANARY" not in page.response.data, upload.name
