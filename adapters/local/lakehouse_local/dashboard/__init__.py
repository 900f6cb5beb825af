"""The dashboard: one HTML file that answers the business's questions from gold, and says how each figure came about."""
