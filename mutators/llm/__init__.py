"""Foundation models: clients, what they cost, and the ledger of what they said."""
