"""What the scripts start from; they know what `azure-simulator env` prints, and nothing else."""
