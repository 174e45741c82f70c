"""Publishing: texts pass the advertising check before anybody reads them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from shared.campaigns.advertising.places import flagged_texts
from shared.campaigns.campaigns import Campaign, Life, current_version
from shared.campaigns.problems import CampaignFileError, Problem, read_yaml, written_path
from shared.campaigns.rules import Rules


def is_published(campaign: Campaign | None) -> bool:
    """Whether a campaign's texts are past their review, so that a new version is read at once."""
    return campaign is not None and campaign.life != Life.DRAFT


def check_texts(session: Session, campaign: Campaign | None, rules: Rules, source: str) -> None:
    """Whether the texts of a file may be published; CampaignFileError names each that may not.

    `source` is the file, for the lines.

    What a published campaign says already is not asked again, so that its limits can be changed
    whatever was allowed when it was reviewed.
    """
    known = None
    if campaign is not None and is_published(campaign):
        known = current_version(session, campaign.id).rules
    flagged = flagged_texts(rules, known)
    if flagged:
        lines = read_yaml(source)[1]
        raise CampaignFileError(
            [
                Problem(lines.get(each.path, 1), written_path(each.path), "copy", {"found": each})
                for each in flagged
            ]
        )
