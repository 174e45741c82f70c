"""The invite page `/i/<code>`: a friend reads, leaves a number, proves it, agrees, goes on."""

from webapp.landing.views import landing

__all__ = ["landing"]
