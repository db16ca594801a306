"""What every benchmark stands on: processes that end with it, a broker, the engine, rules, and a table at the end."""
