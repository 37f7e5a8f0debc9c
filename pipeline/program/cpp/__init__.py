"""C++ as a program of pycparser's nodes: clang's tree, with what C has not put into what C has.

Methods become functions with ``this`` first, references pointers that are followed (constant ones of plain values the
values), instances of templates functions of their own, lambdas functions that are given what they capture. Places stay
those of the user's files. What the vendor's types do is written with their widths (:mod:`.vendor`).
"""
