"""Fuzzing: mutated flow files and expressions, whatever comes out must be a value or an error with its place.

`corpus` has the seeds, `mutation` changes them, `target` says what must hold, `python -m fuzz` runs them
(`make fuzz`). What it once found is in `test_fuzz.py`.
"""
