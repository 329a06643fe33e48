"""One worker that takes long for each request, and more requests than it can answer: who gets what, who lives on."""
