"""Notices on their way: webhooks, chats, and trying again."""
