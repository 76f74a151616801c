"""What a person or a program may ask of Whipbird: the one door for all faces."""
