"""Kinds of receivers: one small class each.  Whoever imports one of these modules has the kinds of our own."""

from status_bridge.sinks import base, github, webhook

base.register(webhook.WebhookSink)
base.register(github.GitHubSink)
