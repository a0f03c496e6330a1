import type { Graph } from './layout'

/** What the lines mean: those that this graph has. */
export function Legend({ graph }: { graph: Graph }) {
  const errors = new Set(
    graph.nodes.flatMap(node =>
      node.outputs.filter(({ isError }) => isError).map(({ name }) => `${node.name}:${name}`),
    ),
  )
  const has = {
    inner: graph.edges.some(edge => !edge.isBoundary),
    boundary: graph.edges.some(edge => edge.isBoundary),
    loop: graph.edges.some(edge => edge.closesLoop),
    boundaryLoop: graph.edges.some(edge => edge.closesLoop && edge.isBoundary),
    error: graph.edges.some(({ from }) => errors.has(`${from.node}:${from.port}`)),
  }
  return (
    <ul className="legend" aria-label="Legend">
      {has.inner && <Entry kind="">within the task</Entry>}
      {has.boundary && (
        <Entry
          kind="is-boundary"
          title="Each message is kept in the store, committed and tried again by itself"
        >
          a task of its own: durable
        </Entry>
      )}
      {has.loop && <Entry kind={has.boundaryLoop ? 'is-boundary is-loop' : 'is-loop'}>closes a loop</Entry>}
      {has.error && <Entry kind="is-error">errors</Entry>}
      <li>
        <span className="legend-dot" aria-hidden="true" /> active
      </li>
    </ul>
  )
}

function Entry({ kind, title, children }: { kind: string; title?: string; children: string }) {
  const line = 'M1 6H33'
  return (
    <li title={title}>
      <svg width="36" height="12" aria-hidden="true" className={`wire ${kind}`}>
        <path className="wire-line" d={line} />
        {kind.includes('is-boundary') && (
          <>
            <path className="wire-core" d={line} />
            <rect className="wire-task" x="12" y="1.5" width="9" height="9" rx="1.5" />
          </>
        )}
        <path className="wire-tip" d="M36 6L29 9V3Z" />
      </svg>
      {children}
    </li>
  )
}
