"""Pages of one endpoint: how they are asked for, read, guarded, and fetched ahead."""
