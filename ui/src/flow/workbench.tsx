import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'
import { FilePane } from './file/file-pane'
import { GraphPane } from './graph/graph-pane'
import { EdgePanel } from './node/edge-panel'
import { NodePanel } from './node/node-panel'
import { type Selecting, useSelection } from './selection'
import type { StillFlow } from './use-flow'
import './workbench.css'

/** A line of the file that somebody asked for; `turn` tells when it is asked for again. */
export interface Shown {
  line: number
  turn: number
}

interface Props {
  flow: StillFlow
  shown: Shown | null
  showLine: (line: number) => void
}

type Tab = 'graph' | 'file'

/** The graph, the file and what is chosen in either, side by side; on a phone one after another. */
export function Workbench({ flow, shown, showLine }: Props) {
  const selecting = useSelection(flow.graph)
  const { selection, select } = selecting
  const bench = useRef<HTMLDivElement>(null)
  const panel = useRef<HTMLElement>(null)
  const choose = useChoosing(selecting, panel)
  const [tab, setTab] = useState<Tab>('graph')
  useEscape(selecting, bench, panel)
  useEffect(() => {
    if (shown) setTab('file')
  }, [shown])
  const node = flow.graph.nodes.find(each => each.name === selection.node)
  const edge = flow.graph.edges.find(each => each.id === selection.edge)
  const hasGraph = flow.graph.nodes.length > 0
  const isOpen = node !== undefined || edge !== undefined
  return (
    <>
      {hasGraph && <Tabs tab={tab} setTab={setTab} />}
      <div ref={bench} className={`bench bench-${hasGraph ? tab : 'file'} ${isOpen ? 'is-open' : ''}`}>
        {hasGraph && <GraphPane graph={flow.graph} choose={choose} {...selecting} />}
        <FilePane {...flow} {...selecting} shown={shown} isSeen={tab === 'file'} />
        {node && (
          <NodePanel
            key={node.name}
            flow={flow.name}
            isKnown={flow.takesActions}
            graph={flow.graph}
            {...{ node, panel, select, showLine }}
          />
        )}
        {edge && <EdgePanel key={edge.id} {...{ edge, panel, select, showLine }} />}
      </div>
    </>
  )
}

const TABS: Tab[] = ['graph', 'file']

/** Shown where there is no room for both. */
function Tabs({ tab, setTab }: { tab: Tab; setTab: (tab: Tab) => void }) {
  return (
    <fieldset className="bench-tabs" aria-label="Show">
      {TABS.map(each => (
        <button key={each} type="button" aria-pressed={each === tab} onClick={() => setTab(each)}>
          {each === 'graph' ? 'Graph' : 'File'}
        </button>
      ))}
    </fieldset>
  )
}

/** Chooses a node. Who did it by keyboard goes on in its panel. */
function useChoosing({ selection, select }: Selecting, panel: RefObject<HTMLElement | null>) {
  const wantsFocus = useRef(false)
  useEffect(() => {
    if (wantsFocus.current && selection.node !== null) panel.current?.focus()
    wantsFocus.current = false
  }, [selection, panel])
  return useCallback(
    (node: string, isByKey: boolean) => {
      wantsFocus.current = isByKey
      select({ node })
    },
    [select],
  )
}

/** Escape leaves a field; else it closes the panel, and the focus goes back to the node in the graph. */
function useEscape(
  { selection, select }: Selecting,
  bench: RefObject<HTMLElement | null>,
  panel: RefObject<HTMLElement | null>,
) {
  useEffect(() => {
    if (selection.node === null && selection.edge === null) return
    const close = (event: KeyboardEvent) => {
      const isElsewhere = document.querySelector('dialog[open]') !== null
      if (event.key !== 'Escape' || event.defaultPrevented || isElsewhere) return
      if (event.target instanceof HTMLTextAreaElement) return panel.current?.focus()
      const card = bench.current?.querySelector<HTMLElement>(
        `[data-node="${CSS.escape(selection.node ?? '')}"]`,
      )
      select({})
      card?.focus({ preventScroll: true })
    }
    document.addEventListener('keydown', close)
    return () => document.removeEventListener('keydown', close)
  }, [selection, select, bench, panel])
}
