"""Arrays in, arrays out; each function cites its source and knows no learnware."""
