"""What the scripts of the command line share."""
