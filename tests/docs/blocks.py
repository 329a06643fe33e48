"""The fenced blocks of the pages that a reader follows."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its page, its number among the blocks of its language there, and its text as written."""

    page: str
    language: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.page} {self.language} {self.number}"


def blocks(*languages: str) -> list[Block]:
    """All blocks of these languages, in the order of the pages."""
    found = list[Block]()
    for path in PAGES:
        page = str(path.relative_to(ROOT))
        for language in languages:
            texts = re.findall(
                rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
            )
            found += [Block(page, language, number, text) for number, text in enumerate(texts, 1)]
    return found
