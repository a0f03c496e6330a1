import type { FlowSummary, RunSummary } from '../api/types'

/** What a person should look at, the most urgent first. */
export type Matter =
  | { kind: 'file'; flow: FlowSummary }
  | { kind: 'failed'; flow: FlowSummary; run: RunSummary; count: number }
  | { kind: 'letters'; flows: FlowSummary[] }

export function findMatters(flows: FlowSummary[]): Matter[] {
  const files = flows.filter(
    flow => flow.state === 'invalid' || (flow.problem !== null && flow.state !== 'elsewhere'),
  )
  const withLetters = flows
    .filter(flow => flow.deadLetters > 0)
    .sort((left, right) => right.deadLetters - left.deadLetters)
  return [
    ...files.map((flow): Matter => ({ kind: 'file', flow })),
    ...flows.flatMap(failing),
    ...(withLetters.length > 0 ? [{ kind: 'letters', flows: withLetters } as const] : []),
  ]
}

/** A flow whose last ended run failed, and how many failed in a row. */
function failing(flow: FlowSummary): Matter[] {
  const ended = flow.recent.filter(run => run.status !== 'running')
  const [run] = ended
  if (run?.status !== 'failed') return []
  const good = ended.findIndex(each => each.status !== 'failed')
  return [{ kind: 'failed', flow, run, count: good < 0 ? ended.length : good }]
}
