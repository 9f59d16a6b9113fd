"""The part of an agent's model, played by rules: it reads tools out of a prompt's text, plans calls and writes them."""
