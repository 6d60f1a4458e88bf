"""The chat page's own files, and who may reach the private listener."""

from pathlib import Path

PAGE = Path(__file__).parent / "page"
"""The folder that `adapters.web.adapter.WebAdapter` serves."""
