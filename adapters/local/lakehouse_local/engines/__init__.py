"""Engines: what the AWS services of this machine really do, without AWS's shapes and without HTTP."""
