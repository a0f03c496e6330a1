import { describe, expect, it } from 'vitest'
import { endOfTemplate, type Kind, tokenize } from './tokenize'

const FLOW = `# Every hour
spec:
  vars: {pageSize: 100, url: "https://x/v1", on: true}   # constants
  nodes:
    api-client:
      component: http-module/client
      settings: {retryDelay: "5s", "quoted key": -1.5e3, empty: null, list: [a, 'it''s', 2]}
      input:
        page: "{{string($.page)}} of {{$.of || '}}'}}"
    transform:
      input:
        users: |
          {{uniqueBy($.items, 'id').map(item => ({
            name: trim(item.first + ' # ' + item.last),
          }))}}

        context: "{{ {a: {b: 1}} }}"
  edges:
    - init -> api-client
    - iterate:batch -> transform
    - from: a:out
      to: b
`

const of = (text: string, kind: Kind) =>
  tokenize(text)
    .flat()
    .filter(token => token.kind === kind)
    .map(token => token.text)

describe('the tokens of a flow file', () => {
  it('are its text, line by line', () => {
    const lines = tokenize(FLOW).map(tokens => tokens.map(({ text }) => text).join(''))
    expect(lines.join('\n')).toBe(FLOW)
  })

  it('tell keys from values', () => {
    expect(of(FLOW, 'key')).toEqual([
      ...['spec', 'vars', 'pageSize', 'url', 'on', 'nodes', 'api-client', 'component', 'settings'],
      ...['retryDelay', '"quoted key"', 'empty', 'list', 'input', 'page', 'transform', 'input', 'users'],
      ...['context', 'edges', 'from', 'to'],
    ])
  })

  it('find numbers and words that are no text', () => {
    expect(of(FLOW, 'scalar')).toEqual(['100', 'true', '-1.5e3', 'null', '2'])
    expect(of('a: 1 of 2\nb: trueish\nc: 5s', 'scalar')).toEqual([])
  })

  it('find comments, but no `#` within texts and expressions', () => {
    expect(of(FLOW, 'comment')).toEqual(['# Every hour', '# constants'])
    expect(of('a: "# no"\nb: x#y', 'comment')).toEqual([])
  })

  it('find expressions with braces and quotes within, and over several lines', () => {
    expect(of(FLOW, 'template')).toEqual([
      '{{string($.page)}}',
      "{{$.of || '}}'}}",
      "{{uniqueBy($.items, 'id').map(item => ({",
      "            name: trim(item.first + ' # ' + item.last),",
      '          }))}}',
      '{{ {a: {b: 1}} }}',
    ])
  })

  it('take an edge chain for one text', () => {
    expect(of('- iterate:batch -> transform', 'text')).toEqual(['iterate:batch -> transform'])
  })

  it('do not hang or lose text where YAML is broken', () => {
    for (const broken of ['a: "open', "b: 'open", 'c: {{$.x', '[}{,:', '- - -', '\t@ `', '|', 'x: >-\n']) {
      const text = tokenize(broken).map(tokens => tokens.map(token => token.text).join(''))
      expect(text.join('\n')).toBe(broken)
    }
  })
})

describe('the end of an expression', () => {
  it('is behind its braces, or that of the text', () => {
    expect(endOfTemplate('{{ {a: 1} }} b', 0)).toBe(12)
    expect(endOfTemplate('{{ "}}" }} b', 0)).toBe(10)
    expect(endOfTemplate('{{ "\\"}}" }}', 0)).toBe(12)
    expect(endOfTemplate('x {{ open', 2)).toBe(9)
  })
})
