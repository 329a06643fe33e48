"""What to change next before it presses: growth beyond the design or the budget, and sizes that do not fit.

It proposes changes of a stack's file and weighs them. Nothing here changes one. `tasks.autoscaling` calls it.
"""
