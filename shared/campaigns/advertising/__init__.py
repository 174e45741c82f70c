"""What an advertisement may not say: one check for everything that friends and members read.

The rules follow the Advertising Law (articles 9 and 25), the regulator's 2023 guide to absolute
terms, and what card issuers must state beside an offer; `sharing` adds what the channels
forbid about rewards for sharing.
"""
