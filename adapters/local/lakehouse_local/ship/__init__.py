"""Taking the lakehouse to an account of AWS: what it will cost, what is uploaded, what differs there."""
