"""Reads of the session store that more than one list, page, command or dialect uses."""
