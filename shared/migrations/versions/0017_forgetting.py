"""A fact may forget the number it named; why somebody was looked at is under that person's key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from shared.base.privacy import Keyring

revision = "0017"
down_revision = "0014"
branch_labels = None
depends_on = None

_KEPT = (
    "id", "event", "kind", "at", "received_at", "application_ref", "customer_ref", "card_ref",
    "referral_token", "transaction_ref", "amount", "currency", "existing_customer", "product",
    "branch",
)  # fmt: skip
"""What of a fact stays as it was told, whatever is forgotten."""


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    _facts_may_forget(sqlite=sqlite)
    _allow_rewriting(sqlite=sqlite)
    _seal_under_persons_keys(context.config.attributes["keyring"])
    _refuse_rewriting(sqlite=sqlite)


def _facts_may_forget(*, sqlite: bool) -> None:
    if sqlite:
        same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in _KEPT)
        op.execute("DROP TRIGGER facts_no_update")
        op.execute(
            "CREATE TRIGGER facts_no_update BEFORE UPDATE ON facts "
            f"WHEN NOT (NEW.phone_blind IS NULL AND {same})\n"
            "BEGIN SELECT RAISE(ABORT, 'facts is append-only'); END"
        )
        return
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in _KEPT)
    op.execute("DROP TRIGGER facts_append_only ON facts")
    op.execute(
        "CREATE TRIGGER facts_append_only BEFORE UPDATE ON facts FOR EACH ROW "
        f"WHEN (NOT (NEW.phone_blind IS NULL AND {same})) EXECUTE FUNCTION refuse_rewrite()"
    )


def _allow_rewriting(*, sqlite: bool) -> None:
    if sqlite:
        op.execute("DROP TRIGGER unmaskings_no_update")
    else:
        op.execute("DROP TRIGGER unmaskings_append_only ON unmaskings")


def _seal_under_persons_keys(keyring: Keyring) -> None:
    looks = sa.table(
        "unmaskings", sa.column("id"), sa.column("person_id"), sa.column("reason", sa.LargeBinary())
    )
    persons = sa.table("persons", sa.column("id"), sa.column("key", sa.LargeBinary()))
    rows = op.get_bind().execute(
        sa.select(looks.c.id, looks.c.reason, persons.c.key).outerjoin(
            persons, persons.c.id == looks.c.person_id
        )
    )
    for number, reason, key in rows.all():
        words = keyring.open(bytes(reason), "unmasking").decode()
        sealed = keyring.person_seal(bytes(key), words, "unmasking") if key else b""
        op.get_bind().execute(sa.update(looks).where(looks.c.id == number).values(reason=sealed))


def _refuse_rewriting(*, sqlite: bool) -> None:
    if sqlite:
        op.execute(
            "CREATE TRIGGER unmaskings_no_update BEFORE UPDATE ON unmaskings "
            "BEGIN SELECT RAISE(ABORT, 'unmaskings is append-only'); END"
        )
    else:
        op.execute(
            "CREATE TRIGGER unmaskings_append_only BEFORE UPDATE OR DELETE ON unmaskings "
            "FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()"
        )


def downgrade() -> None:
    raise RuntimeError("what was sealed is not laid open again; restore a backup")
