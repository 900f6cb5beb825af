"""Real Debezium beside our capture: its process, a program of transactions, and the comparison of what both say."""
