"""Servers that tests talk to over loopback: with a real model, with a script, with faults."""
