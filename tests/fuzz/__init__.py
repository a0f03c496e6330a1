"""Fuzzing: mutated flow files, expressions and HTTP answers; what comes out must be a value or a proper error.

`corpus` has the seeds, `mutation` changes them, `target` says what must hold (`answer` and `exchange` for HTTP), `python -m fuzz` runs them
(`make fuzz`). What it once found is in `test_fuzz.py`.
"""
