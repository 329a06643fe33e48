"""What a stack costs a month, before it is built. Prices are in USD a month; an unknown one is None.

Nothing here asks a provider. Called by the plan's views, the budget checks and the scaler.
"""
