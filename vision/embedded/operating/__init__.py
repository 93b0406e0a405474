"""How the embedded model works an arm: instructions taken apart, carried out and checked."""
