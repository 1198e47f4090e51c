"""The classroom: seats with a class code instead of accounts, lessons, the teacher's door, a queue when all is taken.

Pseudonymous throughout: a seat is `class/number`. Names stand in a file of the school alone.
"""
