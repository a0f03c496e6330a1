import { describe, expect, it } from 'vitest'
import { graphOf } from '../graph/graph.fixture'
import type { Graph } from '../graph/layout'
import { edgeRange, ownerOf, rangeOf } from './owners'

const LINES = [
  'nodes:',
  '  a:',
  '    component: common-module/ticker',
  '  # about b',
  '  b:',
  '    component: common-module/modify',
  '  c:',
  '    component: common-module/modify',
  'edges:',
  '  - a -> b -> c',
  '  - from: c',
  '    to: b',
  '    data:',
  '      x: 1',
  '',
  '# the end',
]

function graph(): Graph {
  const made = graphOf('a>b', 'b>c', 'c>b')
  const places = { a: [2, 3], b: [5, 6], c: [7, 8] } as { [name: string]: [number, number] }
  return {
    nodes: made.nodes.map(node => {
      const [line, endLine] = places[node.name] ?? [0, 0]
      return { ...node, line, endLine }
    }),
    edges: made.edges.map((edge, index) => ({ ...edge, line: index === 2 ? 11 : 10 })),
  }
}

const NOTHING = { node: null, edge: null }

describe('the lines of what is chosen', () => {
  it('are those of the node', () => {
    expect(rangeOf(graph(), LINES, { node: 'b', edge: null })).toEqual({ first: 5, last: 6 })
  })

  it('are all of an edge that goes on over several', () => {
    expect(rangeOf(graph(), LINES, { node: null, edge: 'e2' })).toEqual({ first: 11, last: 14 })
    expect(rangeOf(graph(), LINES, { node: null, edge: 'e0' })).toEqual({ first: 10, last: 10 })
  })

  it('are none where the file is shorter than the graph knows, or nothing is chosen', () => {
    expect(rangeOf(graph(), LINES.slice(0, 4), { node: 'c', edge: null })).toBeNull()
    expect(rangeOf(graph(), LINES.slice(0, 7), { node: 'c', edge: null })).toEqual({ first: 7, last: 7 })
    expect(rangeOf(graph(), LINES, NOTHING)).toBeNull()
  })

  it('end before what is not further in', () => {
    const [edge] = graph().edges
    expect(edge && edgeRange(['- a -> b', '- c -> d'], { ...edge, line: 1 })).toEqual({ first: 1, last: 1 })
  })
})

describe('a line', () => {
  it('belongs to the node around it', () => {
    expect(ownerOf(graph(), LINES, 3, NOTHING)).toEqual({ node: 'a', edge: null })
  })

  it('belongs to the edge that begins in it or above it', () => {
    expect(ownerOf(graph(), LINES, 13, NOTHING)).toEqual({ node: null, edge: 'e2' })
  })

  it('of a chain gives one edge after the other', () => {
    const first = ownerOf(graph(), LINES, 10, NOTHING)
    const second = ownerOf(graph(), LINES, 10, first)
    const third = ownerOf(graph(), LINES, 10, second)
    expect([first, second, third].map(({ edge }) => edge)).toEqual(['e0', 'e1', 'e0'])
  })

  it('of neither chooses nothing', () => {
    for (const line of [1, 4, 9, 16]) expect(ownerOf(graph(), LINES, line, NOTHING)).toEqual(NOTHING)
  })
})
