"""Flow files: YAML with places -> tree -> draft -> findings -> model. No I/O but reading the file.

    yaml, plain, scalar, alias           text -> located nodes (`tree`); `parsed` makes them of an object
    syntax, slip                         what is wrong with YAML that does not parse
    field, resource, node, edge          located nodes -> a draft; `override` lays `--set` over them
    deploy                               how it runs on Kubernetes
    elsewhere                            keys that other tools have, and where that belongs here
    check, settings                      values against the models of components
    graph                                which edges are boundaries
    shape                                what messages are like, before there is one
    lint                                 mistakes that parse well
    loader, model, version, report       the flow, its version, its findings as text
    schema                               what editors need to know: a JSON Schema of flow files
    diagram                              a flow as a picture
    writer                               values as YAML

Nothing runs here. The codes of findings, besides those of expressions (HR2xx):

    HR101 tab, HR102 unquoted expression, HR103 given twice, HR104 ambiguous scalar, HR105 escape,
    HR106 unreachable node, HR107 other YAML syntax, HR108 no readable file or document,
    HR109 alias, anchor, tag or key, HR110 unknown key, HR111 component, HR112 node, HR113 port,
    HR114 port left out, HR115 wrong type or value, HR116 something required is missing,
    HR117 message that a port does not understand, HR118 duration, HR119 unknown secret,
    HR122 edge into a trigger, HR123 no trigger, HR124 key without effect, HR125 name,
    HR126 keys or forms that exclude each other, HR127 expression in vars, HR128 unknown var,
    HR129 two databases in a task, HR130 two users in a task, HR131 loop without exit,
    HR132 loop below a batch, HR133 lost errors, HR134 data in SQL text, HR135 first of a batch only,
    HR136 member that is never set, HR137 header with capitals, HR138 expression in a key,
    HR139 one pool with two passwords, HR140 HTTP write below an iterator, HR141 call in a transaction,
    HR142 `done` that does not wait, HR143 value of a wrong kind, HR144 port without what it needs,
    HR145 field that no message has, HR146 bad rows with nowhere to go, HR147 path of two servers,
    HR148 response without a caller, HR150 schema that is none, HR151 text like an expression,
    HR152 look-alike characters, HR153 edge twice, HR154 secret in the file
"""
