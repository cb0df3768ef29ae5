"""A conformance and contract test suite for OpenAI-compatible chat-completions endpoints."""

__version__ = "0.1.0"
