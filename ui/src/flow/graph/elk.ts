/** Layouts, made in a worker: ELK is a second of work for a large flow. */
import ELK from 'elkjs/lib/elk-api'
import workerUrl from 'elkjs/lib/elk-worker.min.js?url'
import { fromElk, type Graph, type Layout, toElk } from './layout'
import type { Direction } from './size'

// It takes a moment to load, so it begins before there is a graph.
const elk = new ELK({ workerUrl, algorithms: ['layered'] })
const known = new WeakMap<Graph, Map<Direction, Promise<Layout>>>()

async function make(graph: Graph, direction: Direction): Promise<Layout> {
  return fromElk(await elk.layout(toElk(graph, direction)), graph, direction)
}

/** The layout of a graph; it is made once. */
export function layoutOf(graph: Graph, direction: Direction): Promise<Layout> {
  const made = known.get(graph) ?? new Map<Direction, Promise<Layout>>()
  known.set(graph, made)
  const layout = made.get(direction) ?? make(graph, direction)
  made.set(direction, layout)
  return layout
}
