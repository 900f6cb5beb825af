"""The Spark of one machine: Java, pinned jars, a session, and a class-data archive that makes its start quick."""
