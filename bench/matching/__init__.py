"""What bench/match.py measures: events, rules, and the programs that match them."""
