/**
 * The counts of a flow for those who draw a single node or edge: each is told only when its own counts
 * changed, so that a large graph does not render as a whole twice a second.
 */
import { createContext, useContext, useSyncExternalStore } from 'react'
import type { Live, NodeLive } from '../api/types'

export type EdgeLive = Live['edges'][string]

const NO_NODE: NodeLive = { received: 0, active: 0, failed: 0, rate: 0, itemsDone: 0, itemsTotal: 0 }
const NO_EDGE: EdgeLive = { crossed: 0, rate: 0 }

export class LiveStore {
  private nodes = new Map<string, NodeLive>()
  private edges = new Map<string, EdgeLive>()
  private readonly listeners = new Set<() => void>()

  set(live: Live) {
    this.nodes = keepEqual(this.nodes, live.nodes)
    this.edges = keepEqual(this.edges, live.edges)
    for (const listener of this.listeners) listener()
  }

  readonly node = (name: string): NodeLive => this.nodes.get(name) ?? NO_NODE
  readonly edge = (id: string): EdgeLive => this.edges.get(id) ?? NO_EDGE

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}

type Counts = { [name: string]: number }

function isEqual(left: Counts, right: Counts): boolean {
  return Object.keys(right).every(key => left[key] === right[key])
}

/** The new counts, with the objects of before where their numbers are the same. */
function keepEqual<T extends object>(before: Map<string, T>, after: { [key: string]: T }) {
  return new Map(
    Object.entries(after).map(([key, counts]) => {
      const known = before.get(key)
      return [key, known && isEqual(known as Counts, counts as Counts) ? known : counts]
    }),
  )
}

export const LiveContext = createContext(new LiveStore())

export function useNodeLive(name: string): NodeLive {
  const store = useContext(LiveContext)
  return useSyncExternalStore(store.subscribe, () => store.node(name))
}

export function useEdgeLive(id: string): EdgeLive {
  const store = useContext(LiveContext)
  return useSyncExternalStore(store.subscribe, () => store.edge(id))
}
