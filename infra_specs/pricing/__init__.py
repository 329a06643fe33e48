"""What a stack costs a month, before it is built."""
