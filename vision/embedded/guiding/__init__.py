"""How the embedded model guides: a sign and a map's tools, from a question to a way in steps."""
