"""How the embedded model leads a team: whom it asks for what, and what it makes of answers."""
