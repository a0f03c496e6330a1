"""What functions and methods give for the shapes of their arguments, where their types do not say it.

Each takes what is `Given` and gives a shape; `ANY` leaves it to the types. Position 0 is the first
argument, or the receiver of a method. Arguments have only the kinds that the types accept.
"""
