"""What to change next, before it presses: growth beyond the design or the budget, and sizes that do not fit."""
