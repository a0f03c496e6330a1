/** What of the flow is looked at: a node or an edge, kept in the address so that a link shows the same. */
import { useCallback, useEffect, useMemo, useRef } from 'react'
import { useSearchParams } from 'wouter'
import type { Graph } from './graph/layout'

export interface Selection {
  node: string | null
  edge: string | null
}

export interface Selecting {
  selection: Selection
  select: (selection: Partial<Selection>) => void
}

/** Names that the flow does not have (any more) select nothing. */
export function useSelection(graph: Graph): Selecting {
  const [params, setParams] = useSearchParams()
  const node = params.get('node')
  const edge = params.get('edge')
  const selection = useMemo<Selection>(() => {
    if (node !== null && graph.nodes.some(each => each.name === node)) return { node, edge: null }
    return { node: null, edge: edge !== null && graph.edges.some(each => each.id === edge) ? edge : null }
  }, [graph, node, edge])
  const isNothing = useRef(true)
  useEffect(() => {
    isNothing.current = node === null && edge === null
  }, [node, edge])
  const select = useCallback(
    (next: Partial<Selection>) => {
      setParams(
        before => {
          const after = new URLSearchParams(before)
          for (const name of ['node', 'edge'] as const) {
            const value = next[name]
            if (value) after.set(name, value)
            else after.delete(name)
          }
          return after
        },
        // Going back closes what was opened, however many were looked at between.
        { replace: !isNothing.current },
      )
    },
    [setParams],
  )
  return { selection, select }
}
