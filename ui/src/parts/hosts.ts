import type { Executor, FlowSummary } from '../api/types'
import { groupBy } from './group-by'

/** A machine with the processes on it that execute a flow. */
export interface Host {
  name: string
  processes: string
}

/** Where a flow is that this server does not execute: a problem of one that others could be asked about is that none does. */
export function elsewhereOf({ takesActions, problem }: FlowSummary): string {
  if (!takesActions) return 'not in this process'
  return problem === null ? 'in other processes' : 'in no process now'
}

/** Nobody needs to be told that who shows a flow executes it, and nobody else does. */
export const isWorthTelling = (executors: Executor[]) => executors.some(executor => !executor.isSelf)

/** Who executes a flow, by machine: that of this page first. */
export function byHost(executors: Executor[]): Host[] {
  const hosts = groupBy(executors, executor => executor.host ?? 'this machine')
  return [...hosts]
    .sort(([a, ofA], [b, ofB]) => Number(hasSelf(ofB)) - Number(hasSelf(ofA)) || a.localeCompare(b))
    .map(([name, ofHost]) => ({ name, processes: processesOf(ofHost) }))
}

const hasSelf = (executors: Executor[]) => executors.some(executor => executor.isSelf)

function processesOf(executors: Executor[]): string {
  const known = executors.filter(executor => executor.process > 0).sort((a, b) => a.process - b.process)
  const names = known.map(({ process, isSelf }) => `${process}${isSelf ? ' (this page)' : ''}`)
  if (names.length === 0) return 'another process'
  return `${names.length === 1 ? 'process' : 'processes'} ${names.join(', ')}`
}
