"""Behaviour suites: short English texts and what an unarguable reader expects of the answers."""
