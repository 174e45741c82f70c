"""Settings: `JIANKA_…` variables (or `.env`), read once, refused loudly when wrong."""

from __future__ import annotations

import base64
import binascii
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.base.contrast import contrast_ratio
from shared.base.errors import Misconfigured

_PAPER_LIGHT = "#FFFFFF"
_READABLE = 4.5


class Mode(StrEnum):
    PRODUCTION = "production"
    TEST = "test"
    DEMO = "demo"


def default_database_url() -> str:
    """SQLite under `var/` of the working directory."""
    return f"sqlite:///{Path.cwd() / 'var' / 'jianka.db'}"


def _key_of_32_bytes(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("is not base64") from error
    if len(key) != 32:
        raise ValueError(f"must be 32 bytes, is {len(key)}")
    return key


class Settings(BaseSettings):
    """The outside contract (README → Settings). Construct by `read_settings()`."""

    model_config = SettingsConfigDict(
        env_prefix="JIANKA_", env_file=".env", extra="ignore", frozen=True
    )

    mode: Mode = Mode.PRODUCTION
    database_url: str = Field(default_factory=default_database_url)
    redis_url: str | None = None
    port: int = Field(default=8000, ge=1, le=65535)
    sandbox_port: int = Field(default=8001, ge=1, le=65535)
    web_workers: int = Field(default=2, ge=1, le=64)
    """Processes of the web application."""
    web_threads: int = Field(default=1, ge=1, le=64)
    """Requests each process answers at once."""
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    """Proxies in front, whose X-Forwarded-… headers name the friend's address."""
    secret_keys: SecretStr
    """`id:base64 of 32 bytes`, comma-separated, newest first."""
    blind_index_key: SecretStr
    public_url: str = "http://127.0.0.1:8000"
    telegram_token: SecretStr | None = None
    telegram_bot: str | None = Field(default=None, pattern=r"^[A-Za-z][A-Za-z0-9_]{4,31}$")
    """The bot's username, for links that open it; without one, codes hold its command."""
    telegram_api: str = "https://api.telegram.org"
    bank_webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    sms: str = ""
    clock_file: Path | None = None
    erasures: Path | None = None
    """Where the worker writes down who was erased, outside what a restore rolls back."""
    issuer: str = "Jianka Bank"
    """The issuer's name as customers know it."""
    seal: str = "#B3261E"
    jade: str = "#1F6F5C"

    @field_validator("bank_webhook_secrets", mode="before")
    @classmethod
    def _split_secrets(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("bank_webhook_secrets")
    @classmethod
    def _secrets_look_right(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if len(value) > 2:
            raise ValueError("two live secrets at the most")
        for secret in value:
            text = secret.get_secret_value()
            if not text.startswith("whsec_"):
                raise ValueError("each secret starts with whsec_")
            try:
                base64.b64decode(text.removeprefix("whsec_"), validate=True)
            except binascii.Error as error:
                raise ValueError("each secret is whsec_ and base64") from error
        return value

    @field_validator("secret_keys")
    @classmethod
    def _keys_parse(cls, value: SecretStr) -> SecretStr:
        parse_secret_keys(value.get_secret_value())
        return value

    @field_validator("blind_index_key")
    @classmethod
    def _blind_key_parses(cls, value: SecretStr) -> SecretStr:
        _key_of_32_bytes(value.get_secret_value())
        return value

    @field_validator("public_url", "telegram_api")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("seal", "jade")
    @classmethod
    def _is_readable(cls, value: str) -> str:
        if contrast_ratio(value, _PAPER_LIGHT) < _READABLE:
            raise ValueError(f"needs a contrast of {_READABLE}:1 with white")
        return value

    @model_validator(mode="after")
    def _marked_settings_need_a_mode(self) -> Settings:
        if self.sms and not self.sms.startswith(("http:", "https:")):
            if self.sms != "console" and not self.sms.startswith("file:"):
                raise ValueError("sms is http:URL, console or file:PATH")
            if self.mode is Mode.PRODUCTION:
                raise ValueError("sms console and file: are for test and demo modes")
        if self.clock_file is not None and self.mode is Mode.PRODUCTION:
            raise ValueError("clock_file is for test and demo modes")
        return self

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def sandbox_origin(self) -> str | None:
        """The only origin that may frame the faces: the sandbox's, in demo mode."""
        if self.mode is not Mode.DEMO:
            return None
        return f"http://127.0.0.1:{self.sandbox_port}"


def parse_secret_keys(text: str) -> dict[str, bytes]:
    """`id:base64,id:base64` → keys by id, newest first. ValueError says what is wrong."""
    keys: dict[str, bytes] = {}
    for part in text.split(","):
        name, colon, encoded = part.strip().partition(":")
        if not colon or not name:
            raise ValueError("each key is id:base64")
        if name in keys:
            raise ValueError(f"key id {name!r} stands twice")
        keys[name] = _key_of_32_bytes(encoded)
    return keys


def read_settings(**fixed: Any) -> Settings:
    """Read the environment and `.env`; Misconfigured names each variable and its mend.

    `fixed` are settings that a program decides itself; they stand above the environment.
    """
    try:
        return Settings(**fixed)  # the other fields come from the environment
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            field = "_".join(str(part) for part in problem["loc"][:1]).upper()
            name = f"JIANKA_{field}" if field else "settings"
            lines.append(f"{name}: {problem['msg'].removeprefix('Value error, ')}")
        raise Misconfigured("; ".join(lines)) from None
