"""What a stack on AWS costs a month, line by line, from a dated book of prices. Nothing here asks AWS.

Called by `pricing.price` and by the choice of a recipe.
"""
