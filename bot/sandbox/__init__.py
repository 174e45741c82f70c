"""A Telegram look-alike: the Bot API over HTTP and one page with the story's four devices."""
