"""What the bank's systems call: signed events in, precise answers out."""
