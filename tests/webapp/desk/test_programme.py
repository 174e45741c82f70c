"""Rules change by two people: a file or a form, its mistakes by line, the difference in words."""

from __future__ import annotations

import io
import re

from counter import both_engines, words
from desktop import Desk, Desks
from sqlalchemy import select

from shared.actions.approvals import Approval
from shared.base.i18n import Locale
from shared.campaigns.campaigns import CampaignVersion, campaign_by_slug, limits_at
from shared.campaigns.changes import changes
from shared.campaigns.export import campaign_yaml
from shared.campaigns.file import apply_campaign, read_campaign

SPRING = "/desk/campaigns/spring"


def exported(desk: Desk) -> str:
    return desk.opens(f"{SPRING}/programme.yaml").response.get_data(as_text=True)


def versions(desks: Desks) -> int:
    with desks.database.reading() as session:
        return len(session.scalars(select(CampaignVersion)).all())


def test_what_is_exported_makes_no_new_version_and_no_new_limit(desks: Desks, tang: Desk) -> None:
    source = exported(tang)
    assert "amount: ¥100" in source
    with desks.database.transaction() as session:
        applied = apply_campaign(session, source, desks.clock(), "operator:test")
    assert (applied.created, applied.new_version, applied.limits_changed) == (False, False, ())
    same = tang.posts("/desk/drafts", source=source)
    assert words("error.campaign.same") in same.html
    assert not same.has("propose")


@both_engines
def test_a_file_becomes_a_version_when_a_second_person_confirms_it(
    desks: Desks, tang: Desk, shen: Desk
) -> None:
    source = exported(tang).replace("amount: ¥100", "amount: ¥120")
    source = source.replace("monthly_cap: ¥500", "monthly_cap: ¥600")
    sent = {"file": (io.BytesIO(source.encode()), "spring.yaml")}
    draft = tang.posts("/desk/drafts?lang=en", **sent)
    told = draft.html.split('data-test="changes"')[1].split("</table>")[0]
    assert "Clause base" in told
    assert "¥100" in told
    assert "¥120" in told
    assert "¥600" in told
    assert "welcome" not in told
    asked = tang.posts("/desk/proposals", source=_kept(draft.html))
    assert asked.place == "/desk/approvals/1"
    assert asked.has("own")
    assert versions(desks) == 1
    assert tang.posts("/desk/approvals/1/confirm").status == 422
    assert versions(desks) == 1
    shown = shen.opens("/desk/approvals/1")
    assert "¥120" in shown.html.split('data-test="changes"')[1].split("</table>")[0]
    assert shen.posts("/desk/approvals/1/confirm").place == SPRING
    assert versions(desks) == 2
    with desks.database.reading() as session:
        spring = campaign_by_slug(session, "spring")
        assert spring is not None
        assert limits_at(session, spring.id, desks.clock())["monthly_cap"].amount == 60_000
    second = shen.opens(f"{SPRING}/versions/2")
    assert "¥120" in second.html.split('data-test="changes"')[1]
    assert "¥100" in shen.opens(f"{SPRING}/programme.yaml?version=1").html


def test_a_draft_with_mistakes_shows_each_with_its_line(desks: Desks, tang: Desk) -> None:
    source = exported(tang).replace("amount: ¥100", "amount: plenty").replace("starts:", "begins:")
    page = tang.posts("/desk/drafts?lang=en", source=source)
    assert page.status == 422
    told = page.html.split('data-test="mistakes"')[1].split("</table>")[0]
    line = 1 + next(n for n, text in enumerate(source.splitlines()) if "plenty" in text)
    assert f'<td class="num">{line}</td><td class="mono">amount: plenty</td>' in told
    assert "begins" in told
    assert not page.has("propose")
    assert tang.posts("/desk/proposals", source=source).status == 422
    with desks.database.reading() as session:
        assert session.scalar(select(Approval.id)) is None


def test_what_is_no_file_is_told_in_words(tang: Desk) -> None:
    for source in ("", "- 1", "a: [", "{" * 50, "&a [*a]", "\0"):
        page = tang.posts("/desk/drafts", source=source)
        assert page.status == 422
        assert 'data-test="mistakes"' in page.html


def test_a_new_campaign_begins_as_a_draft_whatever_its_file_wishes(
    desks: Desks, tang: Desk, shen: Desk
) -> None:
    source = exported(tang).replace("slug: spring", "slug: autumn")
    page = tang.posts("/desk/drafts", source=source)
    assert words("desk.draft.new", slug="autumn") in page.html
    tang.posts("/desk/proposals", source=source)
    shen.posts("/desk/approvals/1/confirm")
    with desks.database.reading() as session:
        autumn = campaign_by_slug(session, "autumn")
        assert autumn is not None
        assert autumn.life == "draft"
    assert shen.opens("/desk/campaigns").has("open-autumn")


def test_forbidden_words_do_not_pass_the_review(desks: Desks, tang: Desk) -> None:
    source = exported(tang).replace("slug: spring", "slug: loud").replace("life: running", "")
    source = source.replace("en: Share the card", "en: The best ever card")
    with desks.database.transaction() as session:
        apply_campaign(session, source, desks.clock(), "operator:test")
    form = tang.opens("/desk/campaigns/loud/move/reviewed?lang=en")
    assert form.has("mend")
    assert not form.has("ask-move")
    told = form.html.split('data-test="flagged"')[1].split("</table>")[0]
    page = tang.posts("/desk/campaigns/loud/move/reviewed?lang=en")
    assert page.status == 422
    refused = page.html.split('data-test="refused"')[1]
    for shown in (told, refused):
        assert "Name · English" in shown
        assert words("copy.superlative.why", Locale.EN) in shown
        assert words("copy.superlative.instead", Locale.EN) in shown


def test_a_flagged_text_is_told_by_its_line_before_it_can_be_proposed(
    desks: Desks, tang: Desk
) -> None:
    source = exported(tang).replace("en: Share the card", "en: The best ever card")
    page = tang.posts("/desk/drafts?lang=en", source=source)
    assert page.status == 422
    told = page.html.split('data-test="mistakes"')[1].split("</table>")[0]
    line = 1 + next(n for n, text in enumerate(source.splitlines()) if "The best ever" in text)
    assert f'<td class="num">{line}</td>' in told
    assert words("copy.superlative.instead", Locale.EN) in told
    assert not page.has("propose")
    assert tang.posts("/desk/proposals", source=source).status == 422
    with desks.database.reading() as session:
        assert session.scalar(select(Approval.id)) is None


def test_a_new_draft_shows_what_its_review_will_ask_for(tang: Desk, shen: Desk) -> None:
    source = exported(tang).replace("slug: spring", "slug: loud")
    source = source.replace("zh_Hans: 荐卡有礼", "zh_Hans: 分享有奖，人人必下卡")
    page = tang.posts("/desk/drafts", source=source)
    assert page.status == 200
    assert page.has("propose")
    tang.posts("/desk/proposals", source=source)
    for shown in (page, shen.opens("/desk/approvals/1")):
        told = shown.html.split('data-test="flagged"')[1].split("</table>")[0]
        assert words("copy.approval.why") in told
        assert words("copy.share_reward.instead") in told


def test_the_form_shows_flagged_words_while_they_are_typed(tang: Desk) -> None:
    tang.opens(f"{SPRING}/edit")
    piece = tang.posts(f"{SPRING}/edit/preview", **{"offer.zh_Hans": "绝对划算 <b>的卡</b>"})
    told = piece.html.split('data-test="flagged"')[1].split("</div>")[0]
    assert "绝对" in told
    assert words("copy.absolute.instead") in told
    assert not tang.posts(f"{SPRING}/edit/preview", **{"offer.zh_Hans": "很实用"}).has("flagged")


def test_a_proposal_that_others_overtook_is_made_anew(desks: Desks, tang: Desk, shen: Desk) -> None:
    source = exported(tang)
    tang.posts("/desk/proposals", source=source.replace("amount: ¥100", "amount: ¥120"))
    with desks.database.transaction() as session:
        changed = source.replace("amount: ¥100", "amount: ¥90")
        apply_campaign(session, changed, desks.clock(), "operator:test")
    late = shen.posts("/desk/approvals/1/confirm")
    assert words("error.approval.stale") in late.html
    assert versions(desks) == 2


def test_the_form_changes_what_was_typed_and_nothing_else(desks: Desks, tang: Desk) -> None:
    form = tang.opens(f"{SPRING}/edit")
    assert _input(form.html, "clauses[0].amount") == "¥100"
    typed = {"clauses[0].amount": "¥130", "limits.first_friends": "500", "step": "preview"}
    looked = tang.posts(f"{SPRING}/edit", **typed)
    assert looked.status == 200
    assert "¥130" in looked.html.split('data-test="terms"')[1]
    piece = tang.posts(f"{SPRING}/edit/preview", **typed)
    assert "<html" not in piece.html
    assert words("desk.edit.changes", n=2) in piece.html
    tang.opens(f"{SPRING}/edit")
    draft = tang.posts(f"{SPRING}/edit", **(typed | {"step": "compare"}))
    with desks.database.reading() as session:
        spring = campaign_by_slug(session, "spring")
        assert spring is not None
        before = read_campaign(campaign_yaml(session, spring, desks.clock()))
    found = changes(before, read_campaign(_kept(draft.html)), Locale.EN)
    assert [(each.part, each.kind.value) for each in found] == [
        ("clause", "changed"), ("limit", "added"),
    ]  # fmt: skip


def test_a_wrong_field_is_marked_where_it_stands(tang: Desk) -> None:
    tang.opens(f"{SPRING}/edit")
    page = tang.posts(f"{SPRING}/edit", step="compare", **{"clauses[0].amount": "plenty"})
    assert page.status == 422
    assert 'id="clauses[0].amount-error"' in page.html
    assert _input(page.html, "clauses[0].amount") == "plenty"
    typed = {"clauses[0].cooling_days": "400", "starts": "2021-02-30", "name.en": ""}
    other = tang.posts(f"{SPRING}/edit", step="compare", **typed)
    assert other.status == 422
    assert 'id="starts-error"' in other.html
    assert 'id="name.en-error"' in other.html
    piece = tang.posts(f"{SPRING}/edit/preview", **{"clauses[0].cooling_days": "400"})
    assert piece.has("preview-wrong")


def test_what_somebody_typed_comes_back_escaped(tang: Desk) -> None:
    tang.opens(f"{SPRING}/edit")
    typed = {"name.en": "<script>alert(1)</script>", "step": "preview"}
    raw = tang.posts(f"{SPRING}/edit", **typed).response.get_data(as_text=True)
    assert "<script>alert" not in raw


def _kept(html: str) -> str:
    found = re.search(r'<textarea name="source" hidden>\n(.*?)</textarea>', html, re.DOTALL)
    assert found
    return found[1]


def _input(html: str, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}"[^>]*value="([^"]*)"', html)
    assert found
    return found[1]
