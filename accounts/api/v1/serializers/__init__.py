"""What v1 takes and gives about accounts and credentials."""
