"""Claims' pictures over HTTP: fetched, drawn anew and kept, or lost with a word to the member."""

from __future__ import annotations

import asyncio
import io
import warnings
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from bot_running import in_a_thread
from hostile_pictures import MARKS, Upload, saved, uploads
from PIL import Image
from sqlalchemy import select, update
from story import Story
from telegram import Bot
from telegram.request import HTTPXRequest
from telegram_stand_in import TOKEN, StandIn, stand_in

from bot.telegram import pictures as fetching
from bot.telegram.pictures import Pictures, file_client
from shared.actions.claiming import ClaimForm, file_claim
from shared.base.database import Database
from shared.claims.claims import How, When
from shared.claims.pictures import ClaimPicture, PictureState, Sent, jpeg_of
from shared.people.members import get_member, person_of
from shared.people.persons import erase
from shared.pictures.photo import KEPT_BYTES
from shared.post.outbox import Outbox, read_body

MB = 2**20
MOST_MEMORY = 200 * MB


def picture(colour: str = "teal") -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "CANARY in the description"
    return saved(Image.new("RGB", (300, 200), colour), "JPEG", exif=exif)


class Claimed:
    """A claim of Alice's, and what the bot fetches for it."""

    def __init__(self, database: Database, telegram: StandIn, now: datetime) -> None:
        self.database, self.telegram = database, telegram
        self.story = Story(database, now)
        self.now = now
        self.phone = telegram.phone("Alice")

    def files(self, content: bytes, size: int | None = None) -> str:
        """A claim with a picture of this content; how the channel calls it."""
        kept = self.telegram.keep(content, "photos", "jpg", size)
        form = ClaimForm(
            self.story.alice, How.LATE, When.EARLIER, phone="+8613900139077",
            picture=Sent("telegram", kept["file_id"]),
        )  # fmt: skip
        with self.database.transaction() as session:
            file_claim(session, form, self.now)
        return str(kept["file_id"])

    def fetches(self, url: str = "") -> int:
        """One pass of the program's part, against the stand-in or another address."""
        return int(in_a_thread(self._pass(url or self.telegram.url)))

    async def _pass(self, url: str) -> int:
        request = HTTPXRequest(httpx_kwargs={"trust_env": False})
        bot = Bot(TOKEN, f"{url}/bot", f"{url}/file/bot", request=request)
        part = Pictures(
            self.database, lambda: self.now, bot, file_client(trust_env=False),
            f"{url}/file/bot{TOKEN}/",
        )  # fmt: skip
        try:
            return await part.fetch_wanted()
        finally:
            await part.close()

    def row(self) -> ClaimPicture:
        with self.database.reading() as session:
            found = session.scalars(select(ClaimPicture)).one()
            session.expunge(found)
            return found

    def image(self) -> bytes:
        with self.database.reading() as session:
            found = jpeg_of(session, session.scalars(select(ClaimPicture)).one())
            assert found is not None
            return found

    def told(self) -> list[str]:
        """Why pictures were lost, as the outbox says it."""
        with self.database.reading() as session:
            bodies = [read_body(session, row) for row in session.scalars(select(Outbox))]
        return [
            body["params"]["why"] for body in bodies if body.get("notice") == "claim.picture_lost"
        ]


@pytest.fixture
def claimed(database: Database, telegram: StandIn, now: datetime) -> Claimed:
    return Claimed(database, telegram, now)


def test_a_picture_is_fetched_once_drawn_anew_and_neither_token_nor_path_is_logged(
    claimed: Claimed, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = picture()
    source = claimed.files(sent)
    assert claimed.fetches() == 1
    assert claimed.fetches() == 0
    assert len(claimed.telegram.served) == len(claimed.telegram.of("getFile")) == 1
    assert (claimed.row().state, claimed.row().source) == (PictureState.KEPT, None)
    with Image.open(io.BytesIO(claimed.image())) as kept:
        assert (kept.format, kept.size) == ("JPEG", (300, 200))
    assert b"CANARY" in sent
    assert b"CANARY" not in claimed.image()
    said = "".join(capsys.readouterr())
    assert "picture_fetched" in said
    for secret in (TOKEN, TOKEN.partition(":")[2], "photos/", source):
        assert secret not in said


@pytest.mark.parametrize(
    ("content", "size", "served"),
    [(picture(), 10 * MB + 1, 0), (picture(), 21 * MB, 0), (b"\xff\xd8\xff" * 4 * MB, 9, 1)],
    ids=["by its size", "too big for bots", "whatever was said of it"],
)
def test_too_large_a_file_is_not_taken_in(
    claimed: Claimed, content: bytes, size: int, served: int
) -> None:
    claimed.files(content, size)
    claimed.fetches()
    assert len(claimed.telegram.served) == served
    assert (claimed.row().state, claimed.told()) == (PictureState.LOST, ["large"])


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"<svg onload=alert(1)>", "kind"), (picture()[:200], "broken"), (b"", "kind")],
)
def test_what_is_no_picture_is_lost_with_its_reason(
    claimed: Claimed, content: bytes, why: str
) -> None:
    claimed.files(content)
    claimed.fetches()
    assert (claimed.row().state, claimed.told()) == (PictureState.LOST, [why])
    assert claimed.row().image is None


def test_failures_are_waited_out_and_only_the_files_own_are_counted(claimed: Claimed) -> None:
    claimed.files(picture())
    telegram = claimed.telegram
    for fail, tries, wait in (
        (lambda: telegram.fails("getFile", 502, "Bad Gateway"), 1, 5),
        (lambda: telegram.fails("file", 404, "gone"), 2, 30),
        (lambda: telegram.fails("getFile", 429, "slowly", retry_after=40), 2, 40),
    ):
        fail()
        assert claimed.fetches() == 1
        assert (claimed.row().state, claimed.row().tries) == (PictureState.WANTED, tries)
        assert claimed.fetches() == 0
        claimed.now += timedelta(seconds=wait)
    with stand_in() as gone:
        away = gone.url
    assert claimed.fetches(away) == 1  # nobody is there: an outage
    assert claimed.row().tries == 2
    claimed.now += timedelta(minutes=1)
    claimed.fetches()
    assert claimed.row().state == PictureState.KEPT
    assert claimed.told() == []


def test_an_unknown_file_and_one_of_the_servers_own_disk_are_lost_at_once(
    claimed: Claimed, tmp_path: Path
) -> None:
    source = claimed.files(picture())
    own = tmp_path / "secret.jpg"
    own.write_bytes(picture())
    claimed.telegram._files[source]["file_path"] = str(own)
    claimed.fetches()
    assert (claimed.row().state, claimed.told()) == (PictureState.LOST, ["fetch"])
    with claimed.database.transaction() as session:
        row = session.scalars(select(ClaimPicture)).one()
        row.state, row.source, row.next_at = PictureState.WANTED.value, "nobody's", claimed.now
    claimed.fetches()
    assert (claimed.row().state, claimed.told()) == (PictureState.LOST, ["fetch", "fetch"])
    assert claimed.telegram.served == []


def test_a_slow_file_is_let_go_and_tried_again(
    claimed: Claimed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def drips(*_: object) -> bytes:
        await asyncio.sleep(5)
        return b""

    monkeypatch.setattr(fetching, "_FETCH_SECONDS", 0.05)
    monkeypatch.setattr(Pictures, "_read", drips)
    claimed.files(picture())
    assert claimed.fetches() == 1
    assert (claimed.row().state, claimed.row().tries) == (PictureState.WANTED, 1)


def test_of_somebody_erased_meanwhile_nothing_is_kept(claimed: Claimed) -> None:
    claimed.files(picture())
    with claimed.database.transaction() as session:
        erase(person_of(session, get_member(session, claimed.story.alice)), claimed.now)
    claimed.fetches()
    with claimed.database.reading() as session:
        assert session.scalars(select(ClaimPicture)).all() == []


def _hostile(claimed: Claimed, tried: list[Upload]) -> int:
    """Send each of them for one claim; how many were kept."""
    claimed.files(picture())
    kept = 0
    for upload in tried:
        file = claimed.telegram.keep(upload.raw, "documents", "jpg")
        with claimed.database.transaction() as session:
            session.execute(
                update(ClaimPicture).values(
                    state=PictureState.WANTED.value, source=file["file_id"], image=None, tries=0,
                    next_at=claimed.now,
                )
            )  # fmt: skip
        assert claimed.fetches() == 1, upload.name
        claimed.telegram.contents.clear()
        row = claimed.row()
        if row.state == PictureState.LOST:
            assert row.image is None, upload.name
            assert not upload.picture, upload.name
            continue
        kept += 1
        assert upload.picture is not False, upload.name
        image = claimed.image()
        assert len(image) <= KEPT_BYTES, upload.name
        assert image.startswith(b"\xff\xd8\xff"), upload.name
        assert not [mark for mark in MARKS if mark in image], upload.name
    return kept


pil_warns = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


@pil_warns
def test_hostile_uploads_come_to_a_bare_picture_or_to_nothing(claimed: Claimed) -> None:
    assert _hostile(claimed, uploads(7)[::20]) > 3


@pytest.mark.nightly
@pil_warns
def test_all_hostile_uploads_do_and_the_memory_stays_small(claimed: Claimed) -> None:
    warnings.simplefilter("ignore", UserWarning)
    tried = uploads(7)
    assert len(tried) > 150
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _memory("VmRSS")
    assert _hostile(claimed, tried) > 60
    assert _memory("VmHWM") - before < MOST_MEMORY


def _memory(which: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{which}:"))
