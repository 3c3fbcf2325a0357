"""What is kept and told of one row of a file, whichever program runs it."""
