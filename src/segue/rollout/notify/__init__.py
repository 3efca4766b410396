"""Sends notices: webhooks, chats, and retries."""
