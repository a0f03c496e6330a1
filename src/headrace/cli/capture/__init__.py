"""`headrace capture`: what came from outside in one run, as `sample` or `schema` of the nodes that got it.

command     the command
sample      a value -> a short sample of it, or its schema
insertion   samples -> the flow file, in which nothing else changes
"""
