"""The language server: flow files in editors, checked and completed as they are typed.

    line, bracket, cursor      what stands at an offset: its path and its scalar, however broken the file is
    openness, expression       what stands there in an expression, however unfinished
    endpoint, target           ends of edges; what has a name, where it is declared and used
    repair, reading            a text as far as it is understood; what expressions see (shaping)
    grammar                    which keys and values may stand where, by the schema of flow files
    completion, offer, hover, symbol, rename    the answers (suggestion, wording)
    position, document         positions of the protocol; an open file
    convert, protocol, service, handler, server    the protocol

All but the last line's are plain functions of text: they know no protocol. Nothing here runs a flow, reads
another file or connects to anything. The protocol's libraries come with the extra `lsp`, and only the last
line's files import them.
"""
