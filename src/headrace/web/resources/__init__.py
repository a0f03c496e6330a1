"""What the API sends and takes: each file says how a thing looks, and makes it of what the engine knows."""
