"""AWS's services as they behave, without HTTP: the gateway calls them, engines do the work."""
