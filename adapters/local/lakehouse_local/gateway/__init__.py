"""The endpoint: AWS's wire on one loopback port; what is ours is answered, the rest goes on to the forward target."""
