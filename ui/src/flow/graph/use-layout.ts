import { useEffect, useMemo, useState } from 'react'
import { bestOf, type Choice, type Size, toTry } from './choice'
import { layoutOf } from './elk'
import type { Graph, Layout } from './layout'

interface Made {
  layout: Layout | null
  failure: Error | null
}

/** The best layout for a pane; the one before stays until the next is made. */
export function useLayout(graph: Graph, choice: Choice, pane: Size | null): Made {
  const [layouts, setLayouts] = useState<Layout[]>([])
  const [failure, setFailure] = useState<Error | null>(null)
  const wanted = pane ? toTry(choice, graph.nodes.length, pane).join(' ') : ''
  useEffect(() => {
    if (wanted === '') return
    let isCurrent = true
    const directions = wanted.split(' ') as Layout['direction'][]
    Promise.all(directions.map(direction => layoutOf(graph, direction))).then(
      made => {
        if (!isCurrent) return
        setLayouts(made)
        setFailure(null)
      },
      (error: Error) => isCurrent && setFailure(error),
    )
    return () => {
      isCurrent = false
    }
  }, [graph, wanted])
  const layout = useMemo(() => (pane ? bestOf(layouts, pane) : null), [layouts, pane])
  return { layout, failure }
}
