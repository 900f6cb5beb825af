"""The six months of a business, as the text of COPY files: everything follows from (scale, seed)."""
