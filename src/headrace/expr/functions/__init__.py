"""Functions and globals, one table a subject; `builtins` joins them.

An entry is one `Function` with two examples, which are its tests and its documentation. Here is no
I/O and no clock: `now()` asks the `Environment`, and `uuid()` alone is random.
"""
