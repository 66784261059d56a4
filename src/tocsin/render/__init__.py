"""Render: model values as JSON, log text as text a reader can trust, pages from templates. No words of its own."""
