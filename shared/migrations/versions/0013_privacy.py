"""What people said is sealed, chats are veiled; master keys, erasures, unmaskings, audit chain."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import context, op

import shared.base.database
from shared.base.privacy import Keyring

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_CHUNK = 1000
_APPEND_ONLY = ("erasures", "unmaskings", "audit_chain")


def upgrade() -> None:
    keyring = context.config.attributes["keyring"]
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA secure_delete=ON")  # what was plain is overwritten, not only freed
    for table, column, purpose, nullable in (
        ("invites", "greeting", "greeting", True),
        ("referrals", "nickname", "nickname", True),
        ("payout_lines", "reason", "payout", True),
        ("remedies", "reason", "remedy", False),
        ("inquiries", "answer", "inquiry.answer", True),
    ):
        _seal_in_new_column(keyring, table, column, purpose, nullable=nullable)
    for column in ("file", "lines"):
        _change(
            "inquiries",
            column,
            lambda plain, column=column: keyring.seal(bytes(plain), f"inquiry.{column}"),  # type: ignore[misc]
        )
    _change("chats", "address", keyring.veil)
    for table in ("inbox", "outbox"):
        op.add_column(table, sa.Column("owner", sa.String(length=64), nullable=True))
        op.create_index(op.f(f"ix_{table}_owner"), table, ["owner"], unique=False)
    _master_keys()
    _erasures()
    _unmaskings()
    _audit_chain()
    _refuse_rewriting()


def _table(name: str, column: str) -> sa.TableClause:
    return sa.table(name, sa.column("id", sa.BigInteger()), sa.column(column))


def _plain(table: str, column: str, kind: sa.types.TypeEngine[Any] | None = None) -> list[Any]:
    target = _table(table, column)
    wanted = sa.type_coerce(target.c[column], kind) if kind else target.c[column]
    query = sa.select(target.c.id, wanted).where(target.c[column].is_not(None))
    return [tuple(row) for row in op.get_bind().execute(query)]


def _write(table: str, column: str, rows: list[tuple[int, Any]]) -> None:
    target = _table(table, column)
    statement = (
        sa.update(target)
        .where(target.c.id == sa.bindparam("row"))
        .values({column: sa.bindparam("value")})
    )
    for start in range(0, len(rows), _CHUNK):
        some = [{"row": row, "value": value} for row, value in rows[start : start + _CHUNK]]
        op.get_bind().execute(statement, some)


def _change(table: str, column: str, how: Callable[[Any], Any]) -> None:
    """The same column with other values, where there are any."""
    _write(table, column, [(row, how(plain)) for row, plain in _plain(table, column)])


def _seal_in_new_column(
    keyring: Keyring, table: str, column: str, purpose: str, *, nullable: bool
) -> None:
    kind = sa.JSON() if column == "answer" else None
    kept = [
        (row, keyring.seal(_bytes(plain), purpose))
        for row, plain in _plain(table, column, kind)
        if plain is not None
    ]
    op.drop_column(table, column)
    default = None if nullable else ""
    op.add_column(
        table, sa.Column(column, sa.LargeBinary(), nullable=nullable, server_default=default)
    )
    _write(table, column, kept)


def _bytes(plain: Any) -> bytes:
    text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
    return text.encode()


def _master_keys() -> None:
    op.create_table(
        "master_keys",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("fingerprint", sa.String(length=16), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_master_keys")),
    )


def _erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("person_id", shared.base.database.Id, nullable=False),
        sa.Column("known_since", shared.base.database.Utc(), nullable=False),
        sa.Column("at", shared.base.database.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("person_id", name=op.f("uq_erasures_person_id")),
    )


def _unmaskings() -> None:
    op.create_table(
        "unmaskings",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("person_id", shared.base.database.Id, nullable=False),
        sa.Column("staff_id", shared.base.database.Id, nullable=False),
        sa.Column("at", shared.base.database.Utc(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unmaskings")),
    )
    op.create_index("ix_unmaskings_staff", "unmaskings", ["staff_id", "at"], unique=False)


def _audit_chain() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("place", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("audit_id", shared.base.database.Id, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_audit_chain")),
        sa.UniqueConstraint("audit_id", name=op.f("uq_audit_chain_audit_id")),
    )


def _refuse_rewriting() -> None:
    for name in _APPEND_ONLY:
        if op.get_bind().dialect.name == "sqlite":
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {name}_no_{act.lower()} BEFORE {act} ON {name} "
                    f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
                )
        else:
            op.execute(
                f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON {name} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()"
            )
            op.execute(
                f"CREATE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {name} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()"
            )


def downgrade() -> None:
    raise RuntimeError("what was sealed is not laid open again; restore a backup")
