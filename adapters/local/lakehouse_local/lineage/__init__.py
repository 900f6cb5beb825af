"""Which column comes from which: from the source to the figures of the dashboard."""
