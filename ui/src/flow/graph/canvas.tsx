import {
  type EdgeMouseHandler,
  getViewportForBounds,
  MiniMap,
  ReactFlow,
  type ReactFlowState,
  useReactFlow,
  useStore,
  type Viewport,
} from '@xyflow/react'
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Selecting } from '../selection'
import type { Size } from './choice'
import { cardsOf, markCards, markWires, type WireEdge, wiresOf } from './elements'
import type { Graph, Layout } from './layout'
import { isArrow, neighbourOf } from './neighbour'
import { NodeCard } from './node-card'
import { useGrowing } from './use-growing'
import { WalkContext } from './walk'
import { Wire } from './wire'

const NODE_TYPES = { card: NodeCard }
const EDGE_TYPES = { wire: Wire }
/** A graph that would be smaller than this begins at its start instead, and is moved about. */
const LEAST_FIT = 0.3
const LEAST_ZOOM = 0.08
const MOST_ZOOM = 2
/** Below this zoom, small type cannot be read. */
const FAR = 0.52
const MANY_NODES = 25
/** In a straight line: the usual curve zooms out and in again, and would draw all anew. */
const GLIDE = { duration: 200, interpolate: 'linear' } as const
const STILL = matchMedia('(prefers-reduced-motion: reduce)')
const MAP_SIZE = { width: 140, height: 90 }

const isFarOf = (state: ReactFlowState) => state.transform[2] < FAR

interface Props extends Selecting {
  graph: Graph
  layout: Layout
  pane: Size
  choose: (node: string, isByKey: boolean) => void
}

export function Canvas({ graph, layout, pane, selection, select, choose }: Props) {
  const cards = useMemo(() => cardsOf(graph, layout), [graph, layout])
  const wires = useMemo(() => wiresOf(graph, layout), [graph, layout])
  const nodes = useMemo(() => markCards(cards, selection), [cards, selection])
  const edges = useMemo(() => markWires(wires, selection), [wires, selection])
  const shown = useGrowing(nodes.length + edges.length)
  const shownNodes = useMemo(() => nodes.slice(0, shown), [nodes, shown])
  const shownEdges = useMemo(() => edges.slice(0, Math.max(0, shown - nodes.length)), [nodes, edges, shown])
  const isFar = useStore(isFarOf)
  useFit(layout, pane)
  const walk = useWalk(layout, choose)
  useReveal(layout, pane, selection.node)
  // What React Flow is given must stay the same, else it draws each edge anew.
  const chooseEdge = useCallback<EdgeMouseHandler<WireEdge>>((_, edge) => select({ edge: edge.id }), [select])
  const chooseNothing = useCallback(() => select({}), [select])
  const [begin] = useState(() => viewportOf(layout, pane))
  return (
    <WalkContext value={walk}>
      <ReactFlow
        className={isFar ? 'graph-far' : ''}
        nodes={shownNodes}
        edges={shownEdges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onEdgeClick={chooseEdge}
        onPaneClick={chooseNothing}
        defaultViewport={begin}
        minZoom={LEAST_ZOOM}
        maxZoom={MOST_ZOOM}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        panOnScroll
        zoomOnDoubleClick={false}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        zIndexMode="manual"
      >
        {graph.nodes.length > MANY_NODES && (
          <MiniMap pannable style={MAP_SIZE} ariaLabel="Overview of the graph" />
        )}
      </ReactFlow>
    </WalkContext>
  )
}

function viewportOf(layout: Layout, pane: Size) {
  const bounds = { x: 0, y: 0, width: layout.width, height: layout.height }
  const whole = getViewportForBounds(bounds, pane.width, pane.height, LEAST_ZOOM, 1, '12px')
  if (whole.zoom >= LEAST_FIT) return whole
  const isRight = layout.direction === 'right'
  const zoom = LEAST_FIT
  return {
    zoom,
    x: isRight ? 12 : (pane.width - layout.width * zoom) / 2,
    y: isRight ? (pane.height - layout.height * zoom) / 2 : 12,
  }
}

/** Shows the whole graph when it is another, and when its pane has another size, unless somebody has moved it. */
function useFit(layout: Layout, pane: Size) {
  const flow = useReactFlow()
  const shown = useRef({ layout, pane })
  useEffect(() => {
    const before = shown.current
    shown.current = { layout, pane }
    const isOther = before.layout.width !== layout.width || before.layout.height !== layout.height
    const isAsFitted = isClose(flow.getViewport(), viewportOf(before.layout, before.pane))
    if (isOther || isAsFitted) void flow.setViewport(viewportOf(layout, pane))
  }, [flow, layout, pane])
}

function isClose(left: Viewport, right: Viewport): boolean {
  return (['x', 'y', 'zoom'] as const).every(key => Math.abs(left[key] - right[key]) < 0.01)
}

function useWalk(layout: Layout, choose: Props['choose']) {
  return useMemo(
    () => ({
      choose,
      walk: (node: string, event: KeyboardEvent) => {
        if (!isArrow(event.key)) return
        event.preventDefault()
        const next = neighbourOf(layout.nodes, node, event.key)
        const canvas = event.currentTarget.closest('.react-flow')
        if (next) canvas?.querySelector<HTMLElement>(`[data-node=${CSS.escape(next)}]`)?.focus()
      },
    }),
    [layout, choose],
  )
}

/** Moves the graph so that a node can be seen that was chosen elsewhere, or has the focus. */
function useReveal(layout: Layout, pane: Size, chosen: string | null) {
  const flow = useReactFlow()
  const reveal = useCallback(
    (name: string) => {
      const card = layout.nodes.get(name)
      if (!card) return
      const { x, y, zoom } = flow.getViewport()
      const left = card.x * zoom + x
      const top = card.y * zoom + y
      const isSeen =
        left >= 0 &&
        top >= 0 &&
        left + card.width * zoom <= pane.width &&
        top + card.height * zoom <= pane.height
      if (isSeen) return
      void flow.setCenter(card.x + card.width / 2, card.y + card.height / 2, {
        zoom,
        ...(STILL.matches ? {} : GLIDE),
      })
    },
    [flow, layout, pane],
  )
  useEffect(() => {
    if (chosen !== null) reveal(chosen)
  }, [chosen, reveal])
  useEffect(() => {
    const follow = (event: FocusEvent) => {
      const name = (event.target as HTMLElement).dataset?.node
      if (name !== undefined && (event.target as HTMLElement).matches(':focus-visible')) reveal(name)
    }
    document.addEventListener('focusin', follow)
    return () => document.removeEventListener('focusin', follow)
  }, [reveal])
}
