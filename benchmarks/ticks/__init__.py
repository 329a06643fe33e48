"""What the checks of every stack cost the ledger."""
