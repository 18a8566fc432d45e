"""What the fleet counts about its requests, minute by minute, mergeable: the one thing that a gate reads."""
