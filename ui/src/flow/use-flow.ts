/** A flow without its counts, which come twice a second and would draw all of the page anew; and the counts alone. */
import { useQuery } from '@tanstack/react-query'
import { flowQuery } from '../api/queries'
import type { FlowDetail, Live } from '../api/types'
import type { Graph } from './graph/layout'

/** A file that does not load has no graph, which is one without nodes here. */
export type StillFlow = Omit<FlowDetail, 'live' | 'graph'> & { graph: Graph }

const NO_GRAPH: Graph = { nodes: [], edges: [] }

const withoutLive = ({ live: _, graph, ...flow }: FlowDetail): StillFlow => ({
  ...flow,
  graph: graph ?? NO_GRAPH,
})
const onlyLive = ({ live }: FlowDetail): Live | null => live

export const useStillFlow = (name: string) => useQuery({ ...flowQuery(name), select: withoutLive })

export const useFlowLive = (name: string): Live | null =>
  useQuery({ ...flowQuery(name), select: onlyLive }).data ?? null
