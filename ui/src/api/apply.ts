import type { QueryClient } from '@tanstack/react-query'
import type { Batch } from './batch'
import { laterLive } from './later'
import { MOST_A_PAGE, mergeFlow, mergeRun, mergeRunPage } from './merge'
import { keys, type RunFilter, type RunPage } from './queries'
import type { FlowDetail, FlowSummary, Live, RunDetail } from './types'

/** Lays a batch over the caches, and says what has to be read anew since events do not tell it. */
export function applyBatch(client: QueryClient, batch: Batch): (readonly unknown[])[] {
  if (batch.isReset) return [[]]
  for (const [flow, live] of batch.progress) client.setQueryData<Live>(keys.live(flow), live)
  client.setQueryData<FlowSummary[]>(
    keys.flows,
    flows => flows && sameOr(flows, flow => mergeFlow(flow, batch)),
  )
  for (const [key, flow] of client.getQueriesData<FlowDetail>({ queryKey: ['flow'] })) {
    if (key.length !== 2 || !flow) continue
    const live = batch.progress.get(flow.name)
    const merged = mergeFlow(flow, batch)
    client.setQueryData(key, live ? { ...merged, live: laterLive(flow.live, live) } : merged)
  }
  for (const [key, page] of client.getQueriesData<RunPage>({ queryKey: keys.runs })) {
    if (page) client.setQueryData(key, mergeRunPage(page, key[1] as RunFilter, batch))
  }
  for (const [key, run] of client.getQueriesData<RunDetail>({ queryKey: ['run'] })) {
    if (run) client.setQueryData(key, mergeRun(run, batch))
  }
  return [...staleAfter(batch), ...longPages(client), ...flowsToRead(client, batch)]
}

/** Maps a list, and gives the list itself where no element changed, so that nobody renders for nothing. */
function sameOr<T>(list: T[], map: (element: T) => T): T[] {
  const mapped = list.map(map)
  return mapped.every((element, index) => element === list[index]) ? list : mapped
}

function staleAfter(batch: Batch): (readonly unknown[])[] {
  const stale: (readonly unknown[])[] = []
  if (batch.changedFlows.size > 0) stale.push(keys.flows)
  for (const flow of batch.changedFlows) stale.push(keys.flow(flow))
  for (const run of batch.runs.values()) if (run.status !== 'running') stale.push(keys.run(run.id))
  if (batch.letters.size > 0) stale.push(keys.letters)
  return stale
}

/** A page drops its oldest runs when it is full, and the following one does not have them. */
function longPages(client: QueryClient): (readonly unknown[])[] {
  const pages = client.getQueriesData<RunPage>({ queryKey: keys.runs })
  return pages.filter(([, page]) => page && page.runs.length >= MOST_A_PAGE).map(([key]) => key)
}

/**
 * Flows of which events do not tell all: a schedule that has fired will fire again, and a run that is not among
 * the latest has begun or ended without being counted.
 */
function flowsToRead(client: QueryClient, batch: Batch): (readonly unknown[])[] {
  const byName = new Map(client.getQueryData<FlowSummary[]>(keys.flows)?.map(flow => [flow.name, flow]))
  const names = [...batch.runs.values()].flatMap(({ id, flow: name, trigger }) => {
    const flow = byName.get(name)
    const isScheduled = flow?.triggers.some(each => each.node === trigger && each.kind === 'schedule')
    const isKnown = flow?.recent.some(run => run.id === id)
    return flow && ((isScheduled && batch.begun.has(id)) || !isKnown) ? [name] : []
  })
  return names.length === 0 ? [] : [keys.flows, ...[...new Set(names)].map(keys.flow)]
}
