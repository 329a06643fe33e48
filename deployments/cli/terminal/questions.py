"""Questions to the person at the terminal."""

import sys

import typer


def can_ask() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


def ask(question: str) -> str:
    """The answer; an empty one where only Enter was pressed."""
    answer: str = typer.prompt(question, default="", show_default=False)
    return answer


def ask_secretly(question: str) -> str:
    """The answer, which is not shown while it is typed. An empty answer is asked for again."""
    answer: str = typer.prompt(question, hide_input=True)
    return answer
